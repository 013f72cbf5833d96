"""Reads the engine's account of a build: the layers of the image, and the seconds of each stage."""

import re
from collections.abc import Iterable, Sequence

from dagship.dockerfile import Recipe
from dagship.model.artifacts import Layer


def layers(history: tuple[tuple[str, int], ...], recipe: Recipe) -> tuple[Layer, ...]:
    """Names the layers of one of our images, lowest first; those of the base are added up.

    Args:
        history: Instruction and bytes of each step, newest first.
        recipe: What the image was built from: which of our steps are in it.

    """
    ours = [(f"ADD dags/{recipe.dag_version}.tar", "DAGs")]
    if recipe.onto:
        return _named(history, ours, "what runs")
    ours += [(f"ADD dags/{version}.tar", f"DAGs of {version}") for version in recipe.earlier]
    ours += [("ADD home.tar", "plugins and config (not pinned to runs)")] if recipe.home else []
    ours += [("ADD versions.tar", "DAG bundles and sync")] if recipe.versions_layer else []
    ours += [("COPY /opt/dagship/own-prefix/", "packages of the project")] if recipe.with_own else []
    ours += [("COPY /opt/dagship/prefix/", "requirements")] if recipe.with_deps else []
    ours += [("/mnt/install/remove.py", "former versions, taken out")] if recipe.moves else []
    ours += [("--no-install-recommends", "system packages")] if recipe.system_packages else []
    return _named(history, ours, "base")


def _named(history: Iterable[tuple[str, int]], ours: Sequence[tuple[str, str]], rest: str) -> tuple[Layer, ...]:
    named: list[Layer] = []
    below = 0
    for instruction, count in history:
        if len(named) == len(ours):
            below += count
        elif ours[len(named)][0] in instruction:
            named.append(Layer(what=ours[len(named)][1], bytes=count))
    return (Layer(what=rest, bytes=below), *reversed(named))


_VERTEX = re.compile(r"^#(\d+) \[(?:\S+ )?(\S+) +\d+/\d+\]")
_INTERNAL = re.compile(r"^#(\d+) (\[internal\]|exporting|pushing)")
_DONE = re.compile(r"^#(\d+) DONE (\d+(?:\.\d+)?)s")


def seconds_by_stage(log: str) -> dict[str, float]:
    """Adds up the seconds of each stage from BuildKit's plain progress: `#7 [deps 2/3] RUN …`, `#7 DONE 0.3s`."""
    stages: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for line in log.splitlines():
        if vertex := _VERTEX.match(line):
            stages.setdefault(vertex[1], vertex[2])
        elif internal := _INTERNAL.match(line):
            stages.setdefault(internal[1], "context" if internal[2] == "[internal]" else "export")
        elif done := _DONE.match(line):
            stage = stages.get(done[1], "other")
            seconds[stage] = round(seconds.get(stage, 0.0) + float(done[2]), 3)
    return seconds
