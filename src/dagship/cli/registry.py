"""The task on what the registry has: one call of the delivery, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import Flag, setting, settings, task
from dagship.errors import UsageError

if TYPE_CHECKING:
    from dagship.pipeline.project import Project


@task(
    *settings("repository", "namespace", "context", "places"),
    setting("keep_images", flag="keep"),
    Flag("dry_run", "Only list them, as without --delete"),
    Flag("delete", "Delete the images that nothing refers to (default: only list them)"),
    Flag("ignore_runs", "Delete although an Airflow could not be asked which versions its unfinished runs need"),
)
def prune(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """List the images in the registry that nothing refers to any more; delete them only with --delete."""
    from dagship.pipeline import delivery
    from dagship.prune.present import show_result

    if flags.dry_run and flags.delete:
        raise UsageError("--dry-run and --delete are opposites.", "Without either it only lists.")
    report = delivery.prune(project, delete=flags.delete, ignore_runs=flags.ignore_runs)
    show_result(project.console, report)
    return report.model_dump(mode="json")
