"""dagship with thin deliveries, and what may go wrong with them."""

import time
import urllib.error
from collections.abc import Callable, Iterable
from typing import Any

from tests.builders.airflow import Object
from tests.e2e.api import until
from tests.e2e.releases import NAME, Release
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.deliveries import OF_ALL, Project
from tests.e2e.soak.driver import Driver
from tests.e2e.soak.evidence import Delivered
from tests.e2e.soak.line import Line

CONFIG_MAP = f"configmap/{NAME}-dags"
_PROCESSOR = f"deployment/{NAME}-dag-processor"
_SECONDS = 180
_BACKFILL = {"dag_id": "daily", "from_date": "2026-02-01T00:00:00Z", "to_date": "2026-02-03T00:00:00Z"}


class Thin(Dagship):
    """dagship: deploy, which announces where it can and rolls out where it cannot.

    Args:
        release: Airflow.
        project: Where DAGs come from.
        values: Further values of the chart.

    """

    what = "dagship, thin"

    def __init__(self, release: Release, project: Project, values: Object) -> None:
        super().__init__(release, project, "--max-unavailable=2")
        self._values = values

    def _installed(self, values: Object) -> None:
        super()._installed({**values, **OF_ALL, **self._values})

    def deliver(self, number: int, *how: str, what: str = "thin") -> Delivered:
        """Deploys a version."""
        self.project.write(number)
        return self._done(number, what, lambda: self.call("deploy", *how))

    def full(self, number: int) -> Delivered:
        """Deploys a version by replacing pods; its image has what was announced, and nothing is announced any more."""
        done = self.deliver(number, "--full", *self._how, what="full")
        assert "current" not in (self.release.kubectl.get(CONFIG_MAP).get("data") or {})
        return done

    def back(self, number: int) -> Delivered:
        """Goes back to the release before, which delivered this version."""
        return self._done(number, "rollback", lambda: {"rollout": self.call("rollback")})

    def killed(self, number: int) -> Delivered:
        """The deployer is killed when it has announced the version, and run again."""
        self.project.write(number)

        def act() -> dict[str, Any]:
            before = self.announced()
            child = self.start("deploy")
            until(lambda: child.poll() is not None or self.announced() != before, "a version is announced")
            assert child.poll() is None, child.communicate()
            child.kill()
            child.communicate()
            return self.call("deploy")

        return self._done(number, "thin, killed when it was announced and run again", act)

    def deleted(self, number: int) -> Delivered:
        """Somebody deletes the ConfigMap, and the next version is deployed."""
        self.project.write(number)

        def act() -> dict[str, Any]:
            self.release.kubectl("delete", CONFIG_MAP)
            return self.call("deploy")

        return self._done(number, "thin, after the ConfigMap was deleted", act)

    def restarted(self, number: int) -> Delivered:
        """The dag-processor starts anew; it goes on with the version that is announced."""
        kubectl = self.release.kubectl

        def act() -> dict[str, Any]:
            kubectl("delete", "pods", "--selector=app.kubernetes.io/component=dag-processor")
            kubectl("rollout", "status", _PROCESSOR, f"--timeout={_SECONDS}s")
            return {}

        return self._done(number, "the dag-processor restarted", act)

    def announced(self) -> str:
        """The version of the ConfigMap; empty while there is none."""
        return self.release.kubectl(
            "get", CONFIG_MAP, "--ignore-not-found", "--output=jsonpath={.metadata.resourceVersion}"
        )

    def _done(self, number: int, what: str, act: Callable[[], dict[str, Any]]) -> Delivered:
        before, began = self.pods(), time.time()
        result = act()
        ended = time.time()
        if "image" in result:
            self.numbers[result["image"]["dag_version"]] = number
        tasks = (result.get("rollout") or {}).get("tasks") or {}
        return Delivered(
            number=number,
            began=began,
            ended=ended,
            draining=tasks.get("draining") or None,
            what=what,
            pods=len(self.pods() - before),
        )


def again(delivery: Thin, line: Line, number: int) -> Delivered:
    """A task of a run that has ended is cleared, and a backfill begins, while a version is delivered."""

    def ended() -> list[dict[str, Any]]:
        runs = line("GET", "/dags/short/dagRuns?state=success&limit=100")["dag_runs"]
        return [one for one in runs if delivery.numbers.get(one["bundle_version"], number) < number - 1]

    run_id = until(ended, "a run of a version before has ended")[-1]["dag_run_id"]
    cleared = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["step_0"], "only_failed": False}
    line("POST", "/dags/short/clearTaskInstances", cleared)
    delivery.cleared.add(("short", run_id, "step_0"))
    how = {"run_backwards": False, "dag_run_conf": {}, "reprocess_behavior": "none", "max_active_runs": 1}
    try:
        line("POST", "/backfills", _BACKFILL | how)
    except urllib.error.HTTPError as refused:
        raise AssertionError(refused.read()) from refused
    return delivery.deliver(number, what="thin, with a cleared task and a backfill")


def faults(delivery: Thin, driver: Driver, first: int, between: int) -> Iterable[Callable[[], Delivered]]:
    """All that may go wrong, with deliveries in between, beginning with this version."""
    number = first

    def some(least: int = 0) -> Iterable[Callable[[], Delivered]]:
        nonlocal number
        for _ in range(max(least, between)):
            yield lambda: delivery.deliver(number)  # noqa: B023 - called before the next turn
            number += 1

    for special in (delivery.killed, delivery.deleted, lambda at: again(delivery, driver.asking, at), delivery.full):
        yield from some()
        yield lambda: special(number)  # noqa: B023 - called before the next turn
        number += 1
    yield from some()
    yield lambda: delivery.restarted(number - 1)
    yield from some(1)  # so it goes back within the image that is there
    yield lambda: _back(delivery, driver, number - 2)
    yield from some()


def _back(delivery: Thin, driver: Driver, number: int) -> Delivered:
    """Goes back while a run that began on the newer version, which is served, is at work."""
    driver.begin("long")
    return delivery.back(number)
