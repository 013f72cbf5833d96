"""Reports of a test and of a release, written where flags say and where the CI around shows them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dagship.errors import DagshipError, UsageError, of_system
from dagship.image.tree import beside, checkout
from dagship.report.destinations import Ci, Format, around, by_themselves
from dagship.report.places import Places
from dagship.workspace import whole

if TYPE_CHECKING:
    from dagship.model.release_document import ReleaseDocument
    from dagship.model.verify_report import VerifyReport
    from dagship.pipeline.project import Project
    from dagship.report.reports import Reports

_OF_TEST: tuple[Format, ...] = ("html", "markdown", "sarif", "code_quality", "junit")
_OF_RELEASE: tuple[Format, ...] = ("html", "markdown", "sarif", "code_quality")


def of_test(project: "Project", report: "VerifyReport", asked: Mapping[str, str], *, tests: str = "") -> None:
    """Writes the reports of a test.

    Args:
        project: The project.
        report: What the test found.
        asked: Names of files by format; a name that is empty asks for none.
        tests: Directory or file of the user's own tests.

    Raises:
        DagshipError: A file that was asked for cannot be written.

    """
    from dagship.report import issues
    from dagship.report.outline import findings
    from dagship.report.reports import Reports
    from dagship.verify.report import junit_text

    where = places(project, tests)
    made = Reports(outline=findings.outline(report, where), issues=issues.of_test(report, where), of=where.dags)
    _write(project, made, _OF_TEST, asked, lambda: junit_text(report))


def of_release(project: "Project", document: "ReleaseDocument", asked: Mapping[str, str]) -> None:
    """Writes the reports of a release.

    Args:
        project: The project.
        document: What the release changes.
        asked: Names of files by format; a name that is empty asks for none.

    Raises:
        DagshipError: A file that was asked for cannot be written.

    """
    from dagship.report import issues
    from dagship.report.outline import release
    from dagship.report.reports import Reports

    where = places(project)
    made = Reports(outline=release.outline(document, where), issues=issues.of_release(document, where), of=where.dags)
    _write(project, made, _OF_RELEASE, asked)


def places(project: "Project", tests: str = "") -> Places:
    """Returns where the project's files are in its repository; in the project where there is no repository."""
    root = checkout.top_of(project.root) or project.root
    settings = project.settings
    dags = project.path(settings.dags)
    own = project.path(Path(tests)) if tests else project.root
    try:
        named = beside.named(dags, project.root, settings.include)
    except UsageError:  # of no matter to an image that was built from other settings
        named = {}
    return Places(
        dags=_within(root, dags),
        beside={name: _within(root, project.root / path) for name, path in named.items()},
        tests=_within(root, own.parent if own.suffix == ".py" else own),
        project=_within(root, project.root),
    )


def _within(root: Path, path: Path) -> str:
    return beside.within(root, path.resolve()) or "."


def _write(
    project: "Project",
    made: "Reports",
    formats: tuple[Format, ...],
    asked: Mapping[str, str],
    junit: Callable[[], str] = str,
) -> None:
    ci = around(os.environ)

    def text(form: Format) -> str:
        return junit() if form == "junit" else made.text(form)

    for form in formats:
        if asked.get(form):
            _write_asked(project.path(Path(asked[form])), text(form))
    try:
        for form, path in by_themselves(ci, formats, project.workspace.directory / "reports", made.outline.key).items():
            if not asked.get(form):
                project.workspace.write_text(path, text(form))
        _show(project, made, ci)
    except (DagshipError, OSError) as failed:
        project.console.warn(f"A report for the CI could not be written: {failed}")


def _show(project: "Project", made: "Reports", ci: Ci) -> None:
    """Shows what GitHub takes from the step itself: annotations, and the summary."""
    if ci.system != "github":
        return
    for command in made.annotations():
        project.console.command(command)
    if ci.summary:
        summary = Path(ci.summary)
        text = made.summary(summary.stat().st_size if summary.exists() else 0)
        with summary.open("a", encoding="utf-8") as file:
            file.write(text)


def _write_asked(path: Path, text: str) -> None:
    try:
        with whole(path) as file:
            file.write_text(text, encoding="utf-8")
    except OSError as failed:
        raise of_system(failed)(
            f"The report {path} cannot be written: {failed.strerror}.",
            "Name a file in a directory that is there, that may be written to, and that has room.",
        ) from failed
