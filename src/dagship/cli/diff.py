"""The task that compares two versions: one call of the pipeline, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import REPORTS, Flag, asked, settings, task

if TYPE_CHECKING:
    from dagship.pipeline.project import Project


@task(
    Flag("against", "The old version: an image, a digest, a directory of DAGs, or running", default="running"),
    Flag("to", "The new version, the same (default: the image that build left)", default=""),
    Flag("values", "Show values of params, and not digests of them"),
    *REPORTS,
    *settings("repository", "env_file", "namespace", "context", "selector"),
)
def diff(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Show in DAG terms what the new version changes: schedules, runs made at once, tasks, packages, findings."""
    from dagship.diff import present
    from dagship.pipeline import reports
    from dagship.pipeline.diff import compare as stage

    document = stage.diff(project, against=flags.against, to=flags.to, values=flags.values)
    present.show(project.console, document)
    reports.of_release(project, document, asked(flags))
    return document.model_dump(mode="json")
