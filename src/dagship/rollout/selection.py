"""Which containers belong to the Airflow that moves: told by the image's repository, or by workload names. Pure."""

from collections.abc import Iterable, Mapping

from dagship.errors import UsageError
from dagship.reference import Reference
from dagship.rollout.workloads import Container, Workload

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
    ours = frozenset(map(repository, repositories)) - {""}
    selected = []
    for workload in workloads:
        also = (known or {}).get(workload.key, frozenset())
        if wanted and workload.key not in wanted and not also:
            continue
        found = [
            container
            for container in workload.containers
            if repository(container.image) in ours or (container.name, container.init) in also
        ]
        if not found and workload.key in wanted:
            main = repository(workload.containers[0].image)
            found = [container for container in workload.containers if main and repository(container.image) == main]
        if found:
            selected.append((workload, tuple(found)))
    return tuple(selected)


def nothing_found(workloads: Iterable[Workload], image_repository: str, namespace: str) -> UsageError:
    """Says that nothing runs the image, and what runs instead."""
    running: dict[str, list[str]] = {}
    for workload in workloads:
        for container in workload.containers:
            name = Reference.parse(container.image).name if repository(container.image) else repr(container.image)
            running.setdefault(name, []).append(workload.key)
    if not running:
        return UsageError(
            f"The namespace {namespace} has no StatefulSet, Deployment or CronJob to move.",
            "Name the right one with --namespace, or the right cluster with --context.",
        )
    shown = "\n".join(
        f"  {image}  ({', '.join(sorted(set(users))[:4])}{', …' if len(set(users)) > 4 else ''})"  # noqa: PLR2004
        for image, users in sorted(running.items())
    )
    return UsageError(
        f"Nothing in the namespace {namespace} runs {image_repository} yet.",
        "For the first time, say which image it takes the place of: --from-image REPOSITORY, or name --workloads.",
        f"What runs there:\n{shown}",
    )
