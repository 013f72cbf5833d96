"""What Airflow serves by its API, and when to wait is of no more use."""

from collections.abc import Mapping
from typing import Any

import pytest

from dagship.airflow import served
from dagship.airflow.by_rest import served as by_rest
from dagship.airflow.served import Wanted
from dagship.airflow_api.api import Answer
from dagship.airflow_api.pages import Page

A, B = "a" * 12, "b" * 12
BEGAN, SINCE, EARLIER = 1_796_020_000.0, "2026-11-30T06:40:00Z", "2026-11-30T06:00:00Z"


class Api:
    """An API that has these DAGs and import errors."""

    def __init__(
        self, *dags: Mapping[str, Any], errors: tuple[Mapping[str, Any], ...] = (), is_2: bool = False
    ) -> None:
        self.said, self.is_2 = {"dags": dags, "import_errors": errors}, is_2

    def get(self, *_: str) -> Answer:
        return Answer({}, 1000.0)

    def every(self, key: str, *_: str, **__: Any) -> Page:
        return Page([*self.said[key]], len(self.said[key]))


def dag(dag_id: str, version: str = B, read: str = SINCE, **more: Any) -> dict[str, Any]:
    file = f"{dag_id}.py"
    said = {"dag_id": dag_id, "bundle_name": "dags-folder", "bundle_version": version, "relative_fileloc": file}
    return {**said, "last_parsed_time": read, **more}


def error(file: str, at: str = SINCE, bundle: str = "dags-folder") -> dict[str, Any]:
    return {"filename": file, "bundle_name": bundle, "stack_trace": "KeyError: 'x'", "timestamp": at}


def asked(api: Any, **wanted: Any) -> Any:
    of = Wanted(**{"version": B, "dags": {"d": "d.py", "e": "e.py"}, "broken": (), **wanted})
    return served.read(by_rest.ask(api, of.question(0.0), BEGAN))


def test_a_version_is_served_once_every_file_of_it_is_read() -> None:
    whole = asked(Api(dag("d"), dag("e")))
    assert (True, True, 0) == (whole.served, whole.done, whole.left)
    half = asked(Api(dag("d"), dag("e", A)))
    assert (False, False, 1, ("e.py",)) == (half.served, half.done, half.left, half.waiting)
    assert not asked(Api()).served


def test_one_that_was_announced_is_asked_for_in_the_same_way() -> None:
    assert asked(Api(dag("d"), dag("e")), serial=3).served
    assert not asked(Api(dag("d"), dag("e", A)), serial=3).served


def test_where_some_files_alone_are_read_anew_the_others_may_be_of_another_version() -> None:
    found = asked(Api(dag("d"), dag("e", A)), serial=3, alone=("d.py",))
    assert (True, True, 0, ("d.py",)) == (found.served, found.done, found.left, found.alone)
    assert served.trouble(Wanted(B, dags={"d": "d.py", "e": "e.py"}), found, 1.0) is None
    assert not asked(Api(dag("d", A), dag("e")), serial=3, alone=("d.py",)).served
    broken = asked(Api(dag("d"), dag("e", A), errors=(error("e.py"),)), serial=3, alone=("d.py",))
    assert (broken.served, [*broken.new]) == (False, ["e.py"])


def test_where_it_is_announced_to_pods_that_stay_an_error_of_before_is_not_of_the_version() -> None:
    mended = Api(dag("d"), dag("e", A), errors=(error("e.py"),))

    assert asked(mended, serial=3, broken=("e.py",)).served  # read since the pods are there
    since = by_rest._epoch(SINCE) + 1
    found = asked(mended, serial=3, broken=("e.py",), since=since)
    assert (found.served, found.new, found.waiting) == (False, {}, ("e.py",))


def test_where_the_version_was_served_before_each_file_is_to_be_read_since() -> None:
    assert not asked(Api(dag("d"), dag("e", read=EARLIER)), anew=True).served
    assert asked(Api(dag("d"), dag("e", read=EARLIER))).served


@pytest.mark.parametrize(
    ("errors", "new"),
    [
        ((error("e.py"),), ["e.py"]),
        ((error(f"/opt/airflow/dag-versions/{B}/dags/e.py"),), ["e.py"]),  # as Airflow 3.0 has it
        ((error("e.py", at=EARLIER),), []),
        ((error("old.py"),), []),
        ((error("x.py", bundle="another"),), []),
    ],
)
def test_import_errors_that_are_new_are_told_apart(errors: tuple[dict[str, Any], ...], new: list[str]) -> None:
    found = asked(Api(dag("d"), dag("e"), errors=errors), broken=("old.py",))

    assert (new, not new) == ([*found.new], found.served)


def test_dags_of_another_bundle_are_none_of_the_versions() -> None:
    assert ["d"] == [one.dag_id for one in asked(Api(dag("d"), dag("e", bundle_name="another"))).dags]


def test_what_is_served_is_told_by_what_was_read_last() -> None:
    assert B == asked(Api(dag("d", A, EARLIER), dag("e")), version="").version
    assert "" == asked(Api(), version="").version


def test_of_airflow_2_the_version_is_where_a_file_lies() -> None:
    def of_2(dag_id: str, version: str) -> dict[str, Any]:
        file = f"/opt/airflow/dag-versions/{version}/dags/{dag_id}.py"
        return {"dag_id": dag_id, "fileloc": file, "last_parsed_time": SINCE}

    elsewhere = {"dag_id": "x", "fileloc": "/x/site-packages/x.py", "last_parsed_time": SINCE}
    assert asked(Api(of_2("d", B), of_2("e", B), elsewhere, is_2=True)).served
    assert not asked(Api(of_2("d", B), of_2("e", A), is_2=True)).served
