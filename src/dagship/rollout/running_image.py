"""Asks a cluster which image runs, while one is built: from it come the DAG versions that the new one keeps.

It helps and never hinders: without a cluster, or with one that does not answer soon, there is no answer and no error.
"""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagship.model.access import Access
from dagship.model.thin import Receiver

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster

log = logging.getLogger(__name__)

# Airflow takes 3 s to be imported, before it can be asked.
_LIMIT_SECONDS = 10.0
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Incumbent:
    """The images that run, and the DAG versions that runs need.

    Attributes:
        images: Images of the repository that workloads run, the most used first; by digest, as a rollout set them, and
            by the name they were asked for by where a mirror's was put in its place.
        pinned: DAG versions that unfinished runs began on, and the one that a rollback made current.
        complete: Whether Airflow said which.
        receiver: What the Airflow can take without a new pod; None where nobody knows.

    """

    images: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    complete: bool = False
    receiver: Receiver | None = None

    @property
    def takes_versions(self) -> bool:
        """Whether a DAG version can come without a new pod, as far as the cluster says."""
        return self.receiver is not None and bool(self.receiver.onto) and not self.receiver.why_not


class Answer:
    """The answer of a cluster; this one where nobody is asked."""

    def first(self) -> Incumbent:
        """Returns what the namespace says, which answers at once; nothing where it does not in time."""
        return Incumbent()

    def whole(self) -> Incumbent:
        """Returns what Airflow says as well, which takes seconds; less where it does not in time."""
        return Incumbent()


class _Asked(Answer):
    """The answer of a cluster, as it comes.

    Where a DAG version can come without a new pod, Airflow is asked only once somebody wants to know.

    Args:
        ask: Yields what is known first, then all of it; it is made to in a thread of its own.
        limit: Seconds that each of the two may take.

    """

    def __init__(self, ask: Callable[[], Iterator[Incumbent]], limit: float) -> None:
        self._limit, self._began = limit, time.monotonic()
        self._known = Incumbent()
        self._begun, self._wanted, self._ended = threading.Event(), threading.Event(), threading.Event()
        threading.Thread(target=self._take, args=(ask,), daemon=True, name="dagship-incumbent").start()

    def _take(self, ask: Callable[[], Iterator[Incumbent]]) -> None:
        try:
            for self._known in ask():  # what comes first counts, also when the rest does not come
                self._begun.set()
                if self._known.takes_versions:
                    self._wanted.wait()
        except Exception as failed:  # noqa: BLE001 - whatever it is, the image can be built
            log.info("The cluster was not asked what it runs: %s", failed)
        self._begun.set()
        self._ended.set()

    def first(self) -> Incumbent:
        self._begun.wait(max(0.0, self._began + self._limit - time.monotonic()))
        return self._known

    def whole(self) -> Incumbent:
        if self.first().takes_versions and not self._wanted.is_set():
            self._began = time.monotonic()
        self._wanted.set()
        self._ended.wait(max(0.0, self._began + self._limit - time.monotonic()))
        return self._known


def asking(
    repository: str,
    *,
    context: str,
    namespace: str,
    selector: str,
    access: Access | None = None,
    limit: float = _LIMIT_SECONDS,
) -> Answer:
    """Begins to ask, and returns the answer: nothing, where there is none within `limit` seconds.

    Args:
        repository: Repository of the image.
        context: Context of the kubeconfig, empty for the current one.
        namespace: Namespace, empty for the context's own.
        selector: Label selector of the workloads, or empty.
        access: Where Airflow's REST API is; None to ask in the scheduler.
        limit: Seconds from now on.

    """
    paths = (os.environ.get("KUBECONFIG") or "~/.kube/config").split(os.pathsep)
    if not any(path and Path(path).expanduser().exists() for path in paths):
        return Answer()  # most builds end here, and need import nothing for it
    # In this thread, whatever it imports: libraries that import one another in circles cannot be imported by two.
    from dagship.airflow import query as _  # noqa: F401
    from dagship.cluster import connection

    connection.load()

    def ask() -> Iterator[Incumbent]:
        # A program that the kubeconfig names for the login may take its time.
        cluster = connection.connect(context=context, namespace=namespace).patient(_PATIENCE_SECONDS)
        yield from _ask(cluster, repository, selector, access)

    return _Asked(ask, limit)


def _ask(cluster: "Cluster", repository: str, selector: str, access: Access | None) -> Iterator[Incumbent]:
    """Yields what is known first, then all of it: the namespace answers at once, Airflow takes seconds."""
    from dagship.airflow import query
    from dagship.airflow_api.api import Api
    from dagship.rollout.plan import dag_version, known_image, own_releases, planner
    from dagship.rollout.survey import read_namespace
    from dagship.rollout.thin import receiver
    from dagship.workloads import selection, several_airflows

    survey = read_namespace(cluster, selector=selector, only_looks=True)
    releases, journal = own_releases.own(survey), survey.record.journal
    names = (repository, *own_releases.names(releases))
    known = planner.containers(journal.moves if journal else ())
    selected = selection.select(survey.inventory.workloads, repositories=names, known=known)
    used = Counter(container.image for _, containers in selected for container in containers)
    asked_for = [one.image for one in (journal, *reversed(releases)) if one and one.image]
    called = (_called(image, repository, names, asked_for) for image, _ in used.most_common())
    images = tuple(dict.fromkeys(filter(None, called)))
    several = several_airflows.refusal((workload for workload, _ in selected), selector=selector, names=())
    takes = receiver.of(survey, selected, names)
    onto = _called(takes.onto, repository, names, asked_for) if takes.onto else ""
    takes = takes.model_copy(update={"onto": onto, **({"why_not": several.message.rstrip(".")} if several else {})})
    yield Incumbent(images=images, complete=not images, receiver=takes)
    if images and not several:
        meant = {workload.key for workload, _ in selected}
        api, image = Api(access) if access else None, known_image.of(survey, meant)
        activity = query.connect(cluster, survey.inventory, meant, api=api, image=image).activity()
        current = dag_version.announced((workload for workload, _ in selected), activity) if activity.baked else ""
        pinned = dict.fromkeys((*activity.pinned, *([current] if current != activity.current else [])))
        yield Incumbent(images=images, pinned=tuple(pinned), complete=True, receiver=takes)


def _called(image: str, repository: str, names: Iterable[str], asked_for: Iterable[str]) -> str:
    """Returns an image's name here, where a mirror may be out of reach; empty for what is none of the repository's."""
    from dagship.workloads import image_identity, selection

    wanted = selection.repository(repository)
    if selection.repository(image) == wanted:
        return image
    mirrored = [one for one in asked_for if image_identity.is_mirrors(image, one)]
    mirrored.sort(key=lambda one: selection.repository(one) != wanted)  # the repository's own name first
    return next(iter(mirrored), image if selection.repository(image) in map(selection.repository, names) else "")
