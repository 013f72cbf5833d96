"""What dagship writes in a namespace: the record of releases, the journal, and the lease."""
