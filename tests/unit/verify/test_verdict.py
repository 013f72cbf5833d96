"""Which finding each fact becomes."""

from typing import Any

import pytest

from dagship.verify.observation import (
    Death,
    SeenDifference,
    SeenEvent,
    SeenFile,
)
from tests.builders.observations import ROOT, dag, earlier, failed, file, image, judged, only, traced


def test_an_image_with_nothing_wrong_has_no_findings() -> None:
    assert judged(image(file(dags=(dag("sales"),)))) == []


def test_a_broken_helper_is_named_beside_the_dag_file() -> None:
    text = traced("KeyError: 'x'").replace(
        "    x\n", f'    x\n  File "{ROOT}/helpers.py", line 2, in <module>\n    y\n'
    )

    assert only(image(failed(text))).message.endswith("(helpers.py, line 2)")


def test_an_error_that_comes_through_a_line_which_reached_for_a_host_is_the_networks() -> None:
    event = SeenEvent(file="sales.py", line=7, host="api.example.test")
    found = only(image(failed(traced("TypeError: 'NoneType' object is not iterable"), network=(event,))))

    assert found.kind == "network-access"
    assert "api.example.test" in found.message


def test_an_error_elsewhere_leaves_the_access_a_warning() -> None:
    event = SeenEvent(file="sales.py", line=2, host="api.example.test")
    found = judged(image(failed(traced("NameError: name 'x' is not defined"), network=(event,))))

    assert [(each.severity, each.kind, each.line) for each in found] == [
        ("error", "import-error", 7),
        ("warning", "network-access", 2),
    ]


def test_a_dag_that_differs_is_a_warning_with_both_values_where_airflow_has_not_said_so() -> None:
    differs = SeenDifference(dag="sales", where="dag.tags.0", one="x", other="y")

    assert (
        "At dag.tags.0 it has 'x', and then 'y'" in only(image(file(dags=(dag("sales"),), differs=(differs,)))).message
    )
    assert only(image(file(dags=(dag("sales"),), differs=(differs,), varying="Line 4"))).line == 4


def test_a_dag_id_twice_in_a_file_is_reported() -> None:
    found = only(image(file(dags=(dag("sales", 5),), twice=("sales",))))

    assert (found.kind, found.line) == ("duplicate-dag-id", 5)


@pytest.mark.parametrize(
    ("death", "kind", "said"),
    [
        ({"killed": True, "signal": "SIGKILL"}, "timeout", "killed after 35 s"),
        ({"signal": "SIGSEGV"}, "crashed", "dies of SIGSEGV"),
        ({"exit": 3}, "crashed", "exit status 3"),
        ({"exit": 70, "lost": True}, "crashed", "Nothing came back"),
        ({"killed": True, "signal": "SIGKILL", "lost": True}, "crashed", "Nothing came back"),
    ],
)
def test_a_process_that_died_is_a_crash_or_a_timeout(death: dict[str, Any], kind: str, said: str) -> None:
    log = f'Stack (most recent call first):\n  File "{ROOT}/sales.py", line 4 in <module>\n'
    died = Death(**{"killed": False, "signal": "", "exit": 0, "seconds": 35.0, "log": log, **death})
    found = only(image(SeenFile(file="sales.py", seen=None, died=died)))

    assert (found.kind, found.line) == (kind, 4)
    assert said in found.message


def test_a_file_over_the_budget_is_slow() -> None:
    assert only(image(file(dags=(dag("sales"),), seconds=12.3)), budget=12.0).kind == "slow"


def test_a_file_that_ran_into_the_limit_is_not_slow_as_well() -> None:
    text = traced("AirflowTaskTimeout: DagBag import timeout for /x after 2s.")

    assert only(image(failed(text, seconds=12.3))).kind == "timeout"


def test_a_deprecation_is_a_warning_once_however_many_files_meet_it() -> None:
    event = SeenEvent(file="helpers.py", line=2, category="DeprecationWarning", message="use\nthe new way")
    found = only(
        image(
            file("a.py", dags=(dag("a"),), warnings=(event,)),
            file("b.py", dags=(dag("b"),), warnings=(event,)),
        )
    )

    assert (found.severity, found.kind, found.file, found.line) == ("warning", "deprecation", "helpers.py", 2)
    assert found.message == "DeprecationWarning: use the new way"


def test_a_value_that_varies_is_an_error_only_where_airflow_makes_it_one() -> None:
    text = "This Dag uses them.\n\nLine 4, Col 5\nCode: DAG('sales', start_date=now())\nIssue: Don't\n"
    found = only(image(file(dags=(dag("sales"),), varying=text)))

    assert (found.severity, found.line) == ("warning", 4)
    assert found.message.endswith("each time: DAG('sales', start_date=now())")
    assert only(image(failed(text, "varying"))).severity == "error"


def test_another_airflow_than_the_bases_is_an_error() -> None:
    seen = image(file(dags=(dag("sales"),)))

    assert only(seen, expected="3.2.2").kind == "airflow-moved"
    assert judged(seen, expected="") == []


def test_packages_that_do_not_fit_are_an_error_with_the_first_in_the_sentence() -> None:
    output = (
        "Checked 3 packages\nFound 2 incompatibilities\nThe package `a` requires `b>=2`\nThe package `c` requires `d`\n"
    )
    found = only(image(file(dags=(dag("sales"),)), code=1, output=output))

    assert found.kind == "pip-check"
    assert "`a` requires `b>=2`, and 1 more" in found.message


def test_what_the_base_alone_contradicts_is_a_warning_and_what_comes_on_top_an_error() -> None:
    output = "Checked 3 packages\nThe package `a` requires `b>=2`\nThe package `c` requires `d`\n"
    seen = image(file(dags=(dag("sales"),)), code=1, output=output)

    added, own = judged(seen, untouched={"Checked 2 packages", "The package `a` requires `b>=2`"})

    assert (added.severity, added.kind) == ("error", "pip-check")
    assert added.message == "The packages in the image do not fit one another: The package `c` requires `d`"
    assert (own.severity, own.kind) == ("warning", "pip-check")
    assert own.message == "The packages of the base image do not fit one another: The package `a` requires `b>=2`"


@pytest.mark.parametrize("end", [", but `1.4.{}` is installed", ", but you have sqlalchemy 1.4.{}."])
def test_a_need_that_the_base_does_not_meet_stays_the_bases_when_the_package_moves(end: str) -> None:
    need = "The package `a` requires `sqlalchemy>=2`"
    seen = image(file(dags=(dag("sales"),)), code=1, output=need + end.format(52))

    assert only(seen, untouched={need + end.format(54)}).severity == "warning"


def test_an_airflow_that_does_not_start_is_the_only_finding() -> None:
    found = only(image(failed=traced("AirflowConfigException: executor"), airflow=""))

    assert (found.kind, found.file) == ("airflow-broken", "")


def test_secrets_are_masked_in_messages_and_tracebacks() -> None:
    found = only(image(failed(traced("ValueError: bad password hunter2"))))

    assert "hunter2" not in found.model_dump_json()
    assert "***" in found.message


def test_errors_come_first() -> None:
    event = SeenEvent(file="a.py", line=1, category="DeprecationWarning", message="old")
    found = judged(image(file("a.py", warnings=(event,)), failed(traced("NameError: x"))))

    assert [each.severity for each in found] == ["error", "warning"]


def test_an_error_of_an_earlier_version_names_the_version_and_how_to_leave_it_out() -> None:
    old = earlier(
        failed(traced("ModuleNotFoundError: No module named 'pandas'").replace("3f9c2a71d0b4", "a81e07c455f2"))
    )
    found = only(image(file(dags=(dag("sales"),)), earlier=(old,)))

    assert (found.version, found.file, found.line, found.kind) == ("a81e07c455f2", "sales.py", 7, "import-error")
    assert found.hint.startswith("Add the package that has 'pandas'")
    assert "--keep-versions" in found.hint


def test_the_same_error_in_the_current_version_is_a_finding_of_its_own() -> None:
    text = traced("ModuleNotFoundError: No module named 'pandas'")

    assert ["", "a81e07c455f2"] == [
        found.version for found in judged(image(failed(text), earlier=(earlier(failed(text)),)))
    ]


def test_a_warning_of_an_earlier_version_was_given_when_it_was_new() -> None:
    warned = file(network=(SeenEvent(file="sales.py", line=1, host="x"),), dags=(dag("sales"),))

    assert judged(image(file(dags=(dag("sales"),)), earlier=(earlier(warned),))) == []


def test_an_earlier_version_that_cannot_be_imported_at_all_is_an_error() -> None:
    found = only(image(file(dags=(dag("sales"),)), earlier=(earlier(failed="RuntimeError: x"),)))

    assert (found.version, found.kind, found.severity) == ("a81e07c455f2", "airflow-broken", "error")


def test_a_tree_without_a_dag_is_an_error() -> None:
    assert only(image(file())).kind == "no-dags"
    assert only(image()).kind == "no-dags"


def test_what_is_included_and_never_imported_is_an_error_with_the_place_of_what_is() -> None:
    found = only(image(file(dags=(dag("sales"),)), hidden=({"name": "yaml", "by": "/lib/yaml/__init__.py"},)))

    assert (found.kind, found.severity, found.file) == ("hidden-include", "error", "")
    assert found.message.endswith("Python finds another 'yaml' first, at /lib/yaml/__init__.py.")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("links.py", "The plugin links.py cannot be loaded: No module named 'x'"),
        ("", "The plugins cannot be loaded: No"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_an_error(name: str, message: str) -> None:
    seen = image(file(dags=(dag("sales"),)), plugins=({"file": name, "error": "No module named 'x'"},))
    found = only(seen)

    assert (found.kind, found.severity, found.file) == ("plugin-error", "error", "")
    assert found.message.startswith(message)
