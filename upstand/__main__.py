"""`python -m upstand` is the same as `upstand`; the supervisor starts its parts this way."""

from upstand.cli import main

main()
