"""Shows an install and an uninstall to people."""

from typing import TYPE_CHECKING

from dagship.chart.model import InstallResult, UninstallResult

if TYPE_CHECKING:
    from dagship.terminal.console import Console

_ANOTHER = ": another Airflow of the namespace has it too"


def show_installed(console: "Console", result: InstallResult) -> None:
    """Prints the closing lines of `install`."""
    fields = {"install": "runs" if result.passed else "FAILED"}
    fields["release"] = f"{result.release} (revision {result.revision}, chart {result.chart})"
    fields["namespace"] = f"{result.namespace} ({result.context})"
    fields["Airflow"] = f"{result.airflow}, {result.executor}"
    fields["DAGs"] = result.dags
    fields["image"] = f"{result.image} (from {result.image_from})"
    if result.passed and result.runs != (result.image,):
        fields["runs"] = f"{', '.join(result.runs)} (since a rollout)"
    if result.passed:
        fields["its page"] = f"{result.ui}   then http://localhost:8080"
        if result.password:
            fields["password"] = f"{result.password}   (user {result.user})"
    if result.failure is not None:
        fields["cause"] = f"{result.failure.workload}: {result.failure.meaning or result.failure.reason}"
        fields["state"] = result.state
    fields["seconds"] = _seconds(result.seconds)
    console.summary(fields)


def show_uninstalled(console: "Console", result: UninstallResult) -> None:
    """Prints the closing lines of `uninstall`."""
    fields = {"uninstall": "gone" if result.chart else "was gone already"}
    fields["release"] = result.release
    fields["namespace"] = f"{result.namespace} ({result.context})"
    if result.kept:
        fields["kept"] = ", ".join(result.kept)
    if result.deleted:
        fields["deleted"] = ", ".join(result.deleted)
    fields["record"] = "gone" if result.record else "stays" + ("" if result.warnings else _ANOTHER)
    fields["seconds"] = _seconds(result.seconds)
    console.summary(fields)


def _seconds(seconds: dict[str, float]) -> str:
    return ", ".join(f"{phase} {spent:.1f}" for phase, spent in seconds.items())
