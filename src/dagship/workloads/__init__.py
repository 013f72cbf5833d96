"""Kinds, spec and status of workloads and pods, as Kubernetes has them."""
