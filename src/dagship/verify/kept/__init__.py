"""What is kept of a test, and what the next one takes from that."""
