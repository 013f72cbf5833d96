"""Puts pytest into a directory: `install_pytest.main DIRECTORY`, run by the image's Python in a build."""

import os
import subprocess
import sys

from ..shared import index

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytest.txt")


def install(directory: str) -> None:
    """Installs exactly what the list says.

    Raises:
        SystemExit: The image has no pip, or the index failed.

    """
    with index.environment() as env:
        if subprocess.run([sys.executable, "-m", "pip", "--version"], env=env, check=False).returncode != 0:
            raise SystemExit("The image has no pip to install pytest with; put pytest into the requirements.")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
        ]
        done = subprocess.run(
            [*pip, "--no-compile", "--target", directory, "--requirement", LIST], env=env, check=False
        )
    if done.returncode != 0:
        raise SystemExit("pytest could not be installed; pip's words are above.")


if __name__ == "__main__":
    install(sys.argv[1])
