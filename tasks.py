"""`invoke TASK` in a checkout: the tasks of the package."""

from dagship.cli.namespace import namespace

__all__ = ["namespace"]
