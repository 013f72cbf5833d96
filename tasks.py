"""`invoke TASK` in a checkout: the tasks of the package."""

from dagship.tasks import namespace

__all__ = ["namespace"]
