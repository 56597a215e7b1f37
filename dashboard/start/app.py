"""The script that the server runs.

It stands in a folder of its own because Streamlit takes a folder `pages` beside the script it runs for pages of
its older kind, and then answers the first visit to /today with an empty page; and because that script's folder
comes first on the path, where a module of ours could hide one of somebody else's.
"""

from dashboard.app import main

main()
