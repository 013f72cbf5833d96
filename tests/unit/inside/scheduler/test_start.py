"""What is sent to a scheduler's container, run alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from dagship.airflow import scheduler_python
from dagship.inside.scheduler.answer import MARK


@pytest.mark.parametrize("question", [one for one in get_args(scheduler_python.Question) if one != "piped"])
def test_every_question_is_asked_by_what_is_sent_alone(question: scheduler_python.Question, tmp_path: Path) -> None:
    """Where there is no Airflow it says so, and a variable is known all the same: no module is missing."""
    _, *argv = scheduler_python.argv(question, "PATH", command="")
    said = subprocess.run([sys.executable, *argv], capture_output=True, text=True, cwd=tmp_path, env={"PATH": "/x"})
    answer = json.loads(said.stdout.rpartition(MARK)[2])

    assert answer.get("value", answer.get("error")) in {"/x", "ModuleNotFoundError: No module named 'airflow'"}
