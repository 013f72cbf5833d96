"""The steps of the CI pages that put one comment: run as the runners do, with a report, and with nobody's GitHub or GitLab.

Comments go to a small server of the tests that keeps them as the two APIs do.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.report.markdown.document import Sink, markdown
from dagship.report.outline import release
from dagship.report.places import Places
from tests.builders.ci_pages import SOMEBODY, TOKEN, Comment, Comments, comments_kept, example, run
from tests.builders.release_documents import HOSTILE, document, many

PLACES = Places(dags="dags")
TEXTS = [
    markdown(release.outline(document(" ".join(HOSTILE)), PLACES), Sink.COMMENT, of="dags"),
    markdown(release.outline(many(tasks=4), PLACES), Sink.COMMENT, of="dags"),
]


def others(count: int) -> list[Comment]:
    """What others say, one of them in words of ours, and what GitLab notes by itself."""
    talk = [Comment(f"Number {number}.", by=SOMEBODY, system=number % 2 == 0) for number in range(count)]
    return [*talk, Comment(TEXTS[0], by=SOMEBODY)]


@pytest.fixture
def comments() -> Iterator[Comments]:
    with comments_kept() as server:
        server.add(*others(120))
        yield server


def put(root: Path, text: str) -> None:
    (root / ".dagship" / "reports").mkdir(parents=True, exist_ok=True)
    (root / ".dagship" / "reports" / "diff.md").write_text(text, encoding="utf-8")


def check(comments: Comments, step: str, root: Path, variables: dict[str, str]) -> None:
    said = len(comments.kept)
    for text in TEXTS:
        put(root, text)
        run(step, root, variables)

        assert comments.of_the_bot == [text]
        comments.add(*others(120))  # until the next push
    assert len(comments.kept) == 3 * said + 1
    with pytest.raises(AssertionError, match="401"):
        run(step, root, {name: value.replace(TOKEN, "another") for name, value in variables.items()})


def test_on_github_each_run_replaces_the_one_comment(comments: Comments, tmp_path: Path) -> None:
    steps = example("# .github/workflows/pull-request.yml")["jobs"]["diff"]["steps"]
    (step,) = [one["run"] for one in steps if "comment" in one.get("name", "")]
    address = f"http://127.0.0.1:{comments.server_port}"
    github = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "data/pipelines", "PULL_REQUEST": "7", "TOKEN": TOKEN}

    check(comments, step, tmp_path, github)


def test_on_gitlab_each_run_replaces_the_one_note(comments: Comments, tmp_path: Path) -> None:
    (step,) = [one for one in example("# .gitlab-ci.yml, besides")["diff"]["script"] if "curl" in one]
    address = f"http://127.0.0.1:{comments.server_port}/api/v4"
    gitlab = {"CI_API_V4_URL": address, "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "7", "NOTES_TOKEN": TOKEN}

    check(comments, step, tmp_path, gitlab)
