"""Tests a DAG version where it is to run: its files are imported in the dag-processor, which has the image below it.

For machines without an engine. Verdicts and report are those of `test-image`, as far as they can be had there; what is
not checked is in the report.
"""

import base64
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dagship import redaction
from dagship.airflow.dag_processor import check
from dagship.errors import Refused
from dagship.model.artifacts import BuiltImage
from dagship.model.verify_report import Finding, VerifyReport
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import envfile, verdict, verifier
from dagship.verify.observation import Observation
from dagship.workspace import Workspace

if TYPE_CHECKING:
    from dagship.airflow.scheduler_python import Where
    from dagship.cluster.api import Cluster

UNCHECKED = (
    "whether an import needs the network, the database's connections or a variable: the pod has its own",
    "whether the packages fit one another: they are those that run",
    "whether each parse makes the same of a file",
    "the DAG versions that are in the image that runs",
)


def verify(
    settings: Settings,
    workspace: Workspace,
    console: Console,
    image: BuiltImage,
    package: bytes,
    *,
    cluster: "Cluster",
    where: "Where",
) -> VerifyReport:
    """Tests the DAG version of a thin image.

    Args:
        settings: Time limits, the env file, and whether warnings fail.
        workspace: Where relative paths start.
        console: Shows progress.
        image: The thin image.
        package: What the pod assembles it by.
        cluster: The namespace.
        where: The container of the dag-processor.

    Raises:
        UsageError: The env file is wrong.
        Refused: The pod cannot assemble it.
        OutsideError: The pod cannot be asked.

    """
    began = time.monotonic()
    variables = envfile.read(workspace.root / settings.env_file) if settings.env_file else {}
    mask = partial(redaction.masked, secrets=redaction.secrets_in(variables))
    job = {
        "package": base64.b64encode(package).decode(),
        "variables": dict(variables),
        "import_timeout": settings.import_timeout,
        "limit": settings.container_timeout,
    }
    with console.step(f"Importing the DAGs of {image.dag_version} in {where.pod}"):
        said = check(cluster, where, job, seconds=settings.container_timeout)
    if why := said.get("why_not"):
        raise Refused(
            f"The dag-processor in {where.pod} cannot assemble the DAG version {image.dag_version}: {mask(str(why))}",
            "Build the whole image, where an engine is: deploy --full.",
        )
    seen = _seen(said.get("report"))
    log = mask(str(said.get("log", "")))
    found: list[Finding] = []
    if seen is not None:
        found += verdict.findings(seen, expected_airflow=image.airflow, parse_budget=settings.parse_budget)
    elif said.get("late"):
        found.append(verifier.overdue(settings.container_timeout, log, in_tests=False))
    else:
        found.append(verifier.died(_code(said.get("code")), log))
    report = verifier.concluded(settings, image, seen, found, mask)
    # Whatever else the pod may name, it was asked for this version alone.
    tested = image.dag_versions[:1] if seen else ()
    return report.model_copy(
        update={"versions": tested, "unchecked": UNCHECKED, "seconds": round(time.monotonic() - began, 2)}
    )


def _seen(report: Any) -> Observation | None:  # noqa: ANN401 - JSON that anything in the pod may have written
    """The report of the pod; None where it is none. What it was not asked for counts as well."""
    if not isinstance(report, dict):
        return None
    try:
        return Observation.model_validate(report).model_copy(update={"before": ()})
    except ValidationError:
        return None


def _code(said: Any) -> int:  # noqa: ANN401 - as above
    return said if isinstance(said, int) else -1
