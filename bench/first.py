"""The first day: from a repository of many DAG files to a tested image, by stage."""

import os
import statistics
import sys
from pathlib import Path

from bench.project import REGISTRY, Project
from bench.table import Row
from bench.timing import run, spread
from bench.verify import COUNT, generate

_STAGES = ("init", "build", "test-image")


def rows(project: Project, rounds: int) -> list[Row]:
    """A repository that dagship never saw, in an engine that has the base image."""
    known = {"DAGSHIP_BASE": project.base, "DAGSHIP_REPOSITORY": f"{REGISTRY}/bench/first"}
    took = [_first(project.directory / f"first-{number}", known) for number in range(min(rounds, 3))]
    medians = [statistics.median(seconds) for seconds in zip(*took, strict=True)]
    return [
        Row(
            what=f"a repository of {COUNT} DAG files: from `init` to a tested image",
            against="",
            ours=spread(tuple(map(sum, took))),
            theirs="",
            result=", ".join(f"{stage} {median:.1f} s" for stage, median in zip(_STAGES, medians, strict=True)),
            bound="measured",
            met=True,
        )
    ]


def _first(directory: Path, known: dict[str, str]) -> tuple[float, ...]:
    """Seconds of each stage."""
    generate(directory / "dags")
    # Else the second repository is the image of the first.
    (directory / "dags" / "whose.txt").write_text(f"{directory} {os.getpid()}\n", encoding="utf-8")
    dagship = str(Path(sys.executable).with_name("dagship"))
    return tuple(run([dagship, stage], cwd=directory, env=known).seconds for stage in _STAGES)
