"""Where reports go."""

from pathlib import Path

from dagship.report.destinations import Ci, Format, around, by_themselves

FORMATS: tuple[Format, ...] = ("html", "markdown", "sarif", "code_quality", "junit")
HERE = Path(".dagship/reports")


def test_the_ci_around_is_known_by_its_variables() -> None:
    assert around({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/tmp/s"}) == Ci("github", "/tmp/s")
    assert around({"GITLAB_CI": "true"}) == Ci("gitlab")
    assert around({"CI": "true"}) == Ci()


def test_each_ci_gets_what_it_shows() -> None:
    assert by_themselves(Ci(), FORMATS, HERE, "diff") == {}
    assert by_themselves(Ci("github"), FORMATS, HERE, "test-image") == {
        "html": HERE / "test-image.html",
        "markdown": HERE / "test-image.md",
        "sarif": HERE / "test-image.sarif",
    }
    assert set(by_themselves(Ci("gitlab"), FORMATS, HERE, "test-image")) == {
        "html",
        "markdown",
        "code_quality",
        "junit",
    }
    assert "junit" not in by_themselves(Ci("gitlab"), FORMATS[:4], HERE, "diff")
