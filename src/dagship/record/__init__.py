"""Writes in a namespace: the record of releases, the journal, and the Lease that locks it."""
