"""Which finding each fact becomes."""

import json
from collections.abc import Collection
from typing import Any

import pytest

from dagship.artifacts import Finding
from dagship.verify import verdict
from dagship.verify.finding import finding
from dagship.verify.meaning import meaning
from dagship.verify.observation import (
    Death,
    Observation,
    Packages,
    Seen,
    SeenDag,
    SeenDifference,
    SeenError,
    SeenEvent,
    SeenFile,
    SeenLost,
    SeenModule,
    SeenVersion,
)
from dagship.verify.tracebacks import parse

ROOT = "/opt/airflow/dag-versions/3f9c2a71d0b4"


def traced(error: str, line: int = 7, file: str = "sales.py") -> str:
    return f'Traceback (most recent call last):\n  File "{ROOT}/{file}", line {line}, in <module>\n    x\n{error}\n'


def file(name: str = "sales.py", **facts: Any) -> SeenFile:
    nothing: dict[str, Any] = {
        "seconds": 0.1, "dags": (), "twice": (), "errors": (), "network": (), "warnings": (), "varying": "",
    }  # fmt: skip
    return SeenFile(file=name, seen=Seen(**{**nothing, **facts}))


def failed(text: str, phase: str = "import", **facts: Any) -> SeenFile:
    return file(errors=(SeenError(phase=phase, dag="sales", text=text, line=0),), **facts)


def dag(dag_id: str, line: int = 3) -> SeenDag:
    return SeenDag(id=dag_id, line=line)


def image(*files: SeenFile, code: int = 0, output: str = "", **facts: Any) -> Observation:
    packages = Packages(tool="uv", code=code, output=output)
    known = {"python": "3.12.4", "airflow": "3.3.2", "root": ROOT, "failed": ""}
    return Observation(**{**known, **facts}, files=files, packages=packages)


def judged(
    seen: Observation, expected: str = "3.3.2", budget: float = 10.0, untouched: Collection[str] = ()
) -> list[Finding]:
    found = verdict.findings(seen, expected_airflow=expected, parse_budget=budget, untouched=untouched)
    return list(verdict.ordered(found, mask=lambda text: text.replace("hunter2", "***")))


def only(seen: Observation, **options: Any) -> Finding:
    (found,) = judged(seen, **options)
    return found


def test_a_secret_across_the_cut_of_a_message_is_masked() -> None:
    for before in range(390, 401):
        (found,) = verdict.ordered(
            [finding("test-failed", f"{'x' * before}hunter2{' tail' * 9}")],
            mask=lambda text: text.replace("hunter2", "***"),
        )

        assert "h" not in found.message
        assert found.message.endswith("…")


def test_an_image_with_nothing_wrong_has_no_findings() -> None:
    assert judged(image(file(dags=(dag("sales"),)))) == []


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("ModuleNotFoundError: No module named 'pandas'", "import-error", "No module named 'pandas'"),
        ("airflow.sdk.exceptions.AirflowTaskTimeout: DagBag import timeout for /x after 2s.", "timeout", "in time"),
        ("SystemExit: 4", "crashed", "sys.exit(4)"),
        ("KeyError: 'Variable region does not exist'", "missing-variable", "the Variable 'region'"),
        (
            "airflow.sdk.exceptions.AirflowRuntimeError: VARIABLE_NOT_FOUND: {'message': 'Variable region not found'}",
            "missing-variable",
            "the Variable 'region'",
        ),
        (
            "airflow.exceptions.AirflowNotFoundException: The conn_id `warehouse` isn't defined",
            "missing-connection",
            "the Connection 'warehouse'",
        ),
        ("URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "network-access", "the network"),
        ('psycopg2.OperationalError: could not translate host name "db" to address', "network-access", "the network"),
    ],
)  # fmt: skip
def test_an_error_at_import_is_of_the_kind_that_its_text_says(text: str, kind: str, said: str) -> None:
    found = only(image(failed(traced(text))))

    assert (found.severity, found.kind, found.file, found.line) == ("error", kind, "sales.py", 7)
    assert said in found.message
    assert found.traceback == traced(text)


def test_the_line_of_airflow_that_builds_a_message_is_no_message() -> None:
    shown = traced("AirflowNotFoundException: The conn_id `warehouse` isn't defined").replace(
        "    x\n", '    raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn\'t defined")\n'
    )

    assert "'warehouse'" in only(image(failed(shown))).message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("KeyError: 'Variable sales.region does not exist'", "AIRFLOW_VAR_SALES.REGION=…"),
        ("AirflowNotFoundException: The conn_id `warehouse` isn't defined", "AIRFLOW_CONN_WAREHOUSE=…"),
    ],
)
def test_what_is_missing_comes_with_the_line_to_add(text: str, line: str) -> None:
    assert line in only(image(failed(traced(text)))).hint


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("pandas.io", "'pandas'"),
        ("airflow.providers.google", "apache-airflow-providers-google"),
        ("airflow.providers.apache.kafka", "apache-airflow-providers-apache-kafka"),
        ("airflow.contrib", "no such module"),
    ],
)
def test_a_missing_module_comes_with_what_to_install(module: str, advice: str) -> None:
    assert advice in only(image(failed(traced(f"ModuleNotFoundError: No module named '{module}'")))).hint


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        ({"name": "pandas.io"}, "the package that has 'pandas'"),
        ({"name": "dags", "asked": "dags.utils.tables", "without": "utils.tables"}, "Write 'utils.tables'"),
        ({"name": "orders", "tree": ("common/orders.py",)}, "import 'common.orders'"),
        ({"name": "orders", "asked": "orders.eu", "tree": ("common/orders",)}, "import 'common.orders.eu'"),
        ({"name": "utils.eu", "tree": ("utils",)}, "utils of the DAG tree has no such module"),
        (
            {"name": "kubernetes.jobs", "installed": "/usr/lib/kubernetes/__init__.py", "tree": ("kubernetes",)},
            "give that another name",
        ),
        ({"name": "pandas.nope", "installed": "/usr/lib/pandas/__init__.py"}, "another version of it"),
        (
            {"name": "airflow.providers.apache", "asked": "airflow.providers.apache.kafka.hooks", "installed": "/x"},
            "Add apache-airflow-providers-apache-kafka ",
        ),
        ({"name": "airflow.providers.amazon.aws.nope", "installed": "/x"}, "another version of it"),
        ({"name": "airflow.contrib", "installed": "/x"}, "no such module"),
    ],
)
def test_what_to_do_about_a_module_follows_from_where_its_name_is(facts: dict[str, Any], advice: str) -> None:
    known = {"asked": facts["name"], "installed": "", "tree": (), "without": ""}
    text = traced(f"ModuleNotFoundError: No module named '{facts['name']}'")
    error = SeenError(phase="import", dag="", text=text, line=0, module=SeenModule(**{**known, **facts}))

    found = only(image(file(errors=(error,))))

    assert found.kind == "import-error"
    assert advice in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "ImportError: cannot import name 'ConnectTimeoutError' from 'botocore.exceptions' (unknown location)",
        "NameError: name 'NewConnectionError' is not defined",
        "SyntaxError: invalid syntax",
    ],
)
def test_a_name_of_a_network_error_is_no_network_error(text: str) -> None:
    source = traced(text).replace("    x\n", "    from botocore.exceptions import ConnectTimeoutError\n")

    assert only(image(failed(source))).kind == "import-error"


def test_lines_of_source_that_speak_of_variables_and_hosts_say_nothing_of_the_error() -> None:
    source = traced("KeyError: 'x'").replace(
        "    x\n",
        "    raise KeyError('x')  # Variable region does not exist, gaierror, The conn_id `a` isn't defined\n",
    )

    assert only(image(failed(source))).kind == "import-error"


def test_what_led_to_an_error_counts_as_well() -> None:
    cause = traced("socket.gaierror: [Errno -3] Temporary failure in name resolution")
    last = traced("sales.NoRates: no rates")
    chain = f"{cause}\nThe above exception was the direct cause of the following exception:\n\n{last}"

    found = only(image(failed(chain)))

    assert found.kind == "network-access"
    assert "NoRates: no rates" in found.message


def test_a_class_that_only_a_plugin_can_register_is_not_told_to_be_a_plain_value() -> None:
    for said in (
        "Timetable class 'sales.Never' is not registered or you have a top level database access that disrupted",
        "Priority weight strategy class 'sales.First' is not registered or you have a top level database access",
        "Failed to serialize DAG 'sales': Unknown priority strategy sales.First",
        "PartitionMapper class 'sales.ByCountry' could not be imported or",
    ):
        assert "plugin" in only(image(failed(traced(f"X: {said}"), "serialize"))).hint


def test_a_cycle_is_at_the_line_that_names_the_task() -> None:
    text = "AirflowDagCycleException: Cycle detected in Dag: sales. Faulty task: load"
    seen = file(errors=(SeenError(phase="import", dag="", text=text, line=14),))

    assert only(image(seen)).kind == "cycle"
    assert only(image(seen)).line == 14


def test_a_dag_that_fails_after_its_import_does_not_serialize() -> None:
    text = traced("SerializationError: Timetable class 'unusual_prefix_" + "0" * 40 + "_sales.Never' is not registered")
    found = only(image(failed(text, "serialize")))

    assert found.kind == "not-serializable"
    assert "'sales.Never' is not registered" in found.message


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


def test_a_dag_id_of_two_files_is_reported_with_both() -> None:
    found = only(image(file("a.py", dags=(dag("sales", 5),)), file("b.py", dags=(dag("sales", 9),))))

    assert (found.kind, found.file, found.line) == ("duplicate-dag-id", "b.py", 9)
    assert "a.py, line 5" in found.message


def test_a_dag_that_a_file_imports_from_another_is_told_to_be_that() -> None:
    made = SeenDag(id="sales", line=5, origin=f"{ROOT}/b.py")
    found = only(image(file("a.py", dags=(made.model_copy(update={"line": 2}),)), file("b.py", dags=(made,))))

    assert (found.kind, found.file, found.line) == ("duplicate-dag-id", "a.py", 2)
    assert "imports the DAG 'sales' of b.py" in found.message


def test_a_dag_that_a_helper_makes_for_two_files_is_a_duplicate() -> None:
    made = SeenDag(id="sales", line=0, origin=f"{ROOT}/factory.py")

    assert "is also in a.py" in only(image(file("a.py", dags=(made,)), file("b.py", dags=(made,)))).message


def test_a_lost_dag_is_an_error_alone_and_a_warning_beside_another() -> None:
    lost = SeenLost(id="sales", line=4)

    assert only(image(file(lost=(lost,)), file("b.py", dags=(dag("b"),)))).severity == "error"
    assert only(image(file(lost=(lost,), dags=(dag("other"),)))).severity == "warning"


def test_a_dag_that_another_file_takes_from_where_it_is_made_is_not_lost() -> None:
    registry = file("registry.py", lost=(SeenLost(id="sales", line=4),))

    assert judged(image(registry, file("main.py", dags=(dag("sales"),)))) == []


def test_a_function_that_another_file_makes_its_dag_of_is_called() -> None:
    uncalled = SeenLost(id="sales", line=4, name="sales")

    assert only(image(file(uncalled=(uncalled,)), file("b.py", dags=(dag("b"),)))).kind == "lost-dag"
    assert judged(image(file(uncalled=(uncalled,)), file("b.py", dags=(dag("sales"),)))) == []


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


@pytest.mark.parametrize(
    "said",
    [{}, {"seconds": "now"}, {"seconds": 1, "dags": "all", "errors": [], "passed": True}, {"dags": ["x" * 5000]}],
)
def test_a_file_whose_process_says_something_else_is_an_error_and_no_other_is(said: dict[str, Any]) -> None:
    facts = image(file("good.py", dags=(dag("good"),))).model_dump(mode="json")
    facts["files"].append({"file": "liar.py", "seen": said})
    found = only(Observation.model_validate_json(json.dumps(facts)))

    assert (found.severity, found.kind, found.file) == ("error", "crashed", "liar.py")


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


def test_a_tree_without_a_dag_is_an_error() -> None:
    assert only(image(file())).kind == "no-dags"
    assert only(image()).kind == "no-dags"


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


def test_a_message_has_the_length_of_a_sentence() -> None:
    assert len(only(image(failed(traced(f"ValueError: {'x' * 5000}")))).message) < 500


def earlier(*files: SeenFile, **facts: Any) -> SeenVersion:
    known = {"version": "a81e07c455f2", "root": "/opt/airflow/dag-versions/a81e07c455f2", "failed": ""}
    return SeenVersion(**{**known, **facts}, files=files)


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


def test_the_same_dag_id_in_two_versions_is_no_duplicate() -> None:
    one = file(dags=(dag("sales"),))

    assert judged(image(one, earlier=(earlier(one),))) == []
    assert [
        found.version for found in judged(image(one, earlier=(earlier(one, file("b.py", dags=(dag("sales"),))),)))
    ] == ["a81e07c455f2"]


def test_an_earlier_version_that_cannot_be_imported_at_all_is_an_error() -> None:
    found = only(image(file(dags=(dag("sales"),)), earlier=(earlier(failed="RuntimeError: x"),)))

    assert (found.version, found.kind, found.severity) == ("a81e07c455f2", "airflow-broken", "error")


@pytest.mark.parametrize("place", ["<frozen os>", "/usr/lib/python3.11/os.py"])
def test_a_variable_of_the_environment_that_is_missing_has_its_line_for_the_env_file(place: str) -> None:
    trace = f"""Traceback (most recent call last):
  File "/dags/orders.py", line 3, in <module>
    TOKEN = os.environ["ORDERS_TOKEN"]
  File "{place}", line 679, in __getitem__
    raise KeyError(key) from None
KeyError: 'ORDERS_TOKEN'
"""
    of_environment = meaning(SeenError(phase="import", dag="", text=trace, line=0), parse(trace), "/dags", [])
    own = trace.replace(place, "/dags/helpers.py")
    of_a_dict = meaning(SeenError(phase="import", dag="", text=own, line=0), parse(own), "/dags", [])

    assert "Add the line ORDERS_TOKEN=… to the env file" in of_environment.hint
    assert "" == of_a_dict.hint
