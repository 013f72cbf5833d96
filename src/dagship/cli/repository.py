"""The task on a repository that has no settings yet: one call, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import Flag, task

if TYPE_CHECKING:
    from dagship.pipeline.project import Project


@task(
    Flag("ci", "Write a CI workflow as well: github or gitlab", default=""),
    Flag(
        "write_baseline", "Build and test the image as well, and accept what is wrong with DAG files today, for 90 days"
    ),
)
def init(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Look at a repository of DAGs, and write dagship.toml for it; overwrites nothing."""
    from dagship.init import present, writer

    result = writer.init(project.root, ci=flags.ci, default=project.settings.airflow)
    present.show(project.console, result, ends_here=not flags.write_baseline)
    document = result.model_dump(mode="json")
    if not flags.write_baseline:
        return document

    from dagship.pipeline import stages
    from dagship.verify import report

    found = stages.accept_today(project)
    report.show(project.console, found)
    return {**document, "passed": found.passed, "report": found.model_dump(mode="json")}
