"""What a running Airflow can take without a new pod, as its namespace says. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dagship.errors import UsageError
from dagship.model.thin import NAME, Packaged, Receiver
from dagship.record import announced
from dagship.record.model import Change, Move, Release
from dagship.rollout.plan import dag_version, kubernetes_executor, pod_template_file
from dagship.rollout.preflight import dag_source
from dagship.rollout.thin import mount
from dagship.workloads import image_identity
from dagship.workloads.kinds import Role
from dagship.workloads.objects import Raw
from dagship.workloads.selection import Selected
from dagship.workloads.spec import Container, Workload, main, template

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey

_RUN_TASKS_THEMSELVES = ("LocalExecutor", "SequentialExecutor")
_NAMESPACE = "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE"


class _Reader(NamedTuple):
    """A container that reads DAG files."""

    key: str
    role: Role
    image: str
    pod_spec: Raw
    container: Raw


def of(survey: "Survey", selected: Selected, repositories: Iterable[str]) -> Receiver:
    """Returns what an Airflow can take.

    Args:
        survey: What its namespace holds.
        selected: Its workloads, and of each the containers that run the image.
        repositories: Those of the image.

    """
    readers = tuple(_readers(survey, selected, repositories))
    images = tuple(dict.fromkeys(reader.image for reader in readers))
    mounted = [(reader, *mount.config_map(reader.pod_spec, reader.container)) for reader in readers]
    names = tuple(dict.fromkeys(name for _, name, _ in mounted if name))
    name = next((name for reader, name, _ in mounted if name and reader.role == "dag-processor"), NAME)
    found = Receiver(onto=images[0] if len({*map(image_identity.digest, images)} - {""}) == 1 else "", config_map=name)
    try:
        there = announced.read(survey.inventory.config_maps.get(name))
    except UsageError as unread:
        return found.model_copy(update={"why_not": unread.message.rstrip(".")})
    packages = _newest_first(there.packages, survey.record.releases)
    found = found.model_copy(update={"announcement": there.announcement, "packages": packages})
    why_not = (
        _of_survey(survey, selected)
        or next((f"{reader.key} {why}" for reader, _, why in mounted if why), "")
        or _of_names(names)
        or _of_images(images, readers)
    )
    return found.model_copy(update={"why_not": why_not})


def _newest_first(packages: Mapping[str, Packaged], releases: Sequence[Release]) -> dict[str, Packaged]:
    """Those that were released last come first; what no release tells of comes last."""
    last = {release.dag_version: release.number for release in releases}
    return dict(sorted(packages.items(), key=lambda one: -last.get(one[0], -1)))


def _of_survey(survey: "Survey", selected: Selected) -> str:
    workloads = tuple(workload for workload, _ in selected)
    last = survey.record.releases[-1].airflow if survey.record.releases else ""
    if survey.unread:
        return "dagship's record there cannot be read"
    if last.startswith("2."):
        return f"Airflow {last} pins no run to a DAG version; Airflow 3 does"
    if survey.record.journal is not None and not dag_version.is_announcing(survey.record.journal.moves):
        return "a rollout is unfinished there"
    return _of_source(survey, selected) or _of_processors(workloads) or _of_executor(survey, workloads)


def _of_source(survey: "Survey", selected: Selected) -> str:
    """Why its DAGs come from elsewhere than its image; what announces a version is the image's bundle."""
    moves = [
        Move(
            kind=workload.kind,
            name=workload.name,
            role=workload.role,
            changes=tuple(Change(field="image", container=one.name) for one in containers if not one.init),
        )
        for workload, containers in selected
    ]
    if mode := dag_source.by_design(moves, survey.inventory.objects):
        return f"its DAGs do not come from the image (dags.mode: {mode})"
    for one in dag_source.settings(moves, survey.inventory.objects, dag_source.BUNDLES):
        value = one.source.value
        if value is not None and not dag_source.is_images(dag_source.BUNDLES, value, ""):
            return f"{one.workload} has other DAG bundles than the image's from {one.source.where}"
    return ""


def _of_processors(workloads: Iterable[Workload]) -> str:
    processors = [workload for workload in workloads if workload.role == "dag-processor"]
    if not processors:
        return "no dag-processor runs the image there"
    pointed = next((one for one in processors if one.main.env.get(dag_version.POINTER)), None)
    return f"{pointed.key} has {dag_version.POINTER} set, as an earlier rollback left it" if pointed else ""


def _of_executor(survey: "Survey", workloads: Iterable[Workload]) -> str:
    config_maps = survey.inventory.config_maps
    for workload in workloads:
        if not kubernetes_executor.is_used(workload, config_maps):
            continue
        if not any(kubernetes_executor.pods(workload.config_maps, config_maps)):
            return "what the KubernetesExecutor makes its pods of is in no ConfigMap that its scheduler mounts"
        own = survey.inventory.objects[workload.kind, workload.name]["metadata"].get("namespace", "")
        elsewhere = workload.main.env.get(_NAMESPACE) or own
        if elsewhere != own:
            return f"the KubernetesExecutor has its pods in another namespace, {elsewhere}"
    return ""


def _of_names(names: tuple[str, ...]) -> str:
    return f"its components mount different ConfigMaps: {', '.join(names)}" if len(names) > 1 else ""


def _of_images(images: tuple[str, ...], readers: Iterable[_Reader]) -> str:
    unpinned = next((reader for reader in readers if not image_identity.digest(reader.image)), None)
    if unpinned:
        return f"{unpinned.key} has its image by a tag, and not by digest as a rollout sets it"
    if len({image_identity.digest(image) for image in images}) > 1:
        return "its components run different images"
    return ""


def _readers(survey: "Survey", selected: Selected, repositories: Iterable[str]) -> Iterator[_Reader]:
    """Yields the containers that read DAG files: workers, the dag-processor, and what runs tasks in its own pod."""
    config_maps = survey.inventory.config_maps
    templates = kubernetes_executor.templates(selected, config_maps, repositories, "")
    has_workers = bool(templates) or any(workload.role == "worker" for workload, _ in selected)
    override = ""
    for workload, containers in selected:
        executor = kubernetes_executor.executor(workload, config_maps)
        runs_tasks = any(name in executor for name in _RUN_TASKS_THEMSELVES) or (not executor and not has_workers)
        override = override or next(iter(sorted(kubernetes_executor.images(containers))), "")
        if workload.role in ("worker", "dag-processor") or (workload.role == "scheduler" and runs_tasks):
            spec = template(workload.kind, survey.inventory.objects[workload.kind, workload.name])["spec"]
            for one in _main(workload, containers):
                raw = next(each for each in spec["containers"] if each["name"] == one.name)
                yield _Reader(workload.key, workload.role, one.image, spec, raw)
    for move in templates:
        for key in dict.fromkeys(change.name for change in move.changes):
            text = config_maps[move.name]["data"][key]
            named = {change.container for change in move.changes if change.name == key and not change.init}
            for raw in pod_template_file.containers(text):
                if raw["name"] in named:
                    image = override or str(raw.get("image", ""))
                    yield _Reader(move.key, move.role, image, pod_template_file.pod_spec(text), raw)


def _main(workload: Workload, containers: tuple[Container, ...]) -> tuple[Container, ...]:
    """The containers of a workload that are what it is for; a log groomer beside them reads no DAGs."""
    started = tuple(one for one in containers if not one.init and workload.role in one.commands)
    first = main(containers, workload.role)
    return started or ((first,) if first else ())
