"""A question that takes the place of Airflow's process, with its environment."""

import json
import subprocess
import sys
from pathlib import Path

from dagship.airflow import scheduler_python
from dagship.inside.scheduler.answer import MARK


def test_it_asks_as_the_process_of_the_command_with_its_environment_and_directory(tmp_path: Path) -> None:
    started = tmp_path / "airflow"
    started.write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    scheduler = [sys.executable, str(started), "dagship-x-scheduler"]
    _, *argv = scheduler_python.argv("variable", "OF_IT", command="dagship-x-scheduler")
    with subprocess.Popen(scheduler, stdout=subprocess.PIPE, env={"OF_IT": "its own"}, cwd=tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        said = subprocess.run([sys.executable, *argv], capture_output=True, text=True, env={"OF_IT": "mine"})
        process.kill()

    assert json.loads(said.stdout.rpartition(MARK)[2])["value"] == "its own"
