"""The code that runs inside an image, as far as it needs no Airflow. What forks or hooks has a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagship.inside.verify.importer import examine, warm_up


def run(program: str, *arguments: str) -> Any:
    """Runs a program with the modules of `inside` at hand, and returns the JSON it prints last."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


# Examines a file by running it; the process is as it was unless the file says `leaves`.
STEM = """
import os, socket, sys
from dagship.inside.verify.importer import stem, worker

pid = os.getpid

def examine(path):
    source = open(path).read()
    exec(compile(source, path, "exec"), {"__name__": "dag"})
    return {"pid": pid()}, "leaves" not in source

on_stdin, limit, *paths, descriptor = sys.argv[1:]
limits = [float(limit)] * len(paths)
share = worker.Share(paths, limits, lambda: None, examine, on_stdin=bool(on_stdin))
stem.serve(socket.socket(fileno=int(descriptor)), {}, [share])
"""
POOL = """
import json, os, sys
from dagship.inside.verify import pool as pools
from dagship.inside.verify.stem_handle import Stem

pools._END_SECONDS = 1.0
stem, workers, on_stdin, limit, *paths = sys.argv[1:]
started = Stem([sys.executable, "-c", stem, on_stdin, limit, *paths], 2)
started.start()
progress = []
pool = pools.Pool(started, 0, [float(limit)] * len(paths), int(workers))
print(json.dumps([pool.run(progress.append), progress]))
started.stop()
"""


def pooled(
    tmp_path: Path, *sources: str, workers: int = 1, limit: float = 30.0, on_stdin: str = ""
) -> list[dict[str, Any]]:
    paths = [tmp_path / f"{number}.py" for number in range(len(sources))]
    for path, source in zip(paths, sources, strict=True):
        path.write_text(source)
    outcomes, progress = run(POOL, STEM, str(workers), on_stdin, str(limit), *map(str, paths))
    assert progress[-1] == f"{len(sources)} of {len(sources)} files"
    return list(outcomes)


def test_files_that_leave_no_trace_share_a_process(tmp_path: Path) -> None:
    outcomes = pooled(tmp_path, "", "", "")

    assert len({outcome["seen"]["pid"] for outcome in outcomes}) == 1


def test_a_file_that_leaves_a_trace_is_the_last_of_its_process(tmp_path: Path) -> None:
    first, second, third = (outcome["seen"]["pid"] for outcome in pooled(tmp_path, "", "leaves = 1", ""))

    assert first == second != third


def test_every_file_gets_an_outcome_with_several_processes(tmp_path: Path) -> None:
    outcomes = pooled(tmp_path, *["leaves = 1", ""] * 10, workers=4)

    assert all(outcome["seen"] for outcome in outcomes)


@pytest.mark.parametrize(
    ("source", "death"),
    [
        ("import os; os._exit(3)", {"exit": 3, "signal": "", "killed": False}),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", {"exit": 0, "signal": "SIGSEGV", "killed": False}),
        ("import os; os.kill(os.getpid(), 40)", {"exit": 0, "signal": "signal 40", "killed": False}),
        ("import time; time.sleep(60)", {"exit": 0, "signal": "SIGKILL", "killed": True}),
        ("import os, time; os.fork(); time.sleep(60)", {"exit": 0, "signal": "SIGKILL", "killed": True}),
    ],
)
def test_a_process_that_dies_takes_its_own_file_alone(tmp_path: Path, source: str, death: dict[str, Any]) -> None:
    before, dead, after = pooled(tmp_path, "", f"print('said')\n{source}", "", limit=1.5)

    assert before["seen"]
    assert after["seen"]
    assert {key: dead["died"][key] for key in death} == death
    assert "said" in dead["died"]["log"]


@pytest.mark.parametrize(
    "source", ["\nimport os\nos._exit(3)", "\n\nimport os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
)
def test_a_process_that_dies_says_at_which_line(tmp_path: Path, source: str) -> None:
    (dead,) = pooled(tmp_path, source)

    assert '0.py", line 3 in <module>' in dead["died"]["log"]


def test_a_file_cannot_catch_the_fault_that_kills_it(tmp_path: Path) -> None:
    caught = "import os, signal\nsignal.signal(signal.SIGSEGV, lambda *_: None)\nos.kill(os.getpid(), signal.SIGSEGV)"

    assert pooled(tmp_path, caught)[0]["died"]["signal"] == "SIGSEGV"


def test_a_file_that_forks_is_reported_once(tmp_path: Path) -> None:
    (outcome,) = pooled(tmp_path, "import os\nif os.fork():\n    os.wait()")

    assert outcome["seen"]


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.write = os.read = None",
        "import os; os.write = lambda *_: 0",
        "import json, struct; json.dumps = json.JSONEncoder = struct.Struct = None",
        "import os; os._exit = os.getpid = None",
        "import sys; sys.stdout = sys.stderr = sys.stdin = None",
        "import os\nfor n in range(3, 40):\n    try: os.write(n, b'[0, {}, true]\\n{\\n')\n    except OSError: pass",
    ],
)
def test_a_file_that_replaces_what_the_test_needs_is_examined_like_any_other(tmp_path: Path, source: str) -> None:
    before, there, after = pooled(tmp_path, "leaves = 1", f"{source}\n'leaves'", "")

    assert before["seen"]
    assert there["seen"]
    assert after["seen"]


CLOSES = "import os; os.closerange(3, 100)"


@pytest.mark.parametrize(
    "source",
    [
        CLOSES,
        f"{CLOSES}; [os.open('/dev/null', os.O_RDWR) for _ in range(40)]",
        "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getppid(), signal.SIGSTOP)",
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_nothing_comes_back_of_is_told_apart_and_others_keep_their_outcome(
    tmp_path: Path, source: str, workers: int
) -> None:
    lost, *others = pooled(tmp_path, source, "", "leaves = 1", "", workers=workers)

    assert lost["seen"] is None
    assert lost["died"]["lost"] is True
    assert all(other["seen"] for other in others)


def test_what_airflow_3_survives_is_survived(tmp_path: Path) -> None:
    assert pooled(tmp_path, CLOSES, on_stdin="yes")[0]["seen"]


def test_a_file_that_ends_with_the_tests_own_status_has_ended_the_process(tmp_path: Path) -> None:
    (dead,) = pooled(tmp_path, "import os; os._exit(70)")

    assert (dead["died"]["exit"], dead["died"]["lost"]) == (70, False)


def test_an_answer_is_about_the_file_that_was_given(tmp_path: Path) -> None:
    forged = '[1, {"forged": true}, true]'
    writes = f"import os\nfor n in range(3, 40):\n    try: os.write(n, b'{forged}\\n')\n    except OSError: pass"
    first, second = pooled(tmp_path, writes, "leaves = 1")

    assert first["seen"]
    assert "forged" not in second["seen"]


def test_no_files_have_no_outcomes() -> None:
    assert run(POOL, STEM, "2", "", "1")[0] == []


WATCH = """
import json, sys
root, path = sys.argv[1:]
from dagship.inside.verify.importer.audit import Watch
watch = Watch(root)
watch.start()
sys.path.append(root)
try:
    exec(compile(open(path).read(), path, "exec"), {"__name__": "dag"})
except OSError:
    pass
print(json.dumps({"network": watch.network, "warnings": watch.warnings}))
"""


def watched(tmp_path: Path, source: str, **helpers: str) -> dict[str, list[dict[str, Any]]]:
    tree = tmp_path / "dags"
    tree.mkdir()
    (tree / "dag.py").write_text(source)
    for name, text in helpers.items():
        (tree / f"{name}.py").write_text(text)
    return dict(run(WATCH, str(tree), str(tree / "dag.py")))


@pytest.mark.parametrize(
    "source",
    [
        "import socket\nsocket.create_connection(('127.0.0.9', 9), 1)",
        "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.9', 9))",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.9:9/', timeout=1)",
    ],
)
def test_a_host_that_is_reached_for_is_noted_with_the_line(tmp_path: Path, source: str) -> None:
    assert watched(tmp_path, source)["network"] == [{"host": "127.0.0.9", "file": "dag.py", "line": 2}]


def test_a_host_that_a_helper_reaches_for_is_noted_with_the_helpers_line(tmp_path: Path) -> None:
    helper = "import socket\n\ndef call():\n    socket.create_connection(('127.0.0.9', 9), 1)\n"
    seen = watched(tmp_path, "import calls\ncalls.call()", calls=helper)

    assert seen["network"] == [{"host": "127.0.0.9", "file": "calls.py", "line": 4}]


def test_sockets_of_the_machine_itself_are_no_network(tmp_path: Path) -> None:
    source = "import socket\nsocket.socket(socket.AF_UNIX).connect_ex('/nothing')\nsocket.getaddrinfo('localhost', 80)"

    assert watched(tmp_path, source)["network"] == []


def test_a_deprecation_is_noted_with_the_line_that_it_is_blamed_on(tmp_path: Path) -> None:
    helper = "import warnings\n\ndef old():\n    warnings.warn('use new()', DeprecationWarning, stacklevel=2)\n"
    seen = watched(tmp_path, "import helper\n\nhelper.old()\nhelper.old()", helper=helper)

    assert [(event["file"], event["line"], event["message"]) for event in seen["warnings"]] == [
        ("dag.py", 3, "use new()"),
        ("dag.py", 4, "use new()"),
    ]


def test_a_warning_in_a_loop_is_noted_once(tmp_path: Path) -> None:
    source = "import warnings\nfor _ in range(9):\n    warnings.warn('old', FutureWarning)"

    assert len(watched(tmp_path, source)["warnings"]) == 1


def test_what_is_no_deprecation_is_not_noted(tmp_path: Path) -> None:
    assert watched(tmp_path, "import warnings\nwarnings.warn('look')")["warnings"] == []


def test_what_libraries_say_among_themselves_is_not_noted(tmp_path: Path) -> None:
    library = tmp_path / "library.py"
    library.write_text("import warnings\nwarnings.warn('old', DeprecationWarning)\n")

    assert watched(tmp_path, f"import sys\nsys.path.append({str(tmp_path)!r})\nimport library")["warnings"] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from airflow.sdk import DAG, task", [("airflow.sdk", ("DAG", "task"))]),
        ("from airflow.sdk import (\n    DAG,\n    task as t,\n)", [("airflow.sdk", ("DAG", "task"))]),
        ("import airflow.models", [("airflow.models", ())]),
        (
            "try:\n    from airflow.sdk import DAG\nexcept ImportError:\n    from airflow import DAG",
            [("airflow.sdk", ("DAG",)), ("airflow", ("DAG",))],
        ),
        ("def late():\n    from airflow.sdk import DAG", []),
        ("import airflowish\nfrom helpers import airflow", []),
        ("# from airflow.sdk import DAG", []),
    ],
)  # fmt: skip
def test_what_a_file_asks_of_airflow_at_its_top_is_found(source: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(warm_up.imports(source)) == found


def test_a_warm_up_survives_what_cannot_be_read_or_imported(tmp_path: Path) -> None:
    (tmp_path / "dag.py").write_text("import airflow.not_there")

    warm_up.warm_up([str(tmp_path / "dag.py"), str(tmp_path / "nothing.py")])


@pytest.mark.parametrize(
    "leave",
    [
        "os.environ['DAGSHIP_TEST_LEFT'] = '1'",
        "os.chdir('/')",
        "sys.modules['helpers'] = types.ModuleType('helpers')",
        "warnings.simplefilter('error', BytesWarning)",
        "threading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
        "sys.meta_path.append(None)",
        "sys.stdout = None",
        "sys.argv.append('more')",
        "os.umask(0)",
        "os.write = None",
        "json.dumps = None",
        "builtins.open = lambda *_: None",
        "os.close(0)",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "signal.alarm(60)",
        "logging.getLogger().setLevel(1)",
        "logging.disable()",
        "locale.setlocale(locale.LC_ALL, 'C.UTF-8' if locale.setlocale(locale.LC_ALL) == 'C' else 'C')",
        "socket.setdefaulttimeout(1)",
        "decimal.getcontext().prec = 5",
        "subprocess.Popen(['sleep', '1'])",
        "sys.modules['json'] = types.ModuleType('json')",
        "sys.modules['lazy'] = type('Lazy', (), {'__getattr__': lambda self, name: 1 / 0})()",
    ],
)
def test_a_process_is_not_the_same_after(tmp_path: Path, leave: str) -> None:
    program = f"""
import builtins, decimal, json, locale, logging, os, signal, socket, subprocess, sys, threading, time, types, warnings
from dagship.inside.verify.importer.side_effects import Trace
write = os.write
os.chdir({str(tmp_path)!r})
trace = Trace("/dags")
unchanged = trace.restored()
{leave}
changed = not trace.restored()
write(1, b"\\n[%s, %s]" % tuple(str(each).lower().encode() for each in (unchanged, changed)))
"""

    assert run(program) == [True, True]


def test_modules_of_the_tree_and_the_search_path_are_taken_back(tmp_path: Path) -> None:
    for name in ("helpers/tables.py", "plain/names.py", "dag.py", "dag.zip/main.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "helpers" / "__init__.py").write_text("")
    program = f"""
import json, sys
from dagship.inside.verify.importer.side_effects import Trace
path = list(sys.path)
trace = Trace({str(tmp_path)!r})
sys.path.append({str(tmp_path)!r})
import colorsys, dag, helpers.tables, plain.names
same = trace.restored()
left = [name for name in ("dag", "helpers", "helpers.tables", "plain", "plain.names") if name in sys.modules]
print(json.dumps([same, left, sys.path == path, "colorsys" in sys.modules]))
"""

    assert run(program) == [True, [], True, True]


def test_a_module_of_a_package_stays_and_is_a_trace(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "library.py").write_text("")
    program = f"""
import json, sys
from dagship.inside.verify.importer.side_effects import Trace
sys.path.append({str(tmp_path / "packages")!r})
trace = Trace({str(tmp_path / "dags")!r})
import library
print(json.dumps([trace.restored(), "library" in sys.modules]))
"""

    assert run(program) == [False, True]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('DAG(\n    "sales",\n)', 2),
        ("DAG(dag_id='sales')", 1),
        ("\n@dag\ndef sales():\n    pass", 3),
        ("DAG('sales_eu')", 0),
    ],
)
def test_the_line_that_names_a_dag_is_found(source: str, line: int) -> None:
    assert examine.line_of(source, "sales") == line


def test_a_long_text_keeps_its_head_and_its_tail() -> None:
    short = examine.shortened("a" * 100_000 + "the end")

    assert short.startswith("aaa")
    assert short.endswith("the end")
    assert len(short) < examine.TEXT_LIMIT + 100


def test_a_mark_stands_at_each_end_of_what_is_left_out_of_a_long_text() -> None:
    half = examine.TEXT_LIMIT // 2

    assert f"{'a' * half}…\n100 characters left out\n…{'c' * half}" == examine.shortened(
        "a" * half + "b" * 100 + "c" * half
    )


def test_no_part_of_a_word_is_left_where_the_message_of_a_test_is_cut() -> None:
    program = "import json, sys; from dagship.inside.own_tests.main import beginning; print(json.dumps(beginning(sys.argv[1])))"

    for before in ("word " * 198, "line\n" * 198):  # 990 characters
        assert f"{before}…" == run(program, before + "correct-horse-battery")
    assert "a short one" == run(program, "a short one")
    assert "…" == run(program, "x" * 1001)
