"""Requests and results of install and uninstall: frozen values."""

from pathlib import Path
from typing import Literal

from dagship.diagnosis.failure import Failure
from dagship.model.frozen import Artifact

Source = Literal["--image", "the values", "the release", "push"]


class Wanted(Artifact):
    """A request to install.

    Attributes:
        release: Name of the release.
        files: Values files, absolute; later ones go before earlier ones.
        image: What --image names, or empty.
        pushed: Whether `push` left an image here.
        timeout: Seconds that a workload may stand still.

    """

    release: str
    files: tuple[Path, ...]
    image: str
    pushed: bool
    timeout: float


class InstallResult(Artifact):
    """The result of `install`.

    Attributes:
        passed: Whether every component runs.
        release: Name of the release.
        revision: Helm's count of its installs and upgrades.
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context.
        chart: Chart and version, as `airflow-0.1.0`.
        airflow: Version of Airflow.
        executor: Its executor.
        dags: How DAGs get there: `embedded`, `git` or `persistent`, with the place they come from.
        image: The image that the values name.
        runs: The images that Airflow's components run: another one after a rollout.
        image_from: Who named it.
        workloads: What was waited for.
        ui: The command that makes the user interface reachable.
        user: Name of the first user; empty where the chart makes none.
        password: The command that reads that user's password; empty where there is none.
        failure: What went wrong, if something did.
        state: One sentence on how the release stands after a failure.
        warnings: What was noticed.
        seconds: Seconds by phase.

    """

    passed: bool
    release: str
    revision: int
    namespace: str
    context: str
    chart: str
    airflow: str
    executor: str
    dags: str
    image: str
    image_from: Source
    runs: tuple[str, ...]
    workloads: tuple[str, ...]
    ui: str
    user: str
    password: str
    failure: Failure | None = None
    state: str = ""
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float]


class UninstallResult(Artifact):
    """The result of `uninstall`.

    Attributes:
        passed: Whether the release and its pods are gone.
        release: Name of the release.
        namespace: Kubernetes namespace.
        context: Name of the kubeconfig's context.
        chart: Chart and version that was there; empty where only data was left.
        kept: Claims and Secrets that stay, as `persistentvolumeclaim/data-airflow-postgres-0`.
        deleted: Those that were deleted, and the ConfigMap with what was announced, as `configmap/airflow-dags`.
        record: Whether dagship's own record and lease are gone from the namespace.
        warnings: What was noticed.
        seconds: Seconds by phase.

    """

    passed: bool
    release: str
    namespace: str
    context: str
    chart: str
    kept: tuple[str, ...]
    deleted: tuple[str, ...]
    record: bool
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float]
