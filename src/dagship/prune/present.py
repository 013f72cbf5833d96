"""Shows a prune to people."""

from typing import TYPE_CHECKING

from dagship.model.quantities import size
from dagship.prune.model import PruneReport, Verdict

if TYPE_CHECKING:
    from dagship.terminal.console import Console


def show(console: "Console", report: PruneReport) -> None:
    """Prints the images, what refers to each, and what was noticed."""
    if report.images:
        console.table("", ("tag", "DAG version", "built", "kept for"), [_row(image) for image in report.images])
    for warning in report.warnings:
        console.warn(warning)


def show_result(console: "Console", report: PruneReport) -> None:
    """Prints the closing lines."""
    going = [image for image in report.images if not image.kept_for]
    deleted = [image for image in going if image.deleted]
    fields = {"prune": f"{len(going)} of {len(report.images)} images have nothing that refers to them"}
    if report.outcome == "deleted":
        fields["deleted"] = str(len(deleted))
        if len(deleted) < len(going):
            fields["kept"] = f"{len(going) - len(deleted)}, whose tags were pushed anew meanwhile"
    fields["repository"] = report.repository
    fields["looked at"] = ", ".join(map(str, report.places))
    if report.untouched:
        fields["not dagship's"] = f"{len(report.untouched)} tags, never touched"
    if going:
        fields["size"] = f"{size(report.bytes)} that no other image shares; the registry frees it with its own clean-up"
    if going and report.outcome == "planned":
        fields["next"] = "prune --delete deletes them"
    console.summary(fields)


def _row(image: Verdict) -> tuple[str, ...]:
    built = image.created.partition(".")[0].replace("T", " ").rstrip("Z")
    return ", ".join(image.tags), image.dag_version, built, "; ".join(image.kept_for) or "nothing"
