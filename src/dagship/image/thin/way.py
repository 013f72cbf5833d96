"""Finds the way that an edit takes: the new DAG version alone onto the image that runs, or an image built whole."""

from collections.abc import Callable, Collection, Iterator, Sequence

from dagship.errors import OutsideError
from dagship.image import earlier, kept
from dagship.image.earlier import Source
from dagship.image.plan import Plan
from dagship.image.thin import legal, package
from dagship.image.thin.holder import Holder
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
    *,
    needed: Callable[[], Collection[str] | None],
    holder: Holder,
) -> tuple[Plan | None, str]:
    """Returns the plan of a thin image; where that cannot be, nothing and the reason, in words that follow on "since".

    Args:
        workspace: Where trees are kept.
        console: Shows what is fetched.
        plan: The plan of the whole image.
        receiver: What runs, and can take a DAG version.
        needed: Gives the DAG versions that unfinished runs began on, None where nobody can say. It may take seconds,
            and is asked where room is short.
        holder: What has the image that runs.

    Raises:
        Refused: What runs has other DAGs under the id of these.

    """
    if why := legal.of_cluster(plan, receiver):
        return None, why
    try:
        labels = holder.labels(receiver.onto)
        if why := legal.of_image(plan, receiver, labels):
            return None, why
        digests = dag_versions.digests_of(labels)
        base = _current(workspace, console, plan, digests, receiver=receiver, holder=holder)
        packed = package.pack(plan.tree, base, plan.foundation)
    except OutsideError as failed:
        return None, f"the image that runs cannot be had here: {_clause(failed.message)}"
    except package.Unfit as unfit:
        return None, _clause(str(unfit))
    if not legal.takes_all(packed, plan.tree.version, receiver) and (
        why := legal.of_room(packed, plan.tree.version, receiver, needed())
    ):
        return None, why
    return onto(plan, receiver.onto, digests, base, packed), ""


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _current(
    workspace: Workspace, console: Console, plan: Plan, digests: Sequence[str], *, receiver: Receiver, holder: Holder
) -> Tree:
    """Returns the DAG version that is current in the image that runs, which is kept here as the new one is."""
    here = workspace.cache("versions")
    for source in _holders(receiver, digests):
        earlier.check_id(here, console, plan.tree, source)
    kept.keep(here, plan.tree)
    found = kept.find(here, dag_versions.version_id(digests[0]), digests[0])
    found = found or holder.current(console, receiver.onto, digests[0])
    if found is None:
        raise package.Unfit("The current DAG version in the image that runs is not what its name says.")
    kept.keep(here, found)
    return found


def _holders(receiver: Receiver, digests: Sequence[str]) -> Iterator[Source]:
    """What has DAG versions that runs may be pinned to: the image, and the packages."""
    yield Source(reference=receiver.onto, versions={dag_versions.version_id(digest): digest for digest in digests})
    for version, packaged in receiver.packages.items():
        yield Source(reference=packaged.image, versions={version: packaged.tree})
