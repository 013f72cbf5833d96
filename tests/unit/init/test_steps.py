"""What of a Dockerfile is carried over."""

import pytest

from dagship.init import dockerfile, steps
from dagship.init.model import Seen


def judged(text: str, requirements: str = "requirements.txt") -> Seen:
    instructions = dockerfile.read(text)
    return steps.judge(
        instructions, "Dockerfile", requirements=requirements, carried=["dags", "src/dags", "requirements.txt"]
    )


def left(text: str, **more: str) -> list[tuple[str, str]]:
    return [(one.where, one.what) for one in judged(text, **more).left]


def test_debian_packages_become_a_setting_and_the_tidying_around_them_is_nothing() -> None:
    found = judged("USER root\nRUN apt-get update && apt-get install -y --no-install-recommends git libpq5=1.2 \\\n"
                   "  && apt-get clean && rm -rf /var/lib/apt/lists/*\nUSER airflow")  # fmt: skip

    assert [(one.name, one.value, one.why) for one in found.settings] == [
        ("system_packages", ("git", "libpq5=1.2"), "Debian packages (Dockerfile:2)")
    ]
    assert not found.left


@pytest.mark.parametrize("name", ["$PACKAGES", "./local.deb", "UPPER", "git;"])
def test_what_is_no_name_of_a_debian_package_is_left(name: str) -> None:
    found = judged(f'RUN apt-get install -y "{name}"')

    assert not found.settings
    assert [one.what for one in found.left] == ["RUN apt-get install"]


@pytest.mark.parametrize(
    "command",
    [
        "pip install --no-cache-dir -r requirements.txt",
        'pip install "apache-airflow==${AIRFLOW_VERSION}" -r /requirements.txt --constraint https://example.com/c.txt',
        "python -m pip install --upgrade pip setuptools",
    ],
)
def test_the_requirements_that_are_taken_and_airflow_itself_are_nothing_to_say(command: str) -> None:
    assert not judged(f"RUN {command}").left


def test_what_pip_installs_besides_is_told_with_the_file_to_write_it_into() -> None:
    (one,) = judged(
        "RUN pip install 'pandas>=2' apache-airflow-providers-ftp https://user:secret@example.com/a.whl"
    ).left

    assert one.instead == (
        "Write it into requirements.txt, one requirement in a line: "
        "pandas>=2, apache-airflow-providers-ftp, what it names by an address or a path."
    )


def test_packages_of_an_environment_of_their_own_are_not_advised_into_the_requirements() -> None:
    (one,) = judged("RUN python -m venv dbt && . dbt/bin/activate && pip install dbt-core").left

    assert (one.where, one.what) == ("Dockerfile:1", "RUN python, ., pip install")
    assert "requirements" not in one.instead


def test_each_other_step_is_left_by_its_line_and_shows_no_value() -> None:
    text = "ENV TOKEN=secret A=b\nENV OLD secret\nRUN curl -u me:secret https://example.com\nCOPY dags dags\nCOPY ./certs/ca.crt /c\n"

    found = judged(f'FROM a\n{text}ENTRYPOINT ["secret"]\nRUN ["secret"]\nVOLUME /x\nNONSENSE')

    assert [(one.where, one.what) for one in found.left] == [
        ("Dockerfile:2", "ENV TOKEN, A"), ("Dockerfile:3", "ENV OLD"), ("Dockerfile:4", "RUN curl"),
        ("Dockerfile:6", "COPY certs/ca.crt"), ("Dockerfile:7", "ENTRYPOINT"), ("Dockerfile:8", "RUN secret"),
        ("Dockerfile:9", "VOLUME"), ("Dockerfile:10", "a line that is no instruction"),
    ]  # fmt: skip


@pytest.mark.parametrize("source", [".", "./dags/", "dags/*", "src/dags", "requirements.txt"])
def test_what_is_carried_over_may_be_copied(source: str) -> None:
    assert not left(f"COPY --chown=airflow {source} /opt/airflow/")


def test_one_file_of_a_directory_goes_elsewhere_and_is_told() -> None:
    assert left("ADD dags/certs/ca.crt /usr/share/") == [("Dockerfile:1", "ADD dags/certs/ca.crt")]


def test_no_part_of_a_text_in_quotes_is_taken_for_a_program() -> None:
    text = "RUN curl -H 'x; secret-1' https://a && 'secret 2' | \"secret 3\nRUN sh -c 'secret 4\n"

    assert left(text) == [
        ("Dockerfile:1", "RUN a command that is not read here"),
        ("Dockerfile:2", "RUN a command that is not read here"),
    ]
    assert left("RUN curl -H 'x; secret-1' https://a && sudo X=1 make | tee b") == [
        ("Dockerfile:1", "RUN curl, make, tee")
    ]


def test_a_stage_before_the_last_is_told() -> None:
    assert left("FROM a AS first\nFROM b") == [("Dockerfile:1", "FROM: a stage before the last")]


def test_a_file_of_requirements_that_is_not_the_one_taken_is_told() -> None:
    (one,) = judged("RUN pip install -r other.txt").left

    assert one.instead.endswith(": what other.txt has.")
