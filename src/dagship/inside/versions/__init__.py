"""DAG versions side by side: the bundles that serve them, and the sync that makes one of each commit.

In an image this package is `dagship_versions`; the chart runs it (docs/explanation/git-delivery.md).
"""
