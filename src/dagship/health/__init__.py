"""Whether a workload runs what it is to run, or never will."""
