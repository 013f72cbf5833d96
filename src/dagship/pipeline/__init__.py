"""The order of stages: what a task is about, and which stages it takes, one after another."""
