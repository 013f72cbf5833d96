"""The tasks on the chart's release: one call of the delivery, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import IMAGE, Flag, settings, task

if TYPE_CHECKING:
    from dagship.pipeline.project import Project

_WHERE = settings("release", "namespace", "context")


@task(*_WHERE, *settings("values"), IMAGE, *settings("rollout_timeout"))
def install(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Install Airflow with the chart that ships with dagship, or change what its values files change; needs helm."""
    from dagship.chart.present import show_installed
    from dagship.pipeline import delivery

    result = delivery.install(project, image=flags.image)
    show_installed(project.console, result)
    return result.model_dump(mode="json")


@task(
    *_WHERE,
    Flag("delete_data", "Delete its claims and its keys too: the database, the logs, what opens them"),
    Flag("yes", "Do not ask before data is deleted"),
    *settings("rollout_timeout"),
)
def uninstall(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Take a release away, and wait until its pods are gone; claims and keys stay unless --delete-data; needs helm."""
    from dagship.chart.present import show_uninstalled
    from dagship.pipeline import delivery

    result = delivery.uninstall(project, delete_data=flags.delete_data, yes=flags.yes)
    show_uninstalled(project.console, result)
    return result.model_dump(mode="json")
