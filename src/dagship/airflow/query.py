"""The gateway to a running Airflow: its version, runs, tasks and DAGs, and pausing DAGs."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from dagship.airflow import dag_processor, pause, scheduler_python, served, smoke
from dagship.airflow.activity import Activity, OfImage, Task
from dagship.airflow.by_rest import activity as activity_by_rest
from dagship.airflow.by_rest import served as served_by_rest
from dagship.airflow.by_rest import smoke as smoke_by_rest
from dagship.airflow.pause import DagList, Pausing
from dagship.airflow.scheduler_python import CannotAsk, Question
from dagship.airflow.served import Served, Wanted
from dagship.airflow.smoke import SmokeRun
from dagship.errors import OutsideError
from dagship.workloads.image_identity import same_image
from dagship.workloads.inventory import Inventory
from dagship.workloads.kinds import Role
from dagship.workloads.spec import Workload

if TYPE_CHECKING:
    from dagship.airflow_api.api import Api
    from dagship.cluster.api import Cluster

_COMMANDS: dict[Role, str] = {"worker": "celery", "scheduler": "scheduler", "dag-processor": "dag-processor"}
_UNREADABLE = "What Airflow answered cannot be read."
# DAGs that are asked about: their names are part of a web address.
_MOST_ASKED = 100


class Variable(NamedTuple):
    """A variable of the environment in a pod.

    Attributes:
        own: What the container has it be; None where it has not.
        used: What Airflow's process has it be.
        current: The DAG version that is current in the image, or empty.

    """

    own: Any
    used: Any
    current: str


class Footing(NamedTuple):
    """What a release meets besides runs.

    Attributes:
        pools: Names of the pools.
        last: When the last scheduled run of a DAG was made, epoch seconds; None where that is not known.

    """

    pools: frozenset[str]
    last: Mapping[str, float] | None


def connect(
    cluster: "Cluster",
    inventory: Inventory,
    prefer: Collection[str] = (),
    *,
    api: "Api | None" = None,
    image: OfImage | None = None,
) -> "Airflow":
    """Returns the Airflow of a namespace; it is asked when it has to answer.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        prefer: `deployment/scheduler` of the Airflow that is meant, where a namespace has several.
        api: Its REST API, which is asked for what it knows; None where there is no token for it.
        image: What is known of its image, which the API does not say.

    """
    return Airflow(cluster, inventory, frozenset(prefer), api, image or OfImage())


class Airflow:
    """A running Airflow, asked by its REST API, or by Python in the container of its scheduler.

    Which pod that is, is found for each question: a rollout replaces pods, and the newest says what runs now.

    Args:
        cluster: The namespace.
        inventory: Its workloads.
        prefer: As in `connect`.
        api: As in `connect`.
        image: As in `connect`.

    """

    def __init__(
        self, cluster: "Cluster", inventory: Inventory, prefer: frozenset[str], api: "Api | None", image: OfImage
    ) -> None:
        self._cluster = cluster
        self._inventory = inventory
        self._prefer = prefer
        self._api = api
        self._image = image

    def activity(self, since: float | None = None) -> Activity:
        """Asks which runs are unfinished and which tasks run.

        Args:
            since: Epoch seconds by Airflow's clock, to be told what changed since.

        Raises:
            CannotAsk: There is no scheduler that is ready, it may not be asked, or it did not answer.

        """
        if self._api is not None:
            return self._by_rest(self._api, since)
        said = self._ask("activity", *(() if since is None else (f"{since:.3f}",)))
        return read(said, self._cluster.list("Pod") if _has_addresses(said) else ())

    def activity_or_reason(self, since: float | None = None) -> tuple[Activity | None, str]:
        """Asks the same where an answer is welcome and not needed: returns it, or why there is none."""
        try:
            return self.activity(since), ""
        except OutsideError as failed:
            return None, failed.message

    def footing(self, dag_ids: Iterable[str]) -> Footing:
        """Asks for the pools, and when the last scheduled run of some DAGs was made, which the REST API does not say.

        Raises:
            CannotAsk: There was no answer.
            OutsideError: The API does not answer, or refuses.

        """
        if self._api is not None:
            return Footing(activity_by_rest.pools(self._api), None)
        said = self._ask("footing", _packed(sorted(dag_ids)[:_MOST_ASKED]))
        try:
            last = {str(dag_id): float(when) for dag_id, when in said["last"].items()}
            return Footing(frozenset(map(str, said["pools"])), last)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise CannotAsk(_UNREADABLE) from wrong

    def dags(self, paths: Iterable[str] = ()) -> DagList:
        """Asks for every active DAG of an Airflow 2, and which of some files its version has.

        Raises:
            CannotAsk: There was no answer.

        """
        said = self._ask("dags", _packed(sorted(paths)))
        try:
            return pause.read_dags(said)
        except (KeyError, TypeError, ValueError) as wrong:
            raise CannotAsk(_UNREADABLE) from wrong

    def pause(self, dags: Collection[str], *, since: float, seconds: float) -> Pausing:
        """Pauses each DAG as soon as none of its runs is under way; ends when all are, or after some seconds.

        Args:
            dags: The DAGs.
            since: When pausing began: what was paused for it since then is ours.
            seconds: How long to go on.

        Raises:
            CannotAsk: There was no answer; it may go on for that long.

        """
        parts = list(pause.parts(dags))
        given = ({"dags": part, "since": since, "seconds": seconds / len(parts)} for part in parts)
        answers = [self._ask("pause", _packed(one)) for one in given]
        try:
            return pause.read_pausing(answers)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise CannotAsk(_UNREADABLE) from wrong

    def unpause(self, dags: Collection[str], *, since: float) -> tuple[str, ...]:
        """Unpauses those of the DAGs that were paused by us since then; returns them.

        Raises:
            CannotAsk: There was no answer.

        """
        answers = [self._ask("unpause", _packed({"dags": part, "since": since})) for part in pause.parts(dags)]
        return tuple(dag for said in answers for dag in said.get("unpaused") or ())

    def served(self, wanted: Wanted, seconds: float) -> Served | None:
        """Asks every dag-processor whether it serves a DAG version; returns the answer of the one that is worst off.

        Args:
            wanted: The version, and what is known of it.
            seconds: For which to wait until it does.

        Returns:
            None where no pod of one is ready.

        Raises:
            CannotAsk: One of them could not be asked.

        """
        if self._api is None:
            return dag_processor.served(self._cluster, self._inventory, self._prefer, wanted, seconds)
        began = dag_processor.began(self._cluster, self._inventory, self._prefer)
        if began is None:
            return None
        with _as_cannot_ask():
            said = served_by_rest.ask(self._api, wanted.question(seconds), began)
        return served.read(said)

    def smoke(self, dag_id: str, run_id: str, version: str, seconds: float) -> SmokeRun:
        """Begins a smoke run where it is not there, and waits for its end; or looks what would be in its way.

        One of the DAG version that has begun already and has not ended is taken in its place.

        Args:
            dag_id: The DAG.
            run_id: Id of the run; empty to look alone.
            version: The DAG version that it is to be of, or empty.
            seconds: For which to wait.

        Raises:
            CannotAsk: There was no answer.

        """
        names = {"dag_id": dag_id, "run_id": run_id, "prefix": smoke.prefix(version), "mark": smoke.MARK}
        return self._smoke({**names, "version": version, "seconds": seconds, "end": False})

    def end_smoke(self, dag_id: str, run_id: str) -> SmokeRun:
        """Marks a smoke run as failed where it has not ended; returns it as it is then.

        Raises:
            CannotAsk: There was no answer, or Airflow does not let us.

        """
        return self._smoke({"dag_id": dag_id, "run_id": run_id, "seconds": 0.0, "end": True})

    def _smoke(self, say: Mapping[str, Any]) -> SmokeRun:
        if self._api is None:
            said = self._ask("smoke", _packed(say), seconds=say["seconds"])
        else:
            with _as_cannot_ask():
                said = smoke_by_rest.ask(self._api, say)
        found = smoke.read(say["dag_id"], said)
        if found is None:
            raise CannotAsk(_UNREADABLE)
        return found

    def files(self, version: str) -> dict[str, str]:
        """Asks for the files of a DAG version where DAG files are read: their paths and digests.

        Raises:
            CannotAsk: There was no answer.

        """
        return dag_processor.files(self._cluster, self._inventory, self._prefer, version)

    def version(self, images: Collection[str], containers: Collection[str]) -> str:
        """Asks for Airflow's version where it runs one of some images; empty when no such container can be asked.

        Args:
            images: The images.
            containers: Names of the containers that may run them.

        """
        if self._api is not None:
            with suppress(OutsideError):  # not knowing is a warning, no failure
                return self._api.airflow
            return ""
        for pod in self._cluster.list("Pod", fields="status.phase=Running"):
            for status in pod.get("status", {}).get("containerStatuses") or ():
                spec = next((one for one in pod["spec"]["containers"] if one["name"] == status["name"]), None)
                runs = spec is not None and any(same_image(spec["image"], image) for image in images)
                if runs and status["name"] in containers and status.get("state", {}).get("running"):
                    return scheduler_python.version(self._cluster, pod["metadata"]["name"], status["name"])
        return ""

    def variable(self, workload: Workload, name: str) -> Variable | None:
        """Asks for a variable in a pod of a workload; returns None when none is ready.

        Raises:
            CannotAsk: There was no answer.

        """
        where = scheduler_python.pod_of(self._cluster, self._inventory, workload)
        if where is None:
            return None
        own, used = (
            scheduler_python.run(self._cluster, where, "variable", name, command=command)
            for command in ("", _COMMANDS[workload.role])
        )
        return Variable(own=own.get("value"), used=used.get("value"), current=str(used.get("current", "")))

    def _by_rest(self, api: "Api", since: float | None) -> Activity:
        pods = self._cluster.list("Pod")
        with _as_cannot_ask():
            self._check_same(api, pods)
            said = activity_by_rest.activity(api, since)
        return read({**said, **self._image._asdict()}, pods)

    def _check_same(self, api: "Api", pods: list[dict[str, Any]]) -> None:
        """Refuses an address that is of another Airflow than runs here, by where its schedulers live."""
        hosts, names = activity_by_rest.schedulers(api), _names(pods)
        if hosts and not {_host(host, names) for host in hosts} & {pod["metadata"]["name"] for pod in pods}:
            raise CannotAsk(
                f"Airflow at {api.url} is another than the one in the namespace {self._cluster.namespace}: its "
                f"scheduler runs on {', '.join(sorted(hosts)[:3])}, and no pod there has that name."
            )

    def _ask(self, question: Question, *arguments: str, seconds: float = 0.0) -> dict[str, Any]:
        where = scheduler_python.scheduler(self._cluster, self._inventory, self._prefer)
        return scheduler_python.run(self._cluster, where, question, *arguments, seconds=seconds)


@contextmanager
def _as_cannot_ask() -> Iterator[None]:
    try:
        yield
    except CannotAsk:
        raise
    except OutsideError as failed:
        raise CannotAsk(" ".join(filter(None, (failed.message, failed.hint)))) from failed


def read(said: Mapping[str, Any], pods: Iterable[Mapping[str, Any]] = ()) -> Activity:
    """Reads the answer about runs and tasks.

    Args:
        said: The answer.
        pods: The namespace's pods, where tasks name their hosts by address.

    Raises:
        CannotAsk: It is not what the question would say.

    """
    try:
        found = Activity.model_validate(said)
    except ValidationError as wrong:
        raise CannotAsk(_UNREADABLE) from wrong
    names = _names(pods)

    def placed(tasks: Iterable[Task]) -> tuple[Task, ...]:
        return tuple(task.model_copy(update={"host": _host(task.host, names)}) for task in tasks)

    return found.model_copy(update={"tasks": placed(found.tasks), "changed": placed(found.changed)})


def _names(pods: Iterable[Mapping[str, Any]]) -> dict[Any, str]:
    """Pods by address."""
    return {(pod.get("status") or {}).get("podIP"): pod["metadata"]["name"] for pod in pods}


def _host(host: str, names: Mapping[Any, str]) -> str:
    """The pod: its hostname is its name, with the Service's domain behind it in a StatefulSet."""
    return names.get(host, host) if _is_address(host) else host.partition(".")[0]


def _is_address(host: str) -> bool:
    return re.fullmatch(r"[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]+", host) is not None


def _has_addresses(said: Mapping[str, Any]) -> bool:
    tasks = said.get("tasks")
    return any(_is_address(str(one.get("host", ""))) for one in (tasks if isinstance(tasks, list) else ()))


def _packed(value: Any) -> str:  # noqa: ANN401 - JSON
    return scheduler_python.packed(json.dumps(value))
