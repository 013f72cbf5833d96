"""Requests to the API server in one rollout: they are to grow with the workloads, and not with the seconds waited."""

import io
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.airflow import pushed, running
from bench.project import Project
from bench.rollout import objects
from bench.table import Row
from dagship.cluster import connection
from dagship.model.artifacts import Target
from dagship.model.reference import Reference
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.terminal.console import Console
from tests.builders.airflow import Object
from tests.cluster import images

SHORT, LONG = 30, 120
# For four times the seconds: each watch is taken up again after five minutes, and now and then a write is in conflict.
_MORE = 0.1
_FOR_EACH = 5
_RENEWAL = "PUT leases"


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """What one rollout asked of the API server.

    Attributes:
        requests: Requests, but for the renewals of the lease.
        renewals: Those, its taking and giving back among them.
        seconds: How long it took.

    """

    requests: int
    renewals: int
    seconds: float


def rows(project: Project, _rounds: int) -> list[Row]:
    """One workload and six, whose pods are ready after 30 and after 120 seconds; a count, so once is enough."""
    good = images.image("bench-a")
    slow = {seconds: images.image("bench-b", f"ready-after-{seconds}") for seconds in (SHORT, LONG)}
    six = objects(good, workers=1)
    cases = [(made, seconds) for made in (six[:1], six) for seconds in (SHORT, LONG)]
    with ThreadPoolExecutor() as threads:  # they mostly wait
        counted = threads.map(lambda case: _count(project, case[0], slow[case[1]]), cases)
        one_short, one_long, six_short, six_long = counted
    further = (six_short.requests - one_short.requests) / (len(six) - 1)
    return [
        _row("1 workload", one_short, one_long),
        _row(f"{len(six)} workloads", six_short, six_long),
        Row(
            what=f"API requests of a rollout of {len(six)} workloads",
            against="the same of 1 workload",
            ours=str(six_short.requests),
            theirs=str(one_short.requests),
            result=f"+{further:.1f} for each further one",
            bound=f"≤ +{_FOR_EACH} for each",
            met=further <= _FOR_EACH,
        ),
    ]


def _row(what: str, short: _Counted, long: _Counted) -> Row:
    more = long.requests / short.requests - 1
    return Row(
        what=f"API requests of a rollout of {what}, pods ready after {LONG} s",
        against=f"the same, pods ready after {SHORT} s",
        ours=str(long.requests),
        theirs=str(short.requests),
        result=f"{more:+.0%}",
        bound=f"≤ +{_MORE:.0%}",
        met=more <= _MORE,
        remark=f"the rollouts took {long.seconds:.0f} s and {short.seconds:.0f} s; each of 4 watches is taken up "
        f"again every 5 minutes; renewals of the lease, one in 10 s, are apart: {long.renewals} and "
        f"{short.renewals}",
    )


def _count(project: Project, made: Sequence[Object], image: str) -> _Counted:
    with running(project.directory, *made) as airflow:
        cluster = connection.connect(context="", namespace=airflow.kubectl.namespace)
        to = pushed(image)
        pinned = str(Reference.parse(to.reference).pinned(to.digest))
        target = Target(image=pinned, digest=to.digest, airflow=to.airflow, platforms=to.platforms)
        began = time.perf_counter()
        said = io.StringIO()
        result = actions.rollout(cluster, Console(stderr=said), target, RolloutOptions())
        seconds = time.perf_counter() - began
        cluster.close()
    if not result.passed:
        raise SystemExit(f"bench: a rollout failed:\n{said.getvalue()[-4000:]}")
    renewals = cluster.requests[_RENEWAL]
    return _Counted(requests=sum(cluster.requests.values()) - renewals, renewals=renewals, seconds=seconds)
