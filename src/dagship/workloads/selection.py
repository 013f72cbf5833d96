"""Selects the containers of the Airflow that moves: by the image's repository, or by workload names. Pure.

In a repository that holds other programs as well, `airflow_components` tells Airflow's from theirs.
"""

from collections.abc import Iterable, Mapping

from dagship.errors import UsageError
from dagship.model.reference import Reference
from dagship.workloads import kinds
from dagship.workloads.airflow_components import airflows, is_another
from dagship.workloads.spec import Container, Workload

Selected = tuple[tuple[Workload, tuple[Container, ...]], ...]


def repository(image: str) -> str:
    """Returns the repository of an image in the one form that two spellings of it share; empty for what is none.

    Docker's familiar names: `airflow`, `library/airflow`, `docker.io/library/airflow` and `index.docker.io/…` are one.
    """
    try:
        parsed = Reference.parse(image)
    except UsageError:
        return ""
    name = parsed.name if parsed.registry else f"docker.io/{parsed.name}"
    name = name.replace("index.docker.io/", "docker.io/", 1) if name.startswith("index.docker.io/") else name
    domain, _, path = name.partition("/")
    return f"{domain}/library/{path}" if domain == "docker.io" and "/" not in path else name


def select(
    workloads: Iterable[Workload],
    *,
    repositories: Iterable[str],
    names: Iterable[str] = (),
    known: Mapping[str, frozenset[tuple[str, bool]]] | None = None,
) -> Selected:
    """Picks the containers that run Airflow's image.

    Args:
        workloads: Those of the namespace, or those that a label selector left.
        repositories: Repositories of the image, of today and of tomorrow.
        names: `kind/name` each; then no other workload moves. In one where no container runs a known repository, the
            first container's image is taken for Airflow's (Kubernetes' own rule for the container people mean).
        known: Containers (name, whether init) by workload that move in any case: those of an unfinished rollout.

    Raises:
        UsageError: A name is not there.

    """
    workloads = tuple(workloads)
    wanted = frozenset(names)
    missing = sorted(wanted - {workload.key for workload in workloads})
    if missing:
        raise UsageError(
            f"There is no {missing[0]} here.",
            "There are: " + (", ".join(sorted(workload.key for workload in workloads)) or "no workloads") + ".",
        )
    known = known or {}
    by_image = tuple(one for one in _of(workloads, repositories) if not wanted or one[0].key in wanted)
    ours = {workload.key: containers for workload, containers in airflows(by_image)}
    for workload in workloads:
        if workload.key in wanted and workload.key not in ours:
            ours[workload.key] = _named(workload, by_image)

    def moves(workload: Workload, container: Container) -> bool:
        is_known = (container.name, container.init) in known.get(workload.key, ())
        return container in ours.get(workload.key, ()) or (is_known and not is_another(workload, container))

    selected = ((one, tuple(each for each in one.containers if moves(one, each))) for one in workloads)
    return tuple((workload, containers) for workload, containers in selected if containers)


def others(
    workloads: Iterable[Workload], repositories: Iterable[str], moves: Mapping[str, frozenset[tuple[str, bool]]]
) -> tuple[str, ...]:
    """Names what runs the repositories, is not Airflow's and does not move: PgBouncer of Airflow's chart, for one."""
    found = _of(workloads, repositories)
    ours = {workload.key: containers for workload, containers in airflows(found)}
    return tuple(
        f"{workload.key} runs {container.image} in its container {container.name}, which by its command, its labels "
        "and its image is none of Airflow's: it is left alone"
        for workload, containers in found
        for container in containers
        if container not in ours.get(workload.key, ())
        and (container.name, container.init) not in moves.get(workload.key, ())
    )


def _of(workloads: Iterable[Workload], repositories: Iterable[str]) -> Selected:
    """The containers that run an image of the repositories."""
    ours = frozenset(map(repository, repositories)) - {""}
    found = ((one, tuple(each for each in one.containers if repository(each.image) in ours)) for one in workloads)
    return tuple((workload, containers) for workload, containers in found if containers)


def _named(workload: Workload, by_image: Selected) -> tuple[Container, ...]:
    """The containers of a workload that people name though nothing says that it is Airflow's.

    That is what runs the repository, or else what runs the repository of its first container.
    """
    main = repository(workload.containers[0].image)
    found = [own for one, own in (*by_image, *_of([workload], [main])) if one.key == workload.key]
    return found[0] if found else ()


def nothing_found(
    workloads: Iterable[Workload], image_repository: str, namespace: str, *, selector: str = "", back: bool = False
) -> UsageError:
    """Says that nothing runs the image, and what runs instead; to who goes back not that it is the first time."""
    running: dict[str, list[str]] = {}
    for workload in workloads:
        for container in workload.containers:
            name = Reference.parse(container.image).name if repository(container.image) else repr(container.image)
            running.setdefault(name, []).append(workload.key)
    if not running and selector:
        return UsageError(
            f"The namespace {namespace} has no {kinds.named()} to move that matches {selector}.",
            "It looks at the labels of workloads, not of pods: kubectl get deployments,statefulsets --show-labels.",
        )
    if not running:
        return UsageError(
            f"The namespace {namespace} has no {kinds.named()} to move.",
            "Name the right one with --namespace, or the right cluster with --context.",
        )
    shown = "\n".join(
        f"  {image}  ({', '.join(sorted(set(users))[:4])}{', …' if len(set(users)) > 4 else ''})"  # noqa: PLR2004
        for image, users in sorted(running.items())
    )
    when, hint = (
        ("any more", "Name what is to go back with --workloads, or what it runs now with the setting from_image.")
        if back
        else (
            "yet",
            "For the first time, say which image it takes the place of: --from-image REPOSITORY, or name --workloads.",
        )
    )
    said = f"Nothing in the namespace {namespace} runs {image_repository} {when}."
    return UsageError(said, hint, f"What runs there:\n{shown}")
