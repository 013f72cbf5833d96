"""The terminal: the one place that prints, the table of what is waited for, and readers who go away."""
