"""The image of a plan that is there already: in the engine, or in the registry.

The registry is looked at first. What another machine built of the same content has another digest, since nobody
builds an image twice to the same byte: to push one's own would move the tag, and restart whatever runs the other.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from dagship.engine import images
from dagship.errors import OutsideError
from dagship.image import log as buildlog
from dagship.image import plan as planning
from dagship.image import sidebyside
from dagship.image.plan import Plan
from dagship.image.tree import archive
from dagship.model import dag_versions
from dagship.model.artifacts import BuiltImage
from dagship.terminal.console import Console


def find(
    console: Console, plan: Plan, recorded: BuiltImage | None, *, push: bool, meanwhile: Callable[[], object]
) -> BuiltImage | None:
    """Returns the image of a plan if it is there already.

    Args:
        console: Shows what is asked and pulled.
        plan: What would be built.
        recorded: What the last build left: it knows the layers and the digest, if it is the same image.
        push: Whether the registry's will do, because a builder that keeps images to itself pushed it there.
        meanwhile: Called while registry and engine are waited for; not where the last build left the same image, since
            nothing is to be built then.

    Raises:
        OutsideError: The engine does not answer.

    """
    same = recorded is not None and (recorded.reference, recorded.content) == (str(plan.reference), plan.content)
    # Lines may have changed their places since.
    known = recorded.model_copy(update={"moved": plan.lock.moved}) if recorded is not None and same else None
    with ThreadPoolExecutor(2) as others:
        asked, looked = others.submit(_in_registry, console, plan), others.submit(images.inspect, str(plan.reference))
        if not same:
            meanwhile()
        digest, facts = asked.result(), looked.result()
    if facts is not None and facts.labels.get(images.LABEL_CONTENT) != plan.content:
        facts = None
    if digest and facts is None and push and known is not None and known.digest == digest:
        return known.model_copy(update={"reused": True})
    if digest and (facts is None or _pinned(plan, digest) not in facts.digests):
        taken = _taken(console, plan, digest)
        facts, digest = (taken, digest) if taken is not None else (facts, "")
    if facts is None:
        return None
    if known is not None and known.id == facts.id:
        return known.model_copy(update={"reused": True, "digest": digest or known.digest})
    built = described(plan, facts, images.history(str(plan.reference)), digest=digest, seconds={})
    return built.model_copy(update={"reused": True})


def described(
    plan: Plan,
    facts: images.ImageFacts | None,
    history: tuple[tuple[str, int], ...],
    *,
    digest: str,
    seconds: dict[str, float],
) -> BuiltImage:
    """Returns what is known of an image of this plan.

    Args:
        plan: What it was built from.
        facts: What the engine says of it; None when it does not have it.
        history: Instruction and bytes of each step, newest first.
        digest: The registry's digest, empty where it is not there.
        seconds: Seconds by build stage.

    """
    layers = () if facts is None else buildlog.layers(history, plan.recipe)
    return BuiltImage(
        reference=str(plan.reference),
        id=facts.id if facts else "",
        digest=digest,
        content=plan.content,
        dag_version=plan.tree.version,
        dag_versions=tuple(map(dag_versions.version_id, planning.digests_of(plan))),
        dag_digests=planning.digests_of(plan),
        dag_changes=sidebyside.changes(plan.tree, plan.earlier),
        airflow=plan.base.airflow,
        base=plan.base.pinned,
        moved=plan.lock.moved,
        platforms=plan.platforms,
        size=sum(layer.bytes for layer in layers),
        layers=layers,
        seconds=seconds,
        reused=False,
        thin=plan.thin,
    )


def _in_registry(console: Console, plan: Plan) -> str:
    """The digest under which a registry has the content; empty where none does, or it cannot be asked.

    A name without a registry's host is asked for nowhere: most such images never leave the engine.
    """
    if not plan.reference.registry:
        return ""
    with suppress(OutsideError), console.step(f"Asking the registry for {plan.reference}"):
        there = images.in_registry(str(plan.reference))
        if there.labels.get(images.LABEL_CONTENT) == plan.content:
            return there.digest
    return ""


def _taken(console: Console, plan: Plan, digest: str) -> images.ImageFacts | None:
    """Pulls what the registry has; None where that cannot be had, or does not hold what its labels say."""
    pinned = _pinned(plan, digest)
    try:
        with console.step(f"Pulling {pinned}"):
            images.pull(pinned, others=plan.platforms)
        facts = images.inspect(pinned)
        if facts is None or not _holds(plan, facts):
            console.warn(
                f"The registry has an image under {plan.reference} whose labels say that it is of this content, and it "
                "is not. It is built anew; see who may push there."
            )
            return None
        images.tag(pinned, str(plan.reference))
    except OutsideError as failed:
        console.warn(f"{failed.message} It is built anew, and its digest will be another.")
        return None
    return facts


def is_on_base(plan: Plan, facts: images.ImageFacts) -> bool:
    """Whether an image is built on the base of its platform; only the registry knows the base of another platform.

    Raises:
        OutsideError: The registry cannot be asked.

    """
    base = plan.base.layers
    if facts.platform != plan.base.platform:
        base = images.in_registry(plan.base.pinned).layers.get(facts.platform, ())
    return bool(base) and facts.layers[: len(base)] == base


def _holds(plan: Plan, facts: images.ImageFacts) -> bool:
    """Whether an image is built on the base and has the DAGs: what can be compared without building it."""
    from dagship.engine import created

    if not is_on_base(plan, facts):
        return False
    for tree in (plan.tree, *plan.earlier):
        data = created.directory(
            facts.id, f"{dag_versions.ROOT}/{tree.version}", platform=facts.platform, limit=archive.MOST
        )
        if data is None or archive.unpack(data, tree.version, tree.digest) is None:
            return False
    return True


def _pinned(plan: Plan, digest: str) -> str:
    return str(plan.reference.pinned(digest))
