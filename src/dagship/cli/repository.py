"""The task on a repository that has no settings yet: one call, and a summary. Nothing is decided here."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import Flag, task

if TYPE_CHECKING:
    from dagship.pipeline.project import Project


@task(Flag("ci", "Write a CI workflow as well: github or gitlab", default=""))
def init(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Look at a repository of DAGs, and write dagship.toml for it; overwrites nothing."""
    from dagship.init import present, writer

    result = writer.init(project.root, ci=flags.ci, default=project.settings.airflow)
    present.show(project.console, result)
    return result.model_dump(mode="json")
