"""What would move, in which order, by which patch. Pure."""
