"""Airflow as its dag-processor uses it, the same for 2.10 to 3.4: what differs between releases is all here."""

import datetime as dt
import json
import os
import pathlib
import sys
from typing import Any

from . import listing, warm_up
from .made_dags import Made
from .tables import Tables

_dumps = json.dumps  # a DAG file may replace it


def load() -> "Airflow":
    """Imports Airflow and returns it; whatever the image's configuration or local settings raise comes through."""
    os.environ.pop("_AIRFLOW__AS_LIBRARY", None)  # would keep the import from loading local settings and plugins' paths
    import airflow
    from airflow import settings

    return Airflow(airflow.__version__, os.path.abspath(str(settings.DAGS_FOLDER)))


class Airflow:
    """The parts of Airflow that read DAG files.

    Args:
        version: Version of Airflow.
        root: The DAG directory that it reads.

    Attributes:
        top: The directory of its version, which has what is included as well; the DAG directory where there is none.

    """

    def __init__(self, version: str, root: str) -> None:
        self.version = version
        self.major = int(version.partition(".")[0])
        self.root = root
        self.top = _version_of(root) or root
        self.made = Made()
        self._database: Any = None
        from airflow.serialization import serialized_objects

        try:
            from airflow.dag_processing.dagbag import BundleDagBag as Bag  # 3.2
        except ImportError:
            try:
                from airflow.models.dagbag import BundleDagBag as Bag  # 3.1
            except ImportError:
                from airflow.models.dagbag import DagBag as Bag
        self._bag: Any = Bag
        self._serializer: Any = (
            getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
        )
        from airflow.models.serialized_dag import SerializedDagModel

        # What Airflow 3 makes of it before it compares two of them.
        self._ordered: Any = getattr(SerializedDagModel, "_sort_serialized_dag_dict", None)

    def of(self, root: str) -> "Airflow":
        """Returns the same for another DAG tree."""
        return Airflow(self.version, root)

    def files(self) -> list[str]:
        """Lists the files that Airflow would read."""
        return listing.files(self.root)

    def limit(self, path: str) -> float:
        """Returns the seconds that Airflow gives the import of a file; local settings may give some files more."""
        from airflow import settings

        return float(settings.get_dagbag_import_timeout(path))

    def warm_up(self, paths: list[str]) -> None:
        """Does once, before the forks, what each of them would do again."""
        warm_up.warm_up(paths)
        for module in ("supervisor", "task_runner"):  # what `enter_child` needs of Airflow 3
            warm_up.load("airflow.sdk.execution_time." + module)
        try:
            if self.major == 2:  # noqa: PLR2004 - its files may ask the database for more than Variables
                self._database = Tables()
            DAG, BaseOperator = _classes()  # noqa: N806
            dag = DAG(
                "dagship_warm_up",
                schedule="@daily",
                start_date=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
            )
            BaseOperator(task_id="warm_up", dag=dag)
            self.serialize(dag)
            self.varying(__file__)
        except Exception:  # noqa: BLE001, S110 - only time is lost; a DAG that needs what failed reports it
            pass

    def enter_child(self) -> None:
        """Makes this process what the dag-processor's child is."""
        if self.root not in sys.path:  # 3.0 leaves this to the processor; 2.x did it at import, 3.1 does it in the bag
            sys.path.append(self.root)
        os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
        self.made.watch(_classes()[0])
        if self.major > 2:  # noqa: PLR2004 - 2.x asks its database for Variables
            _answer_nothing()
            _block_database()

    def shared(self) -> list[Any]:
        """Returns what every DAG file works with, name to value: none of it may be another after a file."""
        from airflow import settings
        from airflow.configuration import conf

        sections = getattr(conf, "_sections", {})
        return [*(vars(each) for each in (settings, *_classes())), *sections.values()]

    def bag(self, path: str) -> tuple[Any, list[Any]]:
        """Imports a file as the dag-processor does and returns the bag and every DAG that came up, repeated ids too."""
        found: list[Any] = []
        bag: Any = self._bag
        self.made.forget()
        if self._database:
            self._database.put()

        class Noting(bag):  # type: ignore[misc]
            def bag_dag(self, dag: Any, *rest: Any, **named: Any) -> Any:
                found.append(dag)
                return super().bag_dag(dag, *rest, **named)

        named = {"bundle_path": pathlib.Path(self.root)} if self._bag.__name__ == "BundleDagBag" else {}
        return Noting(dag_folder=path, load_op_links=False, **named), found

    def serialize(self, dag: Any) -> str:
        """Serializes a DAG as the dag-processor does, to the text that its hash is made from."""
        document = self._serializer.to_dict(dag)
        return _dumps(self._ordered(document) if self._ordered else document, sort_keys=True)

    def trust_what_is_serialized(self) -> None:
        """Has Airflow serialize without validating what came out: it was valid when another process did the same."""
        self._serializer.validate_schema = lambda *_: None

    def varying(self, path: str) -> tuple[bool, str]:
        """Returns what Airflow 3.2 and later say of values that change with each parse: (fatal, text)."""
        try:
            from airflow.utils.dag_version_inflation_checker import check_dag_file_stability
        except ImportError:
            return False, ""
        result = check_dag_file_stability(path)
        fatal = result.get_error_format_dict(path, self.root)
        if fatal:
            return True, "\n".join(fatal.values())
        return False, result.format_warnings() or "" if result.warnings else ""


def _version_of(root: str) -> str:
    try:
        from dagship_versions.finder import version_of
    except ImportError:  # an image that others built
        return ""
    return str(version_of(root))


def _classes() -> tuple[Any, Any]:
    try:
        from airflow.sdk import DAG, BaseOperator
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.models.dag import DAG
    return DAG, BaseOperator


def _block_database() -> None:
    """Refuses what Airflow 3's own children are refused: sessions of the metadata database."""
    try:
        from airflow.sdk.execution_time.supervisor import block_orm_access
    except ImportError:
        return
    block_orm_access()


def _answer_nothing() -> None:
    """Stands in for the dag-processor, whom a child of Airflow 3 asks for Variables and Connections: it has none.

    Those given by `--env-file` are found before anyone is asked.
    """
    try:
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time import task_runner
        from airflow.sdk.execution_time.comms import ErrorResponse
    except ImportError:
        return

    class Nobody:
        answer: Any = None

        def send(self, message: Any, *_: Any, **__: Any) -> Any:
            kind = type(message).__name__
            if kind == "GetVariable":
                said = {"message": "Variable %s not found" % message.key}
                return ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND, detail=said)
            if kind == "GetConnection":
                return ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND, detail={"conn_id": message.conn_id})
            return ErrorResponse(error=ErrorType.GENERIC_ERROR)

        async def asend(self, message: Any, *_: Any, **__: Any) -> Any:
            return self.send(message)

        def send_request(self, *arguments: Any, **named: Any) -> None:  # 3.0
            self.answer = self.send(named.get("msg", arguments[-1] if arguments else None))

        def get_message(self) -> Any:
            return self.answer

    task_runner.SUPERVISOR_COMMS = Nobody()
