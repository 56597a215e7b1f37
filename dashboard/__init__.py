"""The store becomes pictures. The only part that knows Streamlit."""
