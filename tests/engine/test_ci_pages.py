"""The examples of docs/how-to/ci.md, run job by job and step by step as the runners do: bash, and their variables.

What needs github.com or gitlab.com cannot be here, nor is there a cluster. Comments go to a small server of the tests
that keeps them as the APIs do.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.model.artifacts import BaseImage
from tests.builders.ci_pages import TOKEN, Comment, Comments, comments_kept, example, run
from tests.engine import ci_runners

DAG = """\
import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("orders", schedule={schedule!r}, start_date=pendulum.datetime(2026, 1, 1), catchup=False):
    BashOperator(task_id="load", bash_command="true")
"""
# It is there, and nobody answers.
KUBECONFIG = json.dumps({
    "apiVersion": "v1", "kind": "Config", "current-context": "ci",
    "clusters": [{"name": "ci", "cluster": {"server": "http://127.0.0.1:1"}}],
    "contexts": [{"name": "ci", "context": {"cluster": "ci", "user": "ci"}}],
    "users": [{"name": "ci", "user": {"token": "x"}}],
})  # fmt: skip


@pytest.fixture
def comments() -> Iterator[Comments]:
    with comments_kept() as server:
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, base_3: BaseImage, registry: str) -> tuple[Path, str]:
    """A repository whose production is in the registry, and that has an edit; and the image of production."""
    root = tmp_path_factory.mktemp("repository")
    (root / "dags").mkdir()
    (root / "requirements").mkdir()
    (root / "requirements" / "dags.in").write_text("")
    (root / "dagship.toml").write_text(f"base = {json.dumps(base_3.reference)}\n")
    (root / ".gitignore").write_text(".dagship/\n")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / "dags" / "orders.py").write_text(DAG.format(schedule="@daily"))
    environment = {"DAGSHIP_REPOSITORY": f"{registry}/dagship-test/ci-pages"}
    run("dagship lock && dagship build && dagship test-image && dagship push", root, environment)
    pushed = json.loads((root / ".dagship" / "push.json").read_text())
    (root / "dags" / "orders.py").write_text(DAG.format(schedule="@hourly"))
    author = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", "-C", root, "add", "--all"], check=True)
    subprocess.run(["git", *author, "-C", root, "commit", "--quiet", "--message=Hourly"], check=True)
    return root, f"{pushed['reference'].rpartition(':')[0]}@{pushed['digest']}"


def test_the_pull_request_on_github_says_what_changes_once(
    repository: tuple[Path, str], registry: str, comments: Comments, tmp_path: Path
) -> None:
    root, production = repository
    workflow = _of_the_registry(example("# .github/workflows/pull-request.yml"), registry)
    known = {
        "vars.PRODUCTION_IMAGE": production,
        "github.token": TOKEN,
        "github.event.pull_request.number": "7",
    }
    runner = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": f"http://127.0.0.1:{comments.server_port}",
        "GITHUB_REPOSITORY": "data/pipelines",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    printed = ci_runners.github(workflow, root, tmp_path, environment=runner, known=known)

    assert printed["diff"].count("::warning file=dags/orders.py") == 1, printed["diff"]
    (comment,) = comments.of_the_bot
    assert comment.startswith("<!-- dagship diff ")
    assert "`orders` changes in `dags/orders.py" in comment
    assert "`@daily` → `@hourly`" in comment.replace("`0 0 * * *`", "`@daily`").replace("`0 * * * *`", "`@hourly`")
    assert "What this release changes in Airflow" in (tmp_path / "summary.md").read_text()
    files = {path.name for path in (tmp_path / "artifacts" / "reports").iterdir()}
    assert {"diff.html", "diff.sarif", "test-image.sarif", "test-image.html"} <= files


def test_the_merge_request_on_gitlab_says_what_changes_once(
    repository: tuple[Path, str], registry: str, comments: Comments, tmp_path: Path
) -> None:
    root, production = repository
    pipeline = example("# .gitlab-ci.yml\n") | example("# .gitlab-ci.yml, besides the jobs above")
    comments.add(Comment("assigned to @octocat", by="octocat", system=True))
    runner = {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"http://127.0.0.1:{comments.server_port}/api/v4",
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_REGISTRY_IMAGE": f"{registry}/dagship-test/ci-pages",
        "NOTES_TOKEN": TOKEN,
        "PRODUCTION_IMAGE": production,
    }
    printed = ci_runners.gitlab(pipeline, root, tmp_path, environment=runner)

    assert [*printed] == ["lock", "build", "test-image", "diff", "push", "rollout"]
    (note,) = comments.of_the_bot
    assert note.startswith("<!-- dagship diff ")
    assert "Importing the DAGs" in printed["test-image"]
    assert "Importing the DAGs" not in printed["diff"]  # it was handed on what the test saw
    assert "is not in the registry" not in printed["push"]
    assert _is_pushed(tmp_path / "rollout")


@pytest.mark.wide
def test_the_one_job_on_github_brings_its_image_to_the_registry(
    repository: tuple[Path, str], registry: str, tmp_path: Path
) -> None:
    workflow = _of_the_registry(example("# .github/workflows/image.yml"), registry)
    known = {"secrets.KUBECONFIG": KUBECONFIG}
    ci_runners.github(workflow, repository[0], tmp_path, environment={"GITHUB_ACTIONS": "true"}, known=known)

    assert _is_pushed(tmp_path / "image")
    assert {path.name for path in (tmp_path / "artifacts" / "reports").iterdir()} >= {"test-image.html"}


@pytest.mark.wide
def test_jobs_of_their_own_on_github_have_all_that_they_need(
    repository: tuple[Path, str], registry: str, tmp_path: Path
) -> None:
    """Also the image, which goes from one job to the next as a file."""
    workflow = _of_the_registry(example("env:\n"), registry)
    known = {"secrets.KUBECONFIG": KUBECONFIG}
    ran = ci_runners.github(workflow, repository[0], tmp_path, environment={"GITHUB_ACTIONS": "true"}, known=known)

    assert [*ran] == ["lock", "build", "test-image", "push", "rollout"]
    assert {path.name for path in (tmp_path / "artifacts" / "report" / "reports").iterdir()} >= {"test-image.html"}
    assert _is_pushed(tmp_path / "rollout")
    assert [*(tmp_path / "push" / ".dagship" / "cache" / "snapshots").iterdir()]


def _of_the_registry(workflow: dict[str, object], registry: str) -> dict[str, object]:
    """The workflow of a repository whose images go to the registry of the tests."""
    text = json.dumps(workflow).replace("registry.example.com/data/airflow", f"{registry}/dagship-test/ci-pages")
    found: dict[str, object] = json.loads(text)
    return found


def _is_pushed(job: Path) -> bool:
    """Whether a job has what a rollout takes: the digest of the image that was pushed, and the settings."""
    return "sha256:" in (job / ".dagship" / "push.json").read_text() and (job / "dagship.toml").exists()
