"""The images that a workload is expected to run, as the watcher waits for them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagship.workloads.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A workload, and the images that it is to run.

    Attributes:
        kind: Its kind, one of those that are watched.
        name: Its name.
        images: Container to image, initContainers among them.
        tasks_run_here: Whether Airflow sends tasks to its pods.

    """

    kind: Kind
    name: str
    images: Mapping[str, str] = field(default_factory=dict)
    tasks_run_here: bool = False

    @property
    def key(self) -> str:
        """How people and `--workloads` call it: `statefulset/worker`."""
        return f"{self.kind.lower()}/{self.name}"
