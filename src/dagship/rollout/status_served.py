"""What Airflow serves, asked at any time, and what of it differs from a checkout. Changes nothing."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from dagship.airflow import query
from dagship.airflow import served as answers
from dagship.airflow.served import Served, Wanted
from dagship.errors import OutsideError
from dagship.rollout.results import BrokenFile, Difference, ServedReport
from dagship.workloads.inventory import Inventory

if TYPE_CHECKING:
    from dagship.airflow.query import Airflow
    from dagship.airflow_api.api import Api
    from dagship.cluster.api import Cluster


class Checkout(NamedTuple):
    """A DAG version as it lies in a checkout.

    Attributes:
        place: Where, for people.
        version: Its id.
        files: Its files from the DAG directory on, each by `-` or `x` (executable) and its SHA-256.

    """

    place: str
    version: str
    files: Mapping[str, str]


def look(
    cluster: "Cluster", inventory: Inventory, meant: Collection[str], *, against: Checkout | None, api: "Api | None"
) -> ServedReport:
    """Returns what is served.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        meant: Those of the Airflow: `deployment/dag-processor`.
        against: What it is compared with; None for nothing.
        api: Airflow's REST API; None where there is no token for it.

    """
    airflow = query.connect(cluster, inventory, meant, api=api)
    try:
        answer = airflow.served(Wanted(version=""), 0.0)
    except OutsideError as failed:
        return ServedReport(why_not=failed.message)
    if answer is None:
        return ServedReport(why_not="No pod that reads DAG files is ready.")
    report = _report(answer)
    return report.model_copy(update={"against": _compared(airflow, report.version, against)}) if against else report


def _report(answer: Served) -> ServedReport:
    broken = tuple(
        BrokenFile(file=file, line=answers.line_of(file, text), error=answers.exception_of(text), traceback=text)
        for file, text in sorted(answer.errors.items())
    )
    return ServedReport(
        version=answer.version,
        since=datetime.fromtimestamp(answer.since, UTC).isoformat(timespec="seconds") if answer.since else "",
        dags=len(answer.dags),
        broken=broken,
    )


def _compared(airflow: "Airflow", version: str, checkout: Checkout) -> Difference:
    found = Difference(place=checkout.place, version=checkout.version, same=checkout.version == version)
    if found.same or not version:
        return found
    try:
        served = airflow.files(version)
    except OutsideError as failed:
        return found.model_copy(update={"why_not": failed.message})
    return found.model_copy(update=differing(served, checkout.files))


def differing(served: Mapping[str, str], here: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Returns the files that are here alone, that are served alone, and that are not the same. Pure."""
    return {
        "added": tuple(sorted(here.keys() - served.keys())),
        "removed": tuple(sorted(served.keys() - here.keys())),
        "changed": tuple(sorted(file for file in here.keys() & served.keys() if here[file] != served[file])),
    }
