"""Which assembled versions go, and that none goes that a process holds."""

import os
import subprocess
import sys
from pathlib import Path

from dagship.inside.versions.thin import kept

HOUR = 3600.0
USED = {"a": 100.0, "b": 200.0, "c": 300.0}
# A task: it holds a version, says so, and ends when it is told to.
HOLDER = """
import sys
from dagship.inside.versions.thin import kept
kept.hold(sys.argv[1], sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def test_the_newest_stay_and_so_does_what_was_used_lately() -> None:
    assert kept.removable(USED, 300.0 + 2 * HOUR, newest=5, recent=HOUR) == ()
    assert kept.removable(USED, 300.0 + 2 * HOUR, newest=1, recent=HOUR) == ("a", "b")
    assert kept.removable(USED, 150.0 + HOUR, newest=1, recent=HOUR) == ("a",)
    assert kept.removable(USED, 400.0, newest=0, recent=0.0) == ("a", "b", "c")


def test_of_many_that_were_used_lately_twenty_stay() -> None:
    used = {f"{number:02}": float(number) for number in range(25)}

    assert kept.removable(used, 30.0, newest=5, recent=HOUR) == ("00", "01", "02", "03", "04")


def test_a_clock_that_was_set_back_makes_nothing_old() -> None:
    assert kept.removable(USED, 50.0, newest=0, recent=HOUR) == ()


def place(tmp_path: Path, *versions: str) -> str:
    for age, version in enumerate(versions):
        (tmp_path / version / "dags").mkdir(parents=True)
        (tmp_path / version / "dags").chmod(0o555)
        (tmp_path / f".{version}.used").touch()
        os.utime(tmp_path / f".{version}.used", (1000 + age, 1000 + age))
    return str(tmp_path)


def there(tmp_path: Path) -> set[str]:
    return {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}


def test_what_another_process_holds_stays_until_it_ends(tmp_path: Path) -> None:
    root = place(tmp_path, "a", "b", "c")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, root, "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as task:
        assert task.stdout is not None
        assert task.stdout.readline() == "held\n"
        assert kept.prune(root, newest=0, recent=0.0) == 2
        assert there(tmp_path) == {"a"}
    assert kept.prune(root, newest=0, recent=0.0) == 1
    assert there(tmp_path) == set()


def test_what_this_process_holds_stays_until_it_lets_go(tmp_path: Path) -> None:
    root = place(tmp_path, "a", "b")
    kept.hold(root, "a")
    kept.hold(root, "a")
    assert kept.prune(root, newest=0, recent=0.0) == 1
    kept.release(root, "a")
    kept.release(root, "never-held")
    assert kept.prune(root) == 0  # it was used just now
    assert kept.prune(root, newest=0, recent=0.0) == 1


def test_holding_says_that_it_was_used(tmp_path: Path) -> None:
    root = place(tmp_path, "a", "b")
    kept.hold(root, "a")
    kept.release(root, "a")

    assert kept.prune(root, newest=1) == 1
    assert there(tmp_path) == {"a"}
