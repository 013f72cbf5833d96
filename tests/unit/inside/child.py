"""A program in a process of its own, for what forks or hooks."""

import json
import os
import subprocess
import sys
from typing import Any


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
