"""Reads and writes the project's baseline: findings that `test-image` accepts until a day."""

from collections.abc import Sequence

from dagship.errors import UsageError, of_system
from dagship.model.verify_report import Accepted
from dagship.pipeline.project import Project
from dagship.untrusted import files
from dagship.workspace import whole


def read(project: Project, *, needed: bool) -> tuple[Accepted, ...]:
    """Reads the baseline; none where settings do not name one and the default is not there.

    Args:
        project: The project.
        needed: Whether one that settings name must be there.

    Raises:
        UsageError: It is not there, or is no baseline.

    """
    from dagship.verify import baseline

    where = project.settings.baseline
    try:
        content = files.read(project.path(where))
        return baseline.parse(content.decode("utf-8"), str(where))
    except FileNotFoundError as missing:
        if not needed or "baseline" not in project.settings.model_fields_set:
            return ()
        raise UsageError(
            f"The baseline {where} is not there.",
            "Write one with test-image --write-baseline, or take the setting baseline out.",
        ) from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        reason = getattr(unreadable, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"The baseline {where} cannot be read: {reason}.") from unreadable


def write(project: Project, entries: Sequence[Accepted]) -> None:
    """Writes the baseline whole or not at all; none for nothing.

    Raises:
        DagshipError: It cannot be written.

    """
    from dagship.verify import baseline

    path = project.path(project.settings.baseline)
    if not entries and not path.exists():
        project.console.say("Nothing was found that a baseline accepts; none is written.")
        return
    try:
        with whole(path) as file:
            file.write_text(baseline.text(entries), encoding="utf-8")
    except OSError as failed:
        raise of_system(failed)(
            f"The baseline {path} cannot be written: {failed.strerror}.", "Name a file in a directory that is there."
        ) from failed
    project.console.say(f"{project.settings.baseline}: {len(entries)} accepted; commit it.")
