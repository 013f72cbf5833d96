"""What a user is told about requirements that have no solution. Left out: finding it out (test_resolve, engine tests)."""

import pytest

from dagship.errors import DagshipError, OutsideError, Refused
from dagship.lock.conflict import explain, of_base
from dagship.lock.failure import Failure
from dagship.lock.requirements import parse

LINES = parse("requests\n\nSQLAlchemy>=2\npandas==1.5.3\nnumpy<1.25", "dags.in")
IN_BASE = {
    "name": "numpy",
    "version": "2.4.6",
    "chain": {"line": 4, "path": [{"name": "pandas", "version": "1.5.3"}], "specifier": "<2"},
    "needed_by": [
        {"name": "pyarrow", "version": "20", "specifier": ">=2", "forbids": True},
        {"name": "loose", "version": "1", "specifier": ">=1", "forbids": False},
    ],
}


def told(**found: object) -> DagshipError:
    return explain(Failure.model_validate(found), LINES, "dags.in", "example/airflow:3", "3.11.9")


def test_a_conflict_with_the_base_names_the_line_the_way_the_pin_and_who_wants_it() -> None:
    error = told(kind="base", lines=[4], pins=[IN_BASE], instead={"4": "2.2.3"})

    assert isinstance(error, Refused)
    assert error.message == "dags.in: pandas==1.5.3 (line 4) does not go with the base image, which has numpy 2.4.6."
    assert error.detail.splitlines() == [
        "numpy",
        "  line 4, pandas==1.5.3 → pandas 1.5.3 needs <2",
        "  the base image has numpy 2.4.6: pyarrow 20 needs >=2",
    ]
    assert error.hint.startswith("pandas 2.2.3 fits this base in place of pandas==1.5.3 (line 4). ")
    assert "this one's own packages need numpy as it is" in error.hint
    assert "@task.virtualenv" in error.hint


def test_each_of_several_conflicts_is_told_with_what_fits_in_its_place() -> None:
    six = {**IN_BASE, "name": "six", "chain": {"line": 3, "path": [], "specifier": ">=2"}}
    error = told(
        kind="base", lines=[4], pins=[IN_BASE], instead={"4": ""},
        besides=[
            {"kind": "base", "lines": [3], "pins": [six], "instead": {"3": "1.4.54"}},
            {"kind": "no-package", "lines": [1], "names": ["requests"]},
        ],
    )  # fmt: skip

    assert isinstance(error, Refused)
    assert error.message == (
        "dags.in: SQLAlchemy>=2 (line 3) and pandas==1.5.3 (line 4) do not go with the base image, which has numpy 2.4.6"
        " and six 2.4.6. dags.in:1: requests: the index has no package named requests."
    )
    assert error.hint.startswith(
        "sqlalchemy 1.4.54 fits this base in place of SQLAlchemy>=2 (line 3). No version of pandas (line 4) fits this base."
    )
    assert "  line 4, pandas==1.5.3" in error.detail
    assert "  line 3, SQLAlchemy>=2, asks for >=2" in error.detail


def test_a_pin_that_nothing_in_the_base_insists_on_calls_for_another_base() -> None:
    pin = {**IN_BASE, "needed_by": [{"name": "loose", "version": "1", "specifier": ">=1", "forbids": False}]}
    error = told(kind="base", lines=[4], pins=[pin], instead={"4": ""})

    assert "the base image has numpy 2.4.6: loose 1 needs >=1" in error.detail
    assert error.hint.startswith("No version of it fits this base. Or take a base with other versions of numpy")


def test_a_line_that_names_the_bases_package_itself_asks_for_it() -> None:
    pin = {
        "name": "sqlalchemy",
        "version": "1.4.54",
        "chain": {"line": 3, "path": [], "specifier": ">=2"},
        "needed_by": [],
    }

    assert "  line 3, SQLAlchemy>=2, asks for >=2" in told(kind="base", lines=[3], pins=[pin]).detail


def test_a_pin_without_a_known_way_to_it_is_named_all_the_same() -> None:
    error = told(
        kind="base", lines=[3, 4], pins=[{**IN_BASE, "chain": None}, {**IN_BASE, "name": "six", "chain": None}]
    )

    assert "SQLAlchemy>=2 (line 3) and pandas==1.5.3 (line 4) do not go with the base image" in error.message
    assert "which has numpy 2.4.6 and six 2.4.6" in error.message


def test_many_packages_that_want_a_pin_are_counted() -> None:
    needs = [{"name": f"p{n}", "version": "1", "specifier": ">1", "forbids": True} for n in range(9)]

    assert "p3 1 needs >1, and 5 more" in told(kind="base", lines=[4], pins=[{**IN_BASE, "needed_by": needs}]).detail


def test_lines_that_exclude_one_another_are_told_with_what_each_asks_for() -> None:
    meeting = {
        "name": "numpy",
        "asked": [
            {"line": 5, "path": [], "specifier": "<1.25"},
            {"line": 4, "path": [{"name": "pandas", "version": "3"}], "specifier": ">=2"},
        ],
    }
    error = told(kind="lines", lines=[4, 5], meetings=[meeting])

    assert error.message == (
        "dags.in: pandas==1.5.3 (line 4) and numpy<1.25 (line 5) exclude one another: "
        "they ask for different versions of numpy."
    )
    assert "  line 5, numpy<1.25, asks for <1.25" in error.detail
    assert "The base image has no part in this" in error.hint


def test_lines_whose_meeting_was_not_found_come_with_the_resolvers_words() -> None:
    assert told(kind="lines", lines=[4, 5], log="uv said so").detail == "uv said so"


@pytest.mark.parametrize(
    ("found", "message", "hint"),
    [
        ({"kind": "no-package"}, "the index has no package named x.", "extra_index_urls"),
        (
            {"kind": "no-version", "versions": ["9"]},
            "the index has no such version of x; the newest is 9.",
            "that is there",
        ),
        ({"kind": "no-version"}, "the index has no such version of x.", "that is there"),
        (
            {"kind": "source-only"},
            "the index has x only as sources, without a wheel for this Python.",
            "source_packages = ['x']",
        ),
        ({"kind": "other-python"}, "no version that matches runs on Python 3.11.", "another Python"),
        (
            {"kind": "other-python", "versions": ["9"]},
            "no version that matches runs on Python 3.11; the newest that does is 9.",
            "another Python",
        ),
    ],
)
def test_what_the_index_lacks_is_told_with_the_line(found: dict[str, object], message: str, hint: str) -> None:
    error = told(lines=[4], names=["x"], **found)

    assert isinstance(error, Refused)
    assert error.message == f"dags.in:4: pandas==1.5.3: {message}"
    assert hint in error.hint


def test_an_index_that_fails_is_not_the_users_fault() -> None:
    error = told(kind="index", log="error: Failed to fetch")

    assert isinstance(error, OutsideError)
    assert error.detail == "error: Failed to fetch"


def test_a_resolver_that_fails_is_told_with_its_last_words() -> None:
    error = told(kind="tool", log="\n".join(f"line {n}" for n in range(100)))

    assert isinstance(error, OutsideError)
    assert error.detail.splitlines() == [f"line {n}" for n in range(85, 100)]


def test_without_a_cause_the_resolvers_words_are_shown() -> None:
    assert told(kind="unsatisfiable", log="pip's words").detail == "pip's words"
    assert (
        told(kind="line", lines=[4], log="uv's words").message
        == "dags.in:4: pandas==1.5.3 has no solution on this index."
    )


def test_what_was_not_found_out_is_not_claimed() -> None:
    error = told(kind="base", lines=[4], pins=[IN_BASE], instead={})

    assert error.hint.startswith("Take a base with another release of Airflow")


def test_an_authority_that_is_not_trusted_is_told_with_the_setting_that_names_it() -> None:
    for why in ("UnknownIssuer", "Expired"):
        error = told(kind="index", log=f"error: client error (Connect): invalid peer certificate: {why}")

        assert isinstance(error, OutsideError)
        assert "--ca-cert" in error.hint
        assert "for another host, or over" in error.hint


def test_constraints_in_the_way_are_named_with_their_place() -> None:
    failure = Failure.model_validate({"kind": "limits", "lines": [4], "limits": ["numpy<1.20"], "pins": []})
    error = explain(
        failure, LINES, "dags.in", "example/airflow:3", "3.11.9", limits={"numpy<1.20": "constraints.txt:7"}
    )

    assert isinstance(error, Refused)
    assert error.message == (
        "dags.in: pandas==1.5.3 (line 4) does not go with the constraint numpy<1.20 (constraints.txt:7)."
    )


def test_a_line_of_another_file_is_shown_with_that_file() -> None:
    lines = parse("\n\npandas==1.5.3\nnumpy<1.25", "dags.in", {4: "more.txt:9"})
    failure = Failure.model_validate({"kind": "lines", "lines": [3, 4]})

    message = explain(failure, lines, "dags.in", "example/airflow:3", "3.11.9").message
    assert message == "dags.in: pandas==1.5.3 (line 3) and numpy<1.25 (more.txt:9) exclude one another."


def test_a_package_that_nothing_needs_as_it_is_may_be_asked_for_by_name() -> None:
    free = {**IN_BASE, "needed_by": []}
    by_name = {**free, "chain": {"line": 4, "path": [], "specifier": "<2"}}

    assert "Or ask for numpy in a line of its own: a package of the base moves when it is asked for by name." in (
        told(kind="base", lines=[4], pins=[free]).hint
    )
    assert "by name" not in told(kind="base", lines=[4], pins=[by_name]).hint
    assert "by name" not in told(kind="base", lines=[4], pins=[IN_BASE]).hint


def test_where_nothing_may_move_the_setting_is_named() -> None:
    failure = Failure.model_validate({"kind": "base", "lines": [4], "pins": [{**IN_BASE, "needed_by": []}]})

    hint = explain(failure, LINES, "dags.in", "example/airflow:3", "3.11.9", never_move=True).hint

    assert "take never_move out of the settings" in hint


def test_airflow_itself_in_the_way_calls_for_another_release_of_it_alone() -> None:
    hint = told(kind="base", lines=[4], pins=[{**IN_BASE, "name": "apache-airflow", "needed_by": []}]).hint

    assert hint.startswith("Take a base with another release of Airflow. Or run that task")


def test_a_package_without_a_list_of_its_files_is_refused_with_the_line() -> None:
    error = told(kind="no-record", lines=[3], names=["sqlalchemy"])

    assert error.message == (
        "dags.in: SQLAlchemy>=2 (line 3) does not go with the base image, whose sqlalchemy cannot move: it does not say "
        "which files are its own (no RECORD)."
    )


def test_a_base_that_contradicts_itself_is_named_as_such() -> None:
    one = {"name": "a", "version": "1", "needs": "b>=2", "has": "b 1"}

    assert of_base([one]).startswith(
        "The base image contradicts itself: a 1 needs b>=2, and there is b 1. It does so without you"
    )
    assert "; and 2 more." in of_base([one] * 6)
    assert of_base([]) == ""


def test_an_extra_that_nobody_has_is_told_with_the_nearest_one() -> None:
    error = told(kind="no-extra", lines=[1], names=["sox"], versions=["socks"])

    assert error.message == "dags.in:1: requests: requests of the base image has no extra named sox."
    assert error.hint.startswith("Did you mean socks? ")
