"""The stages of a thin image where no engine is: planned by what the registry has, tested in the cluster, put together.

What runs is on the cluster's nodes already: nothing of it is pulled here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dagship.errors import OutsideError, Refused, UsageError
from dagship.model import dag_versions
from dagship.model.artifacts import BaseImage, BuiltBase, BuiltImage, PushedImage
from dagship.model.reference import Reference
from dagship.model.verify_report import VerifyReport
from dagship.pipeline import accepted, build_inputs, own_packages
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.airflow.scheduler_python import Where
    from dagship.cluster.api import Cluster
    from dagship.image.plan import Plan
    from dagship.model.thin import Receiver
    from dagship.registry.compose import Composed
    from dagship.registry.putting import Putting
    from dagship.rollout.running_image import Answer

_ELSE = "Deploy without --test-in-cluster, where an engine is: it builds the whole image."


class Made(NamedTuple):
    """A thin image that is nowhere yet.

    Attributes:
        plan: What it is made of.
        image: What is known of it.
        way: Which way the edit takes and why, a sentence.
        composed: The image; None where the registry has it.
        cluster: The namespace that it is for.
        where: The container in which it is tested.

    """

    plan: "Plan"
    image: BuiltImage
    way: str
    composed: "Composed | None"
    cluster: "Cluster"
    where: "Where"


def build(project: Project) -> Made:
    """Plans the DAGs onto the image that runs, and composes the image.

    Raises:
        Refused: They cannot be put there alone.
        OutsideError: The cluster or the registry does not answer.

    """
    from dagship.airflow import dag_processor
    from dagship.cluster import connection
    from dagship.image import plan as planning
    from dagship.image import present
    from dagship.image.thin import way
    from dagship.image.thin.holder import IN_REGISTRY
    from dagship.workloads import inventory

    settings = project.settings
    if settings.prepare:
        raise UsageError("The commands of prepare run in an image, which takes an engine.", _ELSE)
    answer = build_inputs.running(project)
    tree, home = build_inputs.tree(project), build_inputs.home(project)
    receiver = answer.first().receiver
    if receiver is None or receiver.why_not or not receiver.onto:
        raise _cannot(receiver.why_not if receiver is not None and receiver.why_not else "no cluster says what it runs")
    if Reference.parse(receiver.onto).name != settings.repository:
        raise _cannot(f"{receiver.onto} is in another repository than {settings.repository}")
    cluster = connection.connect(context=settings.context, namespace=settings.namespace)
    where = dag_processor.find(cluster, inventory.take(cluster), receiver.onto)
    base = _base(project, dag_processor.base(cluster, where))
    archives = own_packages.reader(project)
    lock = build_inputs.requirements(project, base, archives)
    own = [archives(one.path) for one in lock.own]
    whole = planning.plan(settings, base, lock, tree, home=home, archives=own)
    said = partial(_needed, answer)
    plan, why_not = way.find(project.workspace, project.console, whole, receiver, needed=said, holder=IN_REGISTRY)
    if plan is None:
        raise _cannot(why_not)
    alone = present.alone(receiver.onto, plan.package)
    project.console.say(f"way: {alone}")
    image, composed = _composed(project, plan, receiver)
    project.workspace.write("image", image)
    return Made(plan, image, alone, composed, cluster, where)


def test(project: Project, made: Made) -> VerifyReport:
    """Imports the DAG files in the dag-processor; what the baseline accepts does not fail it."""
    from dagship.verify import baseline
    from dagship.verify import in_cluster as stage

    project.workspace.forget("report")
    entries = accepted.read(project, needed=True)
    report = stage.verify(
        project.settings, project.workspace, project.console, made.image, made.plan.package,
        cluster=made.cluster, where=made.where,
    )  # fmt: skip
    report = baseline.applied(report, entries, datetime.now(UTC).date())
    project.workspace.write("report", report)
    return report


def push(project: Project, made: Made, report: VerifyReport | None) -> PushedImage:
    """Puts the image that was tested into the registry, which has all of it but a layer."""
    from dagship import push as stage
    from dagship.registry.putting import Putting

    stage.check_tested(made.image, report)
    reference, composed = made.plan.reference, made.composed
    if composed is not None:
        send = partial(Putting(reference).put, reference.tag, composed)
        pushed = stage.put(project.console, made.image, composed.digest, send)
    else:
        pushed = stage.pushed(made.image, made.image.digest, tested=True)
    pushed = stage.with_dags(pushed, report)
    project.workspace.write("push", pushed)
    return pushed


def _cannot(why: str) -> Refused:
    return Refused(f"The DAG version cannot be put onto what runs, since {why}.", _ELSE)


def _base(project: Project, said: str) -> BaseImage:
    """The base of the image that runs, once it is the one that a build would take."""
    from dagship.registry.repository import Repository

    base = BaseImage.model_validate_json(said)
    has = {Reference.parse(base.pinned).digest, base.id}
    name, _ = build_inputs.base_name(project)
    built = project.workspace.read("base", BuiltBase)
    if built is not None and built.reference == name:
        wanted = built.id
    else:
        reference = Reference.parse(name)
        wanted = reference.digest or Repository(reference).digest(reference.tag or "latest")
    if not wanted or wanted not in has:
        raise _cannot(f"its base is {base.pinned}, and a build would take {name}, which is another")
    return base


def _needed(answer: "Answer") -> "tuple[str, ...] | None":
    known = answer.whole()
    return known.pinned if known.complete else None


def _composed(project: Project, plan: "Plan", receiver: "Receiver") -> "tuple[BuiltImage, Composed | None]":
    """Returns the image, with what is to be put into the registry; nothing where that has it already."""
    from dagship.image import existing, revision
    from dagship.image import plan as planning
    from dagship.image.tree import archive
    from dagship.registry import compose
    from dagship.registry.putting import Putting

    registry, onto = Putting(plan.reference), Reference.parse(receiver.onto)
    manifest, config = registry.documents(onto.digest)
    if not manifest.get("layers"):
        raise _cannot(f"{onto} is there for several platforms, which takes a builder")
    described = existing.described(plan, None, (), digest="", seconds={})
    there = registry.facts(plan.reference.tag)
    if there is not None and _is(plan, registry, there.digest, manifest):
        of_it, _ = registry.documents(there.digest)
        known = {"id": str(of_it["config"]["digest"]), "digest": there.digest, "reused": True}
        return described.model_copy(update=known), None
    labels = planning.labels(plan, revision.labels(project.path(project.settings.dags)))
    try:
        composed = compose.compose(
            manifest,
            config,
            archive.version_archive(plan.tree, dag_versions.ROOT, plan.base.directories, package=plan.package),
            environment={"AIRFLOW__CORE__DAGS_FOLDER": dag_versions.dags_folder(plan.tree.version)},
            labels=labels,
            created=labels["org.opencontainers.image.created"],
        )
    except compose.Odd as odd:
        raise OutsideError(str(odd), _ELSE) from odd
    return described.model_copy(update={"id": compose.digest(composed.config)}), composed


def _is(plan: "Plan", registry: "Putting", digest: str, below: Mapping[str, Any]) -> bool:
    """Whether what the registry has under the tag is the image: all that runs, and the DAG version above it."""
    from dagship.image.tree import archive

    manifest, _ = registry.documents(digest)
    if [one["digest"] for one in manifest.get("layers", ())[:-1]] != [one["digest"] for one in below["layers"]]:
        return False
    layer = registry.top_layer(digest, most=archive.MOST) or b""
    return archive.of_layer(layer, dag_versions.ROOT, plan.tree.version, plan.tree.digest) is not None
