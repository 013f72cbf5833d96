"""Who runs a rollout, and in which job."""

import getpass
import socket
from datetime import UTC, datetime, timedelta

import pytest

from dagship.record.actor import job, signature, who

GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/dags", "GITHUB_RUN_ID": "77",
}  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "user", "address"),
    [
        (GITHUB, "octocat", "https://github.com/acme/dags/actions/runs/77"),
        (
            {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ada", "CI_JOB_URL": "https://gitlab.example/acme/dags/-/jobs/5"},
            "ada",
            "https://gitlab.example/acme/dags/-/jobs/5",
        ),
        (
            {"BUILDKITE": "true", "BUILDKITE_BUILD_CREATOR": "Ada L.", "BUILDKITE_BUILD_URL": "https://b.example/1"},
            "Ada L.",
            "https://b.example/1",
        ),
        ({"CIRCLECI": "true", "CIRCLE_USERNAME": "ada", "CIRCLE_BUILD_URL": "https://c.example/1"}, "ada", "https://c.example/1"),
        (
            {"JENKINS_URL": "https://j.example/", "BUILD_USER_ID": "ada", "BUILD_URL": "https://j.example/job/1/"},
            "ada",
            "https://j.example/job/1/",
        ),
    ],
    ids=["github", "gitlab", "buildkite", "circleci", "jenkins"],
)  # fmt: skip
def test_each_ci_system_says_who_and_where(environ: dict[str, str], user: str, address: str) -> None:
    assert who(environ) == user
    assert job(environ) == address


def test_outside_of_ci_it_is_the_user_on_this_machine_and_no_job() -> None:
    assert who({}) == f"{getpass.getuser()}@{socket.gethostname()}"
    assert job({}) == ""


def test_a_job_that_names_nobody_is_run_by_the_user_on_that_machine() -> None:
    assert who({"JENKINS_URL": "https://j.example/"}).endswith(f"@{socket.gethostname()}")
    assert who({"GITLAB_CI": "true", "GITLAB_USER_LOGIN": ""}).endswith(f"@{socket.gethostname()}")


def test_a_job_without_an_address_is_known_by_its_system() -> None:
    assert job({"GITLAB_CI": "true"}) == "gitlab_ci"


def test_what_the_environment_says_is_no_format() -> None:
    hostile = {**GITHUB, "GITHUB_REPOSITORY": "{GITHUB_TOKEN}", "GITHUB_TOKEN": "ghp_secret"}

    assert "ghp_secret" not in job(hostile)
    assert "{GITHUB_TOKEN}" in job(hostile)


def test_nobody_fills_the_record_with_a_name() -> None:
    long = {**GITHUB, "GITHUB_ACTOR": "x" * 10_000, "GITHUB_REPOSITORY": "y" * 10_000}

    assert len(who(long)) == len(job(long)) == 300


def test_a_user_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under any uid."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)

    assert who({}) == f"{2**31 - 7}@{socket.gethostname()}"


def test_what_is_signed_says_who_where_and_when() -> None:
    signed = signature(GITHUB)

    assert (signed.who, signed.job) == ("octocat", "https://github.com/acme/dags/actions/runs/77")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(signed.when)) < timedelta(minutes=1)
