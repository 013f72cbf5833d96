"""Runs the user's own tests in the image: `WORK/tests`, with the image's pytest, or else the one in `WORK/pytest`."""

import json
import os
import sys
from typing import Any

from ..verify.importer import dag_bag, home
from ..verify.importer.examine import shortened

_MOST = 10_000
_LONGEST = 1000


class Recorder:
    """The pytest plugin that keeps what came out."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Takes the three phases of a test as one: it failed if any did."""
        test = self._test(report)
        test["seconds"] += report.duration
        if report.failed:
            self._failed(test, report)
        elif report.skipped and test["outcome"] == "passed":
            test["outcome"] = "skipped"

    def pytest_collectreport(self, report: Any) -> None:
        """Takes a file that cannot be imported as a test that failed."""
        if report.failed:
            self._failed(self._test(report), report)

    def _test(self, report: Any) -> dict[str, Any]:
        line = (getattr(report, "location", None) or ("", None, ""))[1]
        new = {"outcome": "passed", "seconds": 0.0, "line": 0 if line is None else line + 1, "message": "", "text": ""}
        return self.tests.setdefault(report.nodeid, new)

    def _failed(self, test: dict[str, Any], report: Any) -> None:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = report.longreprtext
        test["outcome"] = "failed"
        test["message"] = beginning(getattr(crash, "message", "") or text.strip().rpartition("\n")[2])
        test["text"] = shortened(text)


def beginning(message: str) -> str:
    """Returns a message without what is too long, nor the word at the cut: half a secret is not known as one."""
    if len(message) <= _LONGEST:
        return message
    return message[: max(message.rfind(space, 0, _LONGEST) for space in (" ", "\n")) + 1] + "…"


def main(work: str, result: str) -> None:
    """Runs the tests; what came out goes to `WORK/out/RESULT`, a name that no DAG file could know."""
    home.be_like_airflow()
    home.settle(work)
    root = dag_bag.load().root
    sys.path.append(root)
    sys.path.append(os.path.join(work, "pytest"))  # last: what the image has goes first
    os.chdir(os.path.join(work, "tests"))
    sys.path.insert(0, os.getcwd())
    import pytest

    recorder = Recorder()
    options = ["--rootdir=.", "--color=no", "-p", "no:cacheprovider", "--basetemp=/tmp/dagship-pytest"]
    code = int(pytest.main([*options, "."], plugins=[recorder]))
    tests = [dict(test, name=name) for name, test in list(recorder.tests.items())[:_MOST]]
    with open(os.path.join(work, "out", result), "w", encoding="utf-8", errors="replace") as file:
        json.dump({"code": code, "tests": tests}, file, ensure_ascii=False)
    sys.stdout.flush()
    os._exit(0)
