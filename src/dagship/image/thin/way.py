"""Finds the way that an edit takes: the new DAG version alone onto the image that runs, or an image built whole."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from dagship.errors import OutsideError
from dagship.image import earlier, kept
from dagship.image.earlier import Source
from dagship.image.plan import Plan
from dagship.image.thin import legal, package
from dagship.image.thin.onto import onto
from dagship.image.tree.model import Tree
from dagship.model import dag_versions
from dagship.model.thin import Receiver
from dagship.terminal.console import Console
from dagship.workspace import Workspace


def find(
    workspace: Workspace,
    console: Console,
    plan: Plan,
    receiver: Receiver,
    needed: Callable[[], Collection[str] | None],
) -> tuple[Plan | None, str]:
    """Returns the plan of a thin image; where that cannot be, nothing and the reason, in words that follow on "since".

    Args:
        workspace: Where trees are kept.
        console: Shows what is fetched.
        plan: The plan of the whole image.
        receiver: What runs, and can take a DAG version.
        needed: Gives the DAG versions that unfinished runs began on, None where nobody can say. It may take seconds,
            and is asked where room is short.

    Raises:
        Refused: What runs has other DAGs under the id of these.

    """
    if why := legal.of_cluster(plan, receiver):
        return None, why
    try:
        labels = earlier.labels_of(receiver.onto)
        if why := legal.of_image(plan, receiver, labels):
            return None, why
        made = _made(workspace, console, plan, receiver, dag_versions.digests_of(labels))
    except OutsideError as failed:
        return None, f"the image that runs cannot be had here: {_clause(failed.message)}"
    except package.Unfit as unfit:
        return None, _clause(str(unfit))
    if not legal.takes_all(made.package, plan.tree.version, receiver) and (
        why := legal.of_room(made.package, plan.tree.version, receiver, needed())
    ):
        return None, why
    return made, ""


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _made(workspace: Workspace, console: Console, plan: Plan, receiver: Receiver, digests: Sequence[str]) -> Plan:
    here = workspace.cache("versions")
    for source in _holders(receiver, digests):
        earlier.check_id(here, console, plan.tree, source)
    base = _current(here, console, receiver.onto, digests[0])
    if base is None:
        raise package.Unfit("The current DAG version in the image that runs is not what its name says.")
    kept.keep(here, plan.tree)
    return onto(plan, receiver.onto, digests, base, package.pack(plan.tree, base, plan.foundation))


def _holders(receiver: Receiver, digests: Sequence[str]) -> Iterator[Source]:
    """What has DAG versions that runs may be pinned to: the image, and the packages."""
    yield Source(reference=receiver.onto, versions={dag_versions.version_id(digest): digest for digest in digests})
    for version, packaged in receiver.packages.items():
        yield Source(reference=packaged.image, versions={version: packaged.tree})


def _current(here: Path, console: Console, image: str, digest: str) -> Tree | None:
    version = dag_versions.version_id(digest)
    found = kept.find(here, version, digest)
    if found is None and (found := kept.out_of(console, image, version, digest, "")) is not None:
        kept.keep(here, found)
    return found
