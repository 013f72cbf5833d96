"""Runs the image that is meant as a local Airflow, on the project as it is."""

import secrets
from functools import partial
from typing import TYPE_CHECKING

from dagship import probe, redaction
from dagship.errors import UsageError
from dagship.model.artifacts import LocalAirflow
from dagship.pipeline import build_inputs, which_image
from dagship.pipeline.project import Project

if TYPE_CHECKING:
    from dagship.dev.plan import Sources


def dev(project: Project, *, image: str, port: int | None, keep: bool) -> LocalAirflow:
    """Runs it until Ctrl-C.

    Args:
        project: The project.
        image: The image that is named; empty for the one that `build` left.
        port: Where it answers, None for a free port.
        keep: Whether its database and logs are kept for the next one.

    Raises:
        DagshipError: There is no image, or it does not run; what the project has cannot be read, or is none.

    """
    from dagship.dev import plan, runner
    from dagship.dev.environment import Keys, address
    from dagship.engine import images
    from dagship.verify import envfile

    settings = project.settings
    built = which_image.current(project, image)
    facts = images.inspect(built.id or built.reference)
    if facts is None:
        raise UsageError(f"The image {built.reference} was there and is gone again.", "Run it again.")
    # An image that is none of ours does not say its Airflow, and may have none.
    airflow = built.airflow or probe.probe(project.workspace, project.console, built.reference).airflow
    found = sources(project)
    variables = envfile.read(project.path(settings.env_file)) if settings.env_file else {}
    service = plan.plan(
        found,
        facts,
        airflow=airflow,
        port=port or runner.free_port(),
        keep=keep,
        keys=Keys(session=secrets.token_urlsafe(32), token=secrets.token_urlsafe(64)),
        variables=variables,
    )
    project.console.say(f"Airflow {airflow} of {built.reference}, with the DAGs in {found.dags}; its log:")
    mask = partial(redaction.masked, secrets=redaction.secrets_in(variables))
    runner.run(project.console, service, airflow=airflow, mask=mask)
    return LocalAirflow(image=built.reference, airflow=airflow, address=address(service.port), volume=service.volume)


def sources(project: Project) -> "Sources":
    """Finds what the project has of what an image is made of, by the same settings and with the same refusals.

    Raises:
        UsageError: A build would refuse it too.

    """
    from dagship.dev.plan import Sources
    from dagship.image.tree import beside

    settings = project.settings
    tree = build_inputs.tree(project)
    build_inputs.home(project)  # refuses what is missing, and what lies outside
    dags = project.path(settings.dags).resolve()
    status = dags.stat()
    named = beside.named(project.path(settings.dags), project.root, settings.include)
    places = {name: (project.root / path).resolve() for name, path in named.items()}
    config = project.path(settings.config).resolve() if settings.config else None
    return Sources(
        root=project.root,
        dags=dags,
        owner=status.st_uid,
        mode=status.st_mode,
        link=tree.link,
        closed=tree.closed,
        beside=places,
        modules=frozenset(name for name, place in places.items() if place.is_file()),
        plugins=project.path(settings.plugins).resolve() if settings.plugins else None,
        config=config,
        has_airflow_cfg=config is not None and (config / "airflow.cfg").is_file(),
    )
