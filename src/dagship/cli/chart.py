"""The tasks on the chart's release: flags in, one call of the delivery, a summary out. Nothing is decided here."""

from typing import TYPE_CHECKING, Any

from invoke import Context

from dagship.cli.flags import explained, task
from dagship.cli.running import run

if TYPE_CHECKING:
    from dagship.project import Project

_WHERE = ("release", "namespace", "context")


@task(help=explained(*_WHERE, "values", "image", "rollout-timeout", "json"))
def install(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    release: str = "",
    namespace: str = "",
    context: str = "",
    values: str = "",
    image: str = "",
    rollout_timeout: str = "",
    json: bool = False,
) -> None:
    """Install Airflow with the chart that ships with dagship, or change what its values files change; needs helm."""
    flags = {
        "release": release, "namespace": namespace, "context": context, "values": values,
        "rollout_timeout": rollout_timeout,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.chart.present import show_installed

        result = delivery.install(project, image=image)
        show_installed(project.console, result)
        return result.model_dump(mode="json")

    run(json, flags, act)


@task(help=explained(*_WHERE, "delete-data", "yes", "rollout-timeout", "json"))
def uninstall(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    release: str = "",
    namespace: str = "",
    context: str = "",
    delete_data: bool = False,
    yes: bool = False,
    rollout_timeout: str = "",
    json: bool = False,
) -> None:
    """Take a release away, and wait until its pods are gone; claims and keys stay unless --delete-data; needs helm."""
    flags = {"release": release, "namespace": namespace, "context": context, "rollout_timeout": rollout_timeout}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.chart.present import show_uninstalled

        result = delivery.uninstall(project, delete_data=delete_data, yes=yes)
        show_uninstalled(project.console, result)
        return result.model_dump(mode="json")

    run(json, flags, act)
