"""Puts the resolver and the installer beside the image's Python: `tools.main DIRECTORY`, run by that Python.

They get an environment of their own, so that nothing in Airflow's is moved, and come with hashes (tools.txt).
"""

import os
import subprocess
import sys

from ..shared import index

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools.txt")


def make(directory: str) -> None:
    """Makes the environment in `directory`; what is there already stays.

    Raises:
        SystemExit: The Python has nothing to install with, or the index failed.

    """
    try:
        import venv
    except ImportError:
        raise SystemExit(f"The Python at {sys.executable} has no venv module (Debian: python3-venv).") from None
    with index.environment() as env:
        venv.create(directory, symlinks=True, clear=False, with_pip=False)
        python = os.path.join(directory, "bin", "python")
        install = [*_pip(python, env), "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run([*install, "--requirement", LIST], env=env, check=False)
    if done.returncode != 0:
        raise SystemExit("The tools that resolve and install packages could not be installed; pip's words are above.")


def _pip(python: str, env: dict[str, str]) -> list[str]:
    """Returns the command of a pip that installs for `python`: the image's own, or the one that Python brings along."""
    # Before 22.3 pip could only serve the Python it runs on.
    own = [sys.executable, "-m", "pip", "--python", python]
    if subprocess.run([*own, "--version"], env=env, check=False, capture_output=True).returncode == 0:
        return own
    bundled = subprocess.run([python, "-m", "ensurepip"], env=env, check=False, capture_output=True)
    if bundled.returncode == 0:
        return [python, "-m", "pip"]
    raise SystemExit(
        f"The Python at {sys.executable} has neither pip 22.3 or newer nor ensurepip, so nothing can be installed for "
        "it. Install pip in the base image (Debian: python3-venv or python3-pip)."
    )


if __name__ == "__main__":
    make(sys.argv[1])
