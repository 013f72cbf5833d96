"""`test-image` on real images: one tree with a file for every kind of finding, Airflow 3.3.2 and 2.11.2."""

import io
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import images
from dagship.errors import UsageError
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.model.verify_report import Finding, VerifyReport
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.verify import verifier as verify
from dagship.workspace import Workspace
from tests.engine.broken_dags import TREE, dag, line_of
from tests.engine.conftest import Containers

Verify = Callable[..., VerifyReport]
# Each kind of finding is shown on both; what the test does around the files is Airflow 2's in wide.
AIRFLOWS = pytest.mark.parametrize("version", ["3.3.2", pytest.param("2.11.2", marks=pytest.mark.wide)])


@pytest.fixture
def verified(settings_for: Callable[..., Settings], workspace: Workspace, console: Console) -> Verify:
    def run(image: BuiltImage, pytest_path: Path | None = None, **flags: object) -> VerifyReport:
        return verify.verify(settings_for(**flags), workspace, console, image, pytest_path=pytest_path)

    return run


@pytest.fixture(scope="session")
def broken(
    image_of: Callable[..., BuiltImage], settings_for: Callable[..., Settings], workspace: Workspace
) -> Callable[[BaseImage], VerifyReport]:
    """The report on the whole tree, made once for each base."""
    reports: dict[str, VerifyReport] = {}

    def report(base: BaseImage) -> VerifyReport:
        if base.id not in reports:
            settings = settings_for(import_timeout=10, parse_budget=8)  # a busy machine takes seconds for any file
            reports[base.id] = verify.verify(settings, workspace, Console(stderr=sys.stderr), image_of(base, TREE))
        return reports[base.id]

    return report


# File, kind, text on the line that is blamed (none: the file as a whole), words of the message.
BROKEN = [
    ("import_error.py", "import-error", "import a_package", "No module named 'a_package_that_is_not_there'"),
    ("syntax_error.py", "import-error", "def broken(", "SyntaxError"),
    ("broken_helper.py", "import-error", "from helpers", "KeyError: 'orders' (helpers/tables.py, line 5)"),
    ("relies_on_it.py", "import-error", "import own_helper", "No module named 'own_helper'"),
    ("names_an_error.py", "import-error", "from sqlalchemy.exc", "cannot import name 'ConnectTimeoutError'"),
    ("by_its_folder.py", "import-error", "from dags.helpers", "No module named 'dags"),
    ("hidden.py", "import-error", "from sqlalchemy.orders", "No module named 'sqlalchemy.orders'"),
    ("read_only.py", "import-error", "open(", "Read-only file system"),
    ("cycle.py", "cycle", "second =", "Faulty task: second"),
    ("duplicate_two.py", "duplicate-dag-id", "with DAG", "'duplicate' is also in duplicate_one.py, line"),
    ("twice.py", "duplicate-dag-id", "with DAG", "More than one DAG of this file has the dag_id 'twice'"),
    ("imports_a_dag.py", "duplicate-dag-id", "", "imports the DAG 'exports' of exports.py"),
    ("never_called.py", "lost-dag", "def never_called", "Nobody calls never_called()"),
    ("kept_nowhere.py", "lost-dag", "made = DAG(", "makes the DAG 'kept_nowhere' and keeps it nowhere"),
    ("not_serializable.py", "not-serializable", "with DAG", "not_serializable.Never' is not registered"),
    ("timeout.py", "timeout", "time.sleep(60)", "stopped"),
    ("stubborn.py", "timeout", "time.sleep(60)", "killed after 15 s"),
    ("slow.py", "slow", "", "the budget is 8 s"),
    ("segfault.py", "crashed", "ctypes.string_at(0)", "SIGSEGV"),
    ("os_exit.py", "crashed", "os._exit(3)", "exit status 3"),
    ("sys_exit.py", "crashed", "sys.exit(4)", "sys.exit(4)"),
    ("variable.py", "missing-variable", "Variable.get", "'region_of_sales'"),
    ("connection.py", "missing-connection", "get_connection", "'warehouse'"),
    ("network.py", "network-access", "urlopen(", "api.example.test"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case[0])
def test_airflow_3_has_each_kind_of_error_with_its_line(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, case: tuple[str, str, str, str]
) -> None:
    check(broken(base_3), *case)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case[0])
def test_airflow_2_has_each_kind_of_error_with_its_line(
    broken: Callable[[BaseImage], VerifyReport], base_2: BaseImage, case: tuple[str, str, str, str]
) -> None:
    check(broken(base_2), *case)


def check(report: VerifyReport, file: str, kind: str, text: str, words: str) -> None:
    (found,) = of_file(report, file, "error")
    assert found.kind == kind
    assert words in found.message
    assert found.line == (line_of(TREE[file], text) if text else 0)


def of_file(report: VerifyReport, file: str, severity: str = "") -> list[Finding]:
    return [found for found in report.findings if found.file == file and severity in ("", found.severity)]


def test_nothing_else_is_an_error(broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage) -> None:
    """Not the good file, not what Airflow skips, and not the image."""
    blamed = {found.file for found in broken(base_3).findings if found.severity == "error"}

    assert blamed == {file for file, *_ in BROKEN}
    assert not broken(base_3).passed


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("import_error.py", "Add the package that has 'a_package_that_is_not_there'"),
        ("by_its_folder.py", "Write 'helpers'"),
        ("relies_on_it.py", "import 'own.own_helper'"),
        ("hidden.py", "Python finds before sqlalchemy of the DAG tree"),
        ("not_serializable.py", "Register the class in a plugin"),
    ],
)
def test_the_advice_fits_where_the_name_is(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage, file: str, advice: str
) -> None:
    for base in (base_3, base_2):
        (found,) = of_file(broken(base), file, "error")

        assert advice in found.hint


def test_files_that_airflow_skips_are_not_imported(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        files = {file.file for file in broken(base).files}

        assert files == {name for name in TREE if name.endswith(".py")} - {
            "notes.py", "ignored/never.py", "helpers/__init__.py", "helpers/tables.py", "own/own_helper.py",
            "sqlalchemy/orders.py",
        }  # fmt: skip


def test_a_network_access_that_goes_well_without_is_a_warning(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        (found,) = of_file(broken(base), "swallowed.py")

        assert (found.severity, found.kind) == ("warning", "network-access")
        assert found.line == line_of(TREE["swallowed.py"], "create_connection")
        assert "192.0.2.1" in found.message


def test_a_deprecation_is_a_warning_at_its_line(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        (found,) = of_file(broken(base), "deprecated.py")

        assert (found.severity, found.kind) == ("warning", "deprecation")
        assert found.line == line_of(TREE["deprecated.py"], "warnings.warn")


def test_what_airflow_deprecates_is_blamed_on_the_line_that_uses_it(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage
) -> None:
    (found,) = of_file(broken(base_3), "connection.py", "warning")

    assert "airflow.hooks.base" in found.message
    assert found.line == line_of(TREE["connection.py"], "from airflow.hooks.base")


def test_a_dag_that_is_lost_beside_another_is_a_warning(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        (found,) = of_file(broken(base), "one_of_two.py")

        assert (found.severity, found.kind) == ("warning", "lost-dag")
        assert found.line == line_of(TREE["one_of_two.py"], 'DAG("one"')


def test_a_dag_that_differs_from_process_to_process_is_told_with_the_place(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        (found,) = of_file(broken(base), "varies.py")

        assert (found.severity, found.kind) == ("warning", "varying-value")
        assert "dag.tasks.first.bash_command" in found.message
        assert "north" in found.message


def test_what_differs_between_the_processes_of_the_test_alone_is_not_told(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage, base_2: BaseImage
) -> None:
    for base in (base_3, base_2):
        assert of_file(broken(base), "takes_the_environment.py") == []


def test_an_airflowignore_that_airflow_cannot_read_is_told_as_that(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    (found,) = verified(image_of(base_3, {"sales.py": dag("sales"), ".airflowignore": b"\xff\n"})).findings

    assert found.kind == "airflow-broken"
    assert "cannot list the DAG files" in found.message
    assert ".airflowignore" in found.hint


def test_a_traceback_is_whole(broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage) -> None:
    (found,) = of_file(broken(base_3), "broken_helper.py")

    assert "/broken_helper.py" in found.traceback
    assert "/helpers/tables.py" in found.traceback
    assert "return NAMES['orders']" in found.traceback


def test_what_a_process_printed_before_it_died_is_kept(
    broken: Callable[[BaseImage], VerifyReport], base_3: BaseImage
) -> None:
    (found,) = of_file(broken(base_3), "os_exit.py")

    assert "no configuration" in found.traceback


# What changes the process that it is imported in, or what is around it. Each is a good DAG besides.
MEDDLING = {
    "closes_descriptors.py": dag("closes_descriptors", "import os\nos.closerange(3, 100)"),
    "ends_its_parent.py": dag("ends_its_parent", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    "forges.py": dag(
        "forges",
        "import glob, os\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    while True:\n"
        "        for path in glob.glob('/dagship/**', recursive=True) + ['/dagship/report.json']:\n"
        "            try:\n"
        "                open(path, 'w').write('{}')\n"
        "            except OSError:\n"
        "                pass\n",
    ),
    "has_a_lazy_module.py": dag(
        "has_a_lazy_module",
        "import sys, types\n"
        "class Lazy(types.ModuleType):\n"
        "    def __getattr__(self, name):\n"
        "        raise RuntimeError(name)\n"
        "sys.modules['lazy'] = Lazy('lazy')",
    ),
    "replaces_dumps.py": dag("replaces_dumps", "import json\njson.dumps = None"),
    "replaces_open.py": dag("replaces_open", "import builtins\nbuiltins.open = None"),
    "replaces_stdout.py": dag("replaces_stdout", "import sys\nsys.stdout = None"),
    "replaces_write.py": dag("replaces_write", "import os\nos.write = lambda *_: 0"),
    **{f"says_{number}.py": dag(f"says_{number}", "import sys\nsys.stdout.write('said')") for number in range(3)},
    "tidies.py": dag(
        "tidies",
        "import os, shutil\nfor name in os.listdir('/tmp'):\n    shutil.rmtree('/tmp/' + name, ignore_errors=True)",
    ),
    # What passes, or does not, for a reason that only the test would have.
    **dict.fromkeys(("dagship_inside.py", "verify.py", "pool.py", "worker.py"), "OWN = True\n"),
    "has_its_own.py": dag(
        "has_its_own",
        "import dagship_inside, pool, verify, worker\nassert dagship_inside.OWN and verify.OWN and pool.OWN and worker.OWN",
    ),
    "looks_about.py": dag("looks_about", "from plugins import lying_there"),
    "asks_the_database.py": dag(
        "asks_the_database", "from airflow import settings\nsettings.Session().connection().exec_driver_sql('SELECT 1')"
    ),
    "last.py": dag("last", "raise ValueError('as before')"),
}


@AIRFLOWS
def test_a_file_that_meddles_with_the_test_changes_no_verdict_but_its_own(
    version: str, verified: Verify, image_of: Callable[..., BuiltImage], base_of: Callable[[str], BaseImage]
) -> None:
    """Airflow 3's children answer on descriptor 0, and are refused the database; Airflow 2's are not."""
    lost = "Nothing came back of its import"
    both = {
        "ends_its_parent.py": lost,
        "looks_about.py": "ModuleNotFoundError: No module named 'plugins'",
        "last.py": "ValueError: as before",
    }
    of_3 = {"asks_the_database.py": "RuntimeError: Direct database access via the ORM is not allowed"}
    of_2 = {"closes_descriptors.py": lost}
    tree = {**MEDDLING, "lying_there.py": ""}
    expected = both | (of_3 if version == "3.3.2" else of_2)
    image = image_of(base_of(version), tree, "COPY dags/lying_there.py /opt/airflow/plugins/lying_there.py")
    report = verified(image)

    errors = {found.file: found.message for found in report.findings if found.severity == "error"}
    assert errors.keys() == expected.keys()
    assert all(errors[file].startswith(words) for file, words in expected.items()), errors
    good = {name.removesuffix(".py") for name, text in MEDDLING.items() if "with DAG" in text and name not in errors}
    assert {dag_id for file in report.files for dag_id in file.dags} == good


def test_a_value_that_varies_is_what_airflow_says_it_is(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    tree = {"sales.py": dag("sales").replace("start_date=START", "start_date=datetime.datetime.now()")}
    as_error = "ENV AIRFLOW__DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL=error"

    (found,) = verified(image_of(base_3, tree, as_error)).findings

    assert (found.severity, found.kind) == ("error", "varying-value")
    assert found.line == line_of(tree["sales.py"], "with DAG")


def test_an_env_file_gives_variables_and_connections_and_is_never_shown(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage, workspace: Workspace
) -> None:
    (workspace.root / "test.env").write_text(
        "AIRFLOW_VAR_REGION_OF_SALES=hunter2-region\nAIRFLOW_CONN_WAREHOUSE=http://user:hunter2-pass@warehouse\n"
    )
    shows = "from airflow.hooks.base import BaseHook\nraise ValueError(BaseHook.get_connection('warehouse').password)"
    tree = {name: TREE[name] for name in ("variable.py", "connection.py")} | {"shows.py": dag("shows", shows)}
    report = verified(image_of(base_3, tree), env_file="test.env")

    (found,) = (found for found in report.findings if found.severity == "error")
    assert (found.file, found.message) == ("shows.py", "ValueError: ***")
    assert "hunter2" not in report.model_dump_json()


def test_a_wrong_env_file_is_refused_before_anything_starts(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage, workspace: Workspace
) -> None:
    (workspace.root / "wrong.env").write_text("no value here\n")

    with pytest.raises(UsageError, match="Line 1 of the env file"):
        verified(image_of(base_3, {}), env_file="wrong.env")


def test_no_dag_an_airflow_that_moved_and_packages_that_do_not_fit_fail(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    broken = image_of(
        base_3, {"helpers.py": "X = 1\n"}, "USER 0",
        f"RUN set -- {base_3.prefix}/lib/python3*/site-packages && mkdir $1/needy-1.0.dist-info"
        " && printf 'Metadata-Version: 2.1\\nName: needy\\nVersion: 1.0\\nRequires-Dist: apache-airflow<1\\n'"
        " > $1/needy-1.0.dist-info/METADATA && printf 'x' > $1/needy-1.0.dist-info/INSTALLER",
    )  # fmt: skip
    report = verified(broken.model_copy(update={"airflow": "3.2.2"}))

    found = {found.kind: found.message for found in report.findings}
    assert found.keys() == {"airflow-moved", "pip-check", "no-dags"}
    assert "needy" in found["pip-check"]
    assert not report.passed


def test_what_the_base_alone_contradicts_is_told_apart_from_what_the_image_adds(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    def lacking(name: str) -> str:
        directory = f"{base_3.purelib}/{name}-1.0.dist-info"
        metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\nRequires-Dist: {name}-needs-this"
        return (
            f"USER 0\nRUN mkdir {directory} && printf x > {directory}/INSTALLER"
            f" && printf '{metadata}\\n' > {directory}/METADATA"
        )

    contradicting = image_of(base_3, {}, lacking("company"))
    base = base_3.model_copy(update={"reference": contradicting.reference})
    image = image_of(base, {"sales.py": dag("sales")}, lacking("added"))
    report = verified(image.model_copy(update={"base": base.reference}))

    added, of_base = report.findings
    assert (added.kind, added.severity) == (of_base.kind, "error")
    assert "added-needs-this" in added.message
    assert (of_base.kind, of_base.severity) == ("pip-check", "warning")
    assert "The packages of the base image do not fit one another" in of_base.message
    assert "company-needs-this" in of_base.message


def test_an_image_without_airflow_is_refused(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    image = image_of(base_3, {}, 'ENV PATH="/usr/bin:/bin"', "ENV VIRTUAL_ENV=")

    with pytest.raises(UsageError, match="holds no Airflow"):
        verified(image)


def test_local_settings_that_break_airflow_are_an_error_of_the_image(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    tree = {"airflow_local_settings.py": "raise RuntimeError('policy')\n", "sales.py": dag("sales")}
    report = verified(image_of(base_3, tree, "COPY dags/airflow_local_settings.py /opt/airflow/config/"))

    (found,) = report.findings
    assert (found.kind, found.file) == ("airflow-broken", "")
    assert "policy" in found.message


def test_local_settings_that_end_the_process_leave_a_report_and_no_container(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    tree = {"airflow_local_settings.py": "import os\nprint('no licence')\nos._exit(9)\n", "sales.py": dag("sales")}
    report = verified(image_of(base_3, tree, "COPY dags/airflow_local_settings.py /opt/airflow/config/"))

    (found,) = report.findings
    assert found.kind == "crashed"
    assert "exit status 9" in found.message
    assert "no licence" in found.traceback


def test_names_and_texts_of_a_hostile_tree_end_up_as_text(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    hostile = dag("hostile", "raise ValueError('\\x1b[2J' + chr(0xd800) + '[bold]' + 'x' * 10_000_000)")
    report = verified(image_of(base_3, {"$(id) [red] ${X}.py": hostile}))

    (found,) = report.findings
    assert found.file == "$(id) [red] ${X}.py"
    assert found.message.startswith("ValueError: \x1b[2J?[bold]xxx")
    assert len(report.model_dump_json()) < 200_000


@AIRFLOWS
def test_a_zip_of_dags_is_read_and_its_members_are_blamed(
    version: str, verified: Verify, image_of: Callable[..., BuiltImage], base_of: Callable[[str], BaseImage]
) -> None:
    members = {
        "main.py": dag("packed", "import zipped\nzipped.divide()"),
        "zipped.py": "def divide():\n    return 1 / 0\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    (found,) = verified(image_of(base_of(version), {"packed.zip": packed.getvalue()})).findings

    assert (found.kind, found.file) == ("import-error", "packed.zip")
    assert found.message == "ZeroDivisionError: division by zero (packed.zip/zipped.py, line 2)"


TESTS = """
import os

import pytest


def test_the_dags_are_there():
    from airflow.models import DagBag

    assert set(DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags) == {"sales"}


def test_what_is_not_so():
    assert 1 == 2, "one is not two"


@pytest.mark.skip
def test_of_another_day():
    pass
"""


@AIRFLOWS
def test_the_users_own_tests_run_in_the_image(
    version: str,
    verified: Verify,
    image_of: Callable[..., BuiltImage],
    base_of: Callable[[str], BaseImage],
    tmp_path: Path,
) -> None:
    (tmp_path / "test_sales.py").write_text(TESTS)
    image = image_of(base_of(version), {"sales.py": dag("sales")})
    report = verified(image, tmp_path)

    assert {test.name: test.outcome for test in report.tests} == {
        "test_sales.py::test_the_dags_are_there": "passed",
        "test_sales.py::test_what_is_not_so": "failed",
        "test_sales.py::test_of_another_day": "skipped",
    }
    (found,) = report.findings
    assert (found.kind, found.file) == ("test-failed", "test_sales.py::test_what_is_not_so")
    assert "one is not two" in found.message
    facts = images.inspect(image.reference)
    assert facts is not None
    assert facts.id == image.id


def test_tests_that_cannot_be_imported_fail(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage, tmp_path: Path
) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    report = verified(image_of(base_3, {"sales.py": dag("sales")}), tmp_path)

    (found,) = report.findings
    assert (found.kind, found.file) == ("test-failed", "test_broken.py")
    assert "nothing_of_that_name" in found.traceback


# What a file could use up, how it is told, and words of the finding.
GREEDY = {
    "hoards.py": ("""
from airflow import DAG
held = [b"x" * (1 << 26) for _ in range(1 << 20)]
""", "crashed", "SIGKILL"),
    "prints.py": ("""
from airflow import DAG
while True:
    print("x" * 10_000)
""", "timeout", "did not end in time"),
}  # fmt: skip


@pytest.mark.sampled
@pytest.mark.parametrize("name", GREEDY)
def test_a_file_that_would_use_up_the_machine_is_a_finding_and_the_others_keep_their_verdict(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage, name: str
) -> None:
    text, kind, words = GREEDY[name]
    image = image_of(base_3, {name: text, "good.py": dag("good")})
    report = verified(image, import_timeout=60 if kind == "crashed" else 8, container_memory=2048)

    (found,) = report.findings
    assert (name, kind) == (found.file, found.kind)
    assert words in found.message
    assert ("good",) in [file.dags for file in report.files]


FORKS = """
import os
from airflow import DAG
while True:
    try:
        os.fork()
        os.setsid()
    except OSError:
        pass
"""


@pytest.mark.wide  # a minute of all processors
def test_processes_without_end_that_nobody_can_name_end_with_the_test_and_it_fails(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    """Each leaves the session of the one before; they may take the memory that keeps the verdicts with them."""
    report = verified(image_of(base_3, {"forks.py": FORKS}), import_timeout=5, container_memory=2048)

    (found,) = report.findings
    assert found.kind in {"timeout", "crashed"}
    assert not report.passed


def test_a_test_that_does_not_end_is_a_finding_when_the_time_of_all_is_up(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage
) -> None:
    """What is no DAG file has no time of its own."""
    settings = "import time; print('waiting for a license'); time.sleep(600)"
    step = f'RUN echo "{settings}" > /opt/airflow/airflow_local_settings.py'
    image = image_of(base_3, {"sales.py": dag("sales")}, step, "ENV PYTHONPATH=/opt/airflow")
    report = verified(image, container_timeout=8)

    (found,) = report.findings
    assert ("timeout", "") == (found.kind, found.file)
    assert "The test as a whole did not end within 8 s, and was stopped." == found.message
    assert not report.passed


# Python reads it at its start: the import of DAGs is over at once, so that the time runs out within pytest.
STARTS = """
import os, sys, time
said = " ".join(sys.orig_argv)
if "import stem" in said:
    os._exit(3)
if "own_tests import" in said:
    print("waiting for a license", flush=True)
    time.sleep(600)
"""


def test_a_time_that_is_up_within_pytest_is_told_with_what_pytest_said(
    verified: Verify, image_of: Callable[..., BuiltImage], base_3: BaseImage, tmp_path: Path
) -> None:
    (tmp_path / "test_sales.py").write_text("def test_sales(): pass\n")
    copied = "COPY dags/sitecustomize.py /opt/airflow/sitecustomize.py"
    image = image_of(base_3, {"sitecustomize.py": STARTS}, copied, "ENV PYTHONPATH=/opt/airflow")
    report = verified(image, tmp_path, container_timeout=15)

    found = report.findings[-1]
    words = "The test as a whole did not end within 15 s, and was stopped while pytest ran the tests."
    assert ("timeout", words) == (found.kind, found.message)
    assert found.traceback.endswith("waiting for a license\n")


def test_ctrl_c_ends_the_test_and_leaves_no_container(
    image_of: Callable[..., BuiltImage], base_3: BaseImage, workspace: Workspace, containers_now: Containers
) -> None:
    image = image_of(base_3, {"endless.py": TREE["stubborn.py"]})
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from dagship.verify import verifier as verify
        from dagship.model.artifacts import BuiltImage
        from dagship.terminal.console import Console
        from dagship.settings_sources import load
        from dagship.workspace import Workspace

        root = Path({str(workspace.root)!r})
        image = BuiltImage.model_validate_json(sys.argv[1])
        verify.verify(load(root, {{"import_timeout": 300}}), Workspace(root), Console(), image)
    """)
    child = subprocess.Popen(
        [sys.executable, "-c", program, image.model_dump_json()], stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        assert _wait_for_import(child.pid)
    finally:
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=300)

    assert b"KeyboardInterrupt" in said
    for name in containers_now.names():
        if name.startswith(f"dagship-{child.pid}-"):
            containers_now.removed(name)
    assert not _containers(child.pid)


def _wait_for_import(owner: int) -> bool:
    """Waits until a container of a process is at its DAG file."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for container in _containers(owner):
            running = process.run(["docker", "exec", container, "sh", "-c", "cat /proc/[0-9]*/cmdline"]).stdout
            # A process that has Airflow for each of the two users, and the one that examines.
            if running.count("import stem") > 2:
                return True
    return False


def _containers(owner: int) -> set[str]:
    found = process.run(["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", f"name=^dagship-{owner}-"])
    return set(found.stdout.split())
