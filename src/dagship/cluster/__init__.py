"""The Kubernetes API, and the one place that knows the `kubernetes` library. Objects are JSON as the server sent it."""
