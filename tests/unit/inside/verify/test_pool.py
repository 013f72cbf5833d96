"""Processes that examine files: given out, heard, ended. Left out: an Airflow."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.inside.child import run

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
