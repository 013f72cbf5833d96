"""Jobs of GitHub Actions and of GitLab CI as their runners run them: each in a checkout of its own, and all that it gets
of those before it are the artifacts that these name.

Steps of others (`uses:`) are not run, but for those that hand files on, which is done here as they do it. There is no
login to a registry that asks for none, dagship is this one, and no cluster is there to be rolled out to.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.builders.ci_pages import run

_NOT_HERE = ("pip install dagship", "docker login ", "dagship rollout")
_NO_JOBS = frozenset({"image", "stages", "workflow", "variables", "default"})


def checkout(repository: Path, at: Path) -> Path:
    """Clones a repository."""
    subprocess.run(["git", "clone", "--quiet", repository, at], check=True)
    return at


def github(
    workflow: Mapping[str, Any],
    repository: Path,
    scratch: Path,
    *,
    environment: Mapping[str, str],
    known: Mapping[str, str],
) -> dict[str, str]:
    """Runs a workflow; returns what each job printed, which ran in the directory of its name.

    Args:
        workflow: The workflow.
        repository: What is checked out.
        scratch: Where jobs run, and where artifacts are.
        environment: Variables, those of the workflow's own over them.
        known: What expressions mean.

    """

    def meant(text: object) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: known[found[1]], str(text))

    printed: dict[str, str] = {}
    for name, job in workflow["jobs"].items():
        at, set_later = scratch / name, scratch / f"{name}.env"
        set_later.touch()
        temporary = scratch / f"{name}.temp"
        temporary.mkdir()
        printed[name] = ""
        for step in job["steps"]:
            uses, given = step.get("uses", "").partition("@")[0], step.get("with", {})
            if uses == "actions/checkout":
                checkout(repository, at)
            elif uses == "actions/upload-artifact":
                _upload(at, given, scratch / "artifacts")
            elif uses == "actions/download-artifact":
                artifact = scratch / "artifacts" / given["name"]
                shutil.copytree(artifact, at / given.get("path", "."), dirs_exist_ok=True)
            elif "run" in step and not step["run"].startswith(_NOT_HERE):
                later = dict(line.split("=", 1) for line in set_later.read_text().splitlines())
                own = {**workflow.get("env", {}), **job.get("env", {}), **later, **step.get("env", {})}
                variables = {**environment, "GITHUB_ENV": str(set_later), "RUNNER_TEMP": str(temporary)}
                in_runner = {"runner.temp": str(temporary)}
                known = {**known, **in_runner}
                script = step["run"].replace(" && dagship rollout", "")
                printed[name] += run(script, at, {**variables, **{key: meant(value) for key, value in own.items()}})
    return printed


def _upload(at: Path, given: Mapping[str, Any], artifacts: Path) -> None:
    """As actions/upload-artifact does: what the paths have in common is left out of the names."""
    paths = given["path"].split()
    fixed = [re.split(r"/?[^/]*\*", path)[0] for path in paths]
    is_file = len(paths) == 1 and (at / paths[0]).is_file()
    root = (at / paths[0]).parent if is_file else Path(os.path.commonpath([at / path for path in fixed]))
    found = [file for path in paths for file in _files(at, path)]
    hidden = [file for file in found if any(part.startswith(".") for part in file.relative_to(at).parts)]
    assert not hidden or given.get("include-hidden-files"), hidden
    for file in found:
        kept = artifacts / given["name"] / file.relative_to(root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept)


def _files(at: Path, path: str) -> list[Path]:
    found = [file for one in at.glob(path) for file in ([one] if one.is_file() else one.rglob("*")) if file.is_file()]
    assert found, f"there is no {path}"
    return found


def gitlab(
    pipeline: Mapping[str, Any], repository: Path, scratch: Path, *, environment: Mapping[str, str]
) -> dict[str, str]:
    """Runs a pipeline by its stages; returns what each job printed, which ran in the directory of its name.

    Args:
        pipeline: The pipeline.
        repository: What is checked out.
        scratch: Where jobs run, and where artifacts are.
        environment: Variables, which those of the pipeline may name.

    """
    variables = dict(environment)
    for name, value in pipeline["variables"].items():
        variables[name] = re.sub(r"\$(\w+)", lambda found: variables[found[1]], value)
    stages = {stage: number for number, stage in enumerate(pipeline["stages"])}
    jobs = {name: job for name, job in pipeline.items() if name not in _NO_JOBS}
    printed: dict[str, str] = {}
    for name, job in sorted(jobs.items(), key=lambda one: (stages[one[1]["stage"]], "needs" in one[1])):
        at = checkout(repository, scratch / name)
        before = [other for other in printed if stages[jobs[other]["stage"]] < stages[job["stage"]]]
        for other in job.get("needs", before):
            assert other in printed, f"{name} needs {other}, which does not run before it"
            if (scratch / "artifacts" / other).exists():
                shutil.copytree(scratch / "artifacts" / other, at, dirs_exist_ok=True)
        lines = _lines(job["script"])
        printed[name] = run("\n".join(lines), at, variables)
        artifacts = job.get("artifacts", {})
        for path in artifacts.get("paths", ()) if lines else ():
            for file in _files(at, path):
                kept = scratch / "artifacts" / name / file.relative_to(at)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, kept)
        for report in artifacts.get("reports", {}).values():
            assert (at / report).is_file(), report
    return printed


def _lines(script: "str | Iterable[str]") -> list[str]:
    lines = [script] if isinstance(script, str) else script
    return [line for line in lines if not line.startswith(_NOT_HERE)]
