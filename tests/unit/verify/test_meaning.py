"""What one import error means: its kind, its sentence, and what to do."""

from typing import Any

import pytest

from dagship.verify.meaning import meaning
from dagship.verify.observation import (
    SeenError,
    SeenModule,
)
from dagship.verify.tracebacks import parse
from tests.builders.observations import failed, file, image, only, traced


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
