"""The `helm` program, and what it says."""
