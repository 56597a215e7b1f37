"""What is soldered: its limits by arithmetic, its wiring as a drawing, and its list of parts."""
