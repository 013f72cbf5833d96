"""Renders every branch of the image templates into a directory, one file each: for hadolint, and for a look.

.venv/bin/python script/dockerfiles.py DIRECTORY
"""  # noqa: INP001 - a script

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from dagship.dockerfile import Recipe, render, render_preparing

PLAIN = Recipe(
    base="registry.example/airflow@sha256:" + "0" * 64,
    python="/home/airflow/.local/bin/python",
    prefix="/home/airflow/.local",
    user="50000:0",
    dag_version="3f9c2a71d0b4",
)
STAGES: dict[str, dict[str, Any]] = {
    "lock": {"with_tools": True, "with_lock": True},
    "runtime": {"with_runtime": True, "versions_layer": True},
    "deps-runtime": {"with_tools": True, "with_deps": True, "with_runtime": True},
    "own-runtime": {"with_tools": True, "with_own": True, "with_runtime": True, "versions_layer": True},
    "deps-own-runtime": {"with_tools": True, "with_deps": True, "with_own": True, "with_runtime": True},
    "moves-runtime": {"with_tools": True, "with_deps": True, "with_runtime": True, "moves": True, "user_base": "/x"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "system": {"system_packages": ("libpq5", "git")},
    "versions": {"earlier": ("a81e07c455f2", "b81e07c455f2"), "bundles": '[{"name":"dags-folder"}]'},
    "compilers": {"build_packages": ("gcc", "libpq-dev")},
    "home": {"home": "3f9c2a71", "environment": (("AIRFLOW__CORE__PLUGINS_FOLDER", "/opt/airflow/plugins"),)},
}


def main(directory: Path) -> None:
    """Renders each set of stages with each set of options, and what runs commands above an image."""
    chosen = [set_ for count in range(len(OPTIONS) + 1) for set_ in itertools.combinations(OPTIONS, count)]
    for stages, options in itertools.product(STAGES, chosen):
        fields = STAGES[stages] | {name: value for option in options for name, value in OPTIONS[option].items()}
        file = directory / ("-".join((stages, *options)) + ".Dockerfile")
        file.write_text(render(replace(PLAIN, **fields)), encoding="utf-8")
    recipe = replace(PLAIN, **STAGES["runtime"])
    for name, network in (("prepare", False), ("prepare-network", True)):
        text = render_preparing(recipe, network=network, memory=1 << 30)
        (directory / f"{name}.Dockerfile").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
