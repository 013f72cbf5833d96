"""What several programs import: how an index is reached, and what is installed."""
