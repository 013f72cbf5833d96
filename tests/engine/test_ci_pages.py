"""The examples of docs/how-to/ci.md for pull requests, run step by step as the runners do: bash, their variables.

What needs github.com or gitlab.com cannot be here. Steps of theirs (`uses:`) are not run, there is no login to a registry
that asks for none, and dagship is this one. Comments go to a small server of the tests that keeps them as the APIs do.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.model.artifacts import BaseImage
from tests.builders.ci_pages import TOKEN, Comments, comments_kept, example, run

DAG = """\
import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("orders", schedule={schedule!r}, start_date=pendulum.datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true")
"""
# What is somebody else's, or is there already.
NOT_HERE = ("pip install dagship", "docker login ")


@pytest.fixture
def comments() -> Iterator[Comments]:
    with comments_kept() as server:
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, base_3: BaseImage, registry: str) -> tuple[Path, str]:
    """A repository whose production is in the registry, and that has an edit; and the image of production."""
    root = tmp_path_factory.mktemp("repository")
    (root / "dags").mkdir()
    (root / "requirements.txt").write_text("")
    settings = {"base": base_3.reference, "requirements": "requirements.txt"}
    (root / "dagship.toml").write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / "dags" / "orders.py").write_text(DAG.format(schedule="@daily"))
    environment = {"DAGSHIP_REPOSITORY": f"{registry}/dagship-test/ci-pages"}
    run("dagship build && dagship test-image && dagship push", root, environment)
    pushed = json.loads((root / ".dagship" / "push.json").read_text())
    (root / "dags" / "orders.py").write_text(DAG.format(schedule="@hourly"))
    return root, f"{pushed['reference'].rpartition(':')[0]}@{pushed['digest']}"


def test_the_pull_request_on_github_says_what_changes_once(
    repository: tuple[Path, str], registry: str, comments: Comments, tmp_path: Path
) -> None:
    root, production = repository
    job = example(".github/workflows/pull-request.yml")["jobs"]["diff"]
    address = f"http://127.0.0.1:{comments.server_port}"
    known = {
        "vars.PRODUCTION_IMAGE": production,
        "github.token": TOKEN,
        "github.event.pull_request.number": "7",
    }
    runner = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": address,
        "GITHUB_REPOSITORY": "data/pipelines",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        **{
            name: value.replace("registry.example.com/data/airflow", f"{registry}/dagship-test/ci-pages")
            for name, value in job["env"].items()
        },
    }
    printed = []
    for _ in range(2):  # two pushes to the same pull request
        for step in job["steps"]:
            if "run" not in step or step["run"].startswith(NOT_HERE):
                continue
            given = {name: known[value.strip("${ }")] for name, value in step.get("env", {}).items()}
            printed.append(run(step["run"], root, {**runner, **given}))

    assert len(printed) == 8
    assert any(text.count("::warning file=dags/orders.py") for text in printed), printed[2]
    (comment,) = comments.kept.values()
    assert comment.startswith("<!-- dagship diff ")
    assert "`orders` changes in `dags/orders.py" in comment
    assert "`@daily` → `@hourly`" in comment.replace("`0 0 * * *`", "`@daily`").replace("`0 * * * *`", "`@hourly`")
    assert "What this release changes in Airflow" in (tmp_path / "summary.md").read_text()
    files = {path.name for path in (root / ".dagship" / "reports").iterdir()}
    assert {"diff.html", "diff.sarif", "test-image.sarif", "test-image.html"} <= files


def test_the_merge_request_on_gitlab_says_what_changes_once(
    repository: tuple[Path, str], registry: str, comments: Comments
) -> None:
    root, production = repository
    jobs = example(".gitlab-ci.yml, besides the jobs below")
    runner = {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"http://127.0.0.1:{comments.server_port}/api/v4",
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "7",
        "NOTES_TOKEN": TOKEN,
        "PRODUCTION_IMAGE": production,
        "DAGSHIP_REPOSITORY": f"{registry}/dagship-test/ci-pages",
    }
    run("dagship build", root, runner)
    for _ in range(2):
        run(jobs["test-image"]["script"], root, runner)
        run("\n".join(jobs["diff"]["script"]), root, runner)

    (note,) = comments.kept.values()
    assert note.startswith("<!-- dagship diff ")
    for job in jobs.values():
        for kept in job["artifacts"]["reports"].values():
            assert (root / kept).is_file(), kept
