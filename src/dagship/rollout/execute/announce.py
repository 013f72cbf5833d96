"""Writes what is announced: the packages that it takes and the announcement itself in one write, or none of it."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from dagship.cluster.failures import Conflict, NotFound
from dagship.errors import OutsideError, Refused
from dagship.model.thin import MOST, Announcement, Packaged
from dagship.record import announced
from dagship.record.announced import Announced
from dagship.record.model import Move, Release
from dagship.rollout.plan import drift
from dagship.rollout.thin import packages, room

if TYPE_CHECKING:
    from dagship.airflow.activity import Activity
    from dagship.cluster.api import Cluster
    from dagship.cluster.calls import Object
    from dagship.rollout.plan.drift import OwnValues

# Conflicts in a row; nobody but dagship writes it.
_TRIES = 5
# Packages that are fetched side by side.
_AT_A_TIME = 8

Fetch = Callable[[str], bytes]
"""Returns the package that a thin image brings, from its registry."""


def no_registry(image: str) -> bytes:
    """Brings no package.

    Raises:
        OutsideError: Always.

    """
    raise OutsideError(f"The package of {image} cannot be had: no registry is at hand.")


class Written(NamedTuple):
    """What was written.

    Attributes:
        version: The DAG version that pods are to serve; empty for the image's own, where nothing was announced before.
        serial: The announcement's; 0 where it is the image's own version.

    """

    version: str
    serial: int


class Needs(NamedTuple):
    """What is to be there besides the announcement.

    Attributes:
        fetch: Brings a package.
        activity: What Airflow says of its runs; None where it could not be asked.
        releases: Those recorded, the newest last.

    """

    fetch: Fetch
    activity: "Activity | None"
    releases: tuple[Release, ...]


def write(cluster: "Cluster", move: Move, own: "OwnValues", needs: Needs, *, dry_run: bool = False) -> Written:
    """Makes the ConfigMap say what its move wants; with `dry_run` the server only says what would become of it.

    Raises:
        Refused: Someone else changed it meanwhile, or there is no room.
        OutsideError: The registry or the API server did not answer, or refused.

    """
    for _ in range(_TRIES):
        raw = look(cluster, move.name)
        to_do = drift.outstanding(move, raw, own)
        bring, drop = _packages(move, raw, needs)
        if not to_do and not bring:
            return _written(move, raw, raw)
        after = move.changes[0].after
        body = announced.written(move.name, raw, after, bring=bring, drop=drop, now=cluster.clock())
        try:
            return _written(move, raw, _send(cluster, move.name, body, new=raw is None, dry_run=dry_run))
        except (Conflict, NotFound):
            continue
    raise OutsideError(
        f"{move.key} was changed by someone else {_TRIES} times in a row.",
        "Something writes it without pause; find it with kubectl get --watch, then run this again.",
    )


def no_room(cluster: "Cluster", move: Move, needs: Needs) -> str:
    """Returns why the packages of a move have no room, in words that follow on "since"; empty where they have.

    Raises:
        OutsideError: The registry or the API server did not answer, or refused.

    """
    try:
        _packages(move, look(cluster, move.name), needs)
    except _NoRoom as none:
        return none.message
    return ""


def asks(cluster: "Cluster", move: Move, needs: Needs) -> bool:
    """Whether it takes Airflow's answer to know which packages have to be there: not all can be had, or have room.

    An announcement touches no task, so nothing else of that answer has any bearing on it. It is had by importing
    Airflow in the scheduler's container, which takes seconds, and a minute where tasks leave little of a processor.

    Args:
        cluster: The namespace.
        move: The move of the ConfigMap.
        needs: What is to be there, with nothing known of runs.

    Raises:
        OutsideError: The registry or the API server did not answer, or refused.

    """
    there, wanted = announced.read(look(cluster, move.name)), announced.of_value(move.changes[0].after)
    if wanted is None:
        return False
    coming, whole = _brought(there, wanted, needs)
    return not whole or there.bytes + sum(len(content) for _, content in coming.values()) > MOST


def sweep(cluster: "Cluster", name: str, held: Collection[str], needs: Needs) -> tuple[str, ...]:
    """Removes the packages that neither what is announced nor an unfinished run needs; returns their versions.

    Args:
        cluster: The namespace.
        name: The ConfigMap.
        held: DAG versions of the image that all pods run now.
        needs: What Airflow says of its runs; where it could not be asked, only what the image holds goes.

    """
    raw = look(cluster, name)
    drop = packages.unneeded(announced.read(raw), held, needs.activity)
    if raw is None or not drop:
        return ()
    body = announced.written(name, raw, announced.said(raw), bring={}, drop=drop, now=cluster.clock())
    _send(cluster, name, body, new=False, dry_run=False)
    return drop


def look(cluster: "Cluster", name: str) -> "Object | None":
    """Returns the ConfigMap; None where it is not there."""
    try:
        return cluster.get("ConfigMap", name)
    except NotFound:
        return None


class _NoRoom(Refused):
    """What is to be announced has no room; the message follows on "since"."""


def _send(cluster: "Cluster", name: str, body: "Object", *, new: bool, dry_run: bool) -> "Object":
    if new:
        return cluster.create("ConfigMap", body, dry_run=dry_run)
    return cluster.patch("ConfigMap", name, body, dry_run=dry_run)


def _written(move: Move, before: "Object | None", raw: "Object | None") -> Written:
    there = announced.read(raw).announcement
    if there is not None:
        return Written(there.version, there.serial)
    # One that was cut off may have announced what the move knows nothing of.
    was = announced.read(before).announcement or announced.of_value(move.changes[0].before)
    return Written(was.base if was else "", 0)


def _packages(
    move: Move, raw: "Object | None", needs: Needs
) -> tuple[dict[str, tuple[Packaged, bytes]], tuple[str, ...]]:
    """Returns the packages to bring, and the versions whose packages go for them."""
    there, wanted = announced.read(raw), announced.of_value(move.changes[0].after)
    bring, _ = _brought(there, wanted, needs)
    if needs.activity is None and wanted is not None:  # nobody can say which of them runs need
        sizes = {version: len(content) for version, (_, content) in bring.items()}
        bring = {version: bring[version] for version in room.fitting(sizes, needed=wanted.version)}
    needed = packages.needed(there, wanted, needs.activity)
    sizes = {version: one.bytes for version, one in there.packages.items()}
    coming = {version: len(content) for version, (_, content) in bring.items()}
    recent = [release.dag_version for release in needs.releases]
    drop = room.going(sizes, coming, needed=needed, recent=recent) if bring else ()
    if drop is None:
        raise _NoRoom(room.refusal(sizes, coming, needed))
    return bring, drop


def _brought(
    there: Announced, wanted: Announcement | None, needs: Needs
) -> tuple[dict[str, tuple[Packaged, bytes]], bool]:
    """Returns the packages that have to come by their versions, and whether those are all of them.

    Raises:
        OutsideError: One that is needed cannot be had.

    """
    missing = packages.missing(there, wanted, needs.activity, needs.releases)
    bring: dict[str, tuple[Packaged, bytes]] = {}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for one, fetched in [(one, pool.submit(needs.fetch, one.image)) for one in missing]:
            try:
                content = fetched.result()
            except OutsideError:
                if needs.activity is not None or one == wanted:
                    raise
                continue  # nobody said that a run needs it
            facts = {name: getattr(one, name) for name in ("tree", "base", "foundation", "image")}
            bring[one.version] = Packaged(bytes=len(content), **facts), content
    return bring, len(bring) == len(missing)
