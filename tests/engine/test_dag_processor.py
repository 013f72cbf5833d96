"""What `test-image` says of a file is what Airflow's own dag-processor makes of it; where not, it was decided."""

import base64
import io
import json
from collections.abc import Callable

import pytest

from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.model.verify_report import VerifyReport
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import verifier
from dagship.workspace import Workspace
from tests.engine import dag_processor
from tests.engine.broken_dags import TREE
from tests.engine.dag_processor import Pass

# Minutes of all processors.
pytestmark = pytest.mark.wide

# Airflow's example DAGs as its wheels bring them, with the plugins that they are written for.
_PLUGINS = """
import importlib, pkgutil
from airflow.example_dags import plugins
from airflow.plugins_manager import AirflowPlugin
for found in pkgutil.iter_modules(plugins.__path__):
    for name, value in vars(importlib.import_module(plugins.__name__ + "." + found.name)).items():
        if isinstance(value, type) and issubclass(value, AirflowPlugin) and value is not AirflowPlugin:
            globals()[name] = value
"""
_TAKE = f"""\
set -e
here=$(python -c 'import airflow; print(airflow.__path__[0])' | tail -n 1)
root=/opt/airflow/dag-versions/0123456789ab/dags
mkdir -p $root /opt/airflow/plugins
cp -r $here/example_dags $root/examples
rm -r $root/examples/plugins
[ ! -d $here/providers/standard ] || cp -r $here/providers/standard/example_dags $root/standard
echo {base64.b64encode(_PLUGINS.encode()).decode()} | base64 -d >/opt/airflow/plugins/examples.py
chmod -R a+rX $root /opt/airflow/plugins
"""
_EXAMPLES = (
    "USER 0",
    f"RUN {json.dumps(['bash', '-c', _TAKE])}",
    "ENV AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/plugins",
    "USER 50000",
)
_LIMITS = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "15",
    # So much later that a busy machine has the import's own end told first.
    "AIRFLOW__CORE__DAG_FILE_PROCESSOR_TIMEOUT": "40",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "40",
}

# Where the test refuses what Airflow takes without a word, some of it in Airflow 2 alone; findings.md names each.
STRICTER = {
    "duplicate_two.py": "duplicate-dag-id",
    "twice.py": "duplicate-dag-id",
    "imports_a_dag.py": "duplicate-dag-id",
    "never_called.py": "lost-dag",
    "kept_nowhere.py": "lost-dag",
    "os_exit.py": "crashed",
    "segfault.py": "crashed",
    "stubborn.py": "timeout",
}
STRICTER_2 = {"sys_exit.py": "crashed"}


@pytest.fixture(scope="module", params=["3.3.2", "2.11.2"])
def compared(
    request: pytest.FixtureRequest,
    base_of: Callable[[str], BaseImage],
    image_of: Callable[..., BuiltImage],
    settings_for: Callable[..., Settings],
    workspace: Workspace,
) -> tuple[VerifyReport, Pass]:
    """The verdict on the examples and the broken tree, and what Airflow makes of them, in one image."""
    image = image_of(base_of(request.param), TREE, *_EXAMPLES)
    settings = settings_for(import_timeout=15, parse_budget=60)
    report = verifier.verify(settings, workspace, Console(stderr=io.StringIO()), image)
    return report, dag_processor.passed(image.reference, **_LIMITS)


def refused(report: VerifyReport) -> dict[str, str]:
    return {found.file: found.kind for found in report.findings if found.severity == "error"}


def test_every_file_that_airflow_refuses_is_refused_and_no_other(compared: tuple[VerifyReport, Pass]) -> None:
    report, airflow = compared
    stricter = STRICTER | (STRICTER_2 if report.airflow.startswith("2.") else {})

    assert refused(report) == {file: refused(report).get(file, "passed") for file in airflow.errors} | stricter


def test_every_file_has_the_dags_that_airflow_stores(compared: tuple[VerifyReport, Pass]) -> None:
    report, airflow = compared
    by_chance = {"duplicate", "exports"}  # which of the two files that have one is stored with it
    compares = {file.file for file in report.files} - set(refused(report)) - {"duplicate_one.py", "exports.py"}

    assert {file.file: set(file.dags) for file in report.files if file.file in compares} == {
        file: airflow.dags.get(file, set()) - by_chance for file in compares
    }


def test_airflows_own_examples_pass(compared: tuple[VerifyReport, Pass]) -> None:
    report, _ = compared
    examples = {file.file for file in report.files if file.file.startswith(("examples/", "standard/"))}

    assert len(examples) > 50
    assert {file: kind for file, kind in refused(report).items() if file in examples} == {}
