"""When to ask the wearer to move, and whether it happened."""
