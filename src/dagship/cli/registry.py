"""The task on what the registry has: flags in, one call of the delivery, a summary out. Nothing is decided here."""

from typing import TYPE_CHECKING, Any

from invoke import Context

from dagship.cli.flags import explained, task
from dagship.cli.running import run
from dagship.errors import UsageError

if TYPE_CHECKING:
    from dagship.project import Project


@task(
    help=explained("repository", "namespace", "context", "places", "keep", "delete", "ignore-runs", "json")
    | {"dry-run": "Only list them, as without --delete"},
)
def prune(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    repository: str = "",
    namespace: str = "",
    context: str = "",
    places: str = "",
    keep: str = "",
    dry_run: bool = False,
    delete: bool = False,
    ignore_runs: bool = False,
    json: bool = False,
) -> None:
    """List the images in the registry that nothing refers to any more; delete them only with --delete."""
    flags = {
        "repository": repository, "namespace": namespace, "context": context, "places": places, "keep_images": keep,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import delivery
        from dagship.prune.present import show_result

        if dry_run and delete:
            raise UsageError("--dry-run and --delete are opposites.", "Without either it only lists.")
        report = delivery.prune(project, delete=delete, ignore_runs=ignore_runs)
        show_result(project.console, report)
        return report.model_dump(mode="json")

    run(json, flags, act)
