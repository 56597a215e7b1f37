"""What one bout of walking says, from one sensor on the lower back: contacts first, then what they measure."""
