"""What runs in a namespace: kinds, spec and status of workloads and pods, as Kubernetes says."""
