"""One detector a module: it remembers, and turns postures into events."""
