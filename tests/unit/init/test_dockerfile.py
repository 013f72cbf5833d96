"""A Dockerfile's instructions."""

from dagship.init import dockerfile

TEXT = """\
# syntax=docker/dockerfile:1
ARG AIRFLOW_VERSION="3.1.8"
FROM apache/airflow:${AIRFLOW_VERSION}-python3.12 AS base

run --mount=type=cache,target=/c apt-get update && \\
    # why

    apt-get install -y git
RUN <<EOF
echo one
echo two
EOF
USER airflow
"""


def test_an_instruction_has_its_line_and_all_that_it_goes_on_with() -> None:
    found = [(one.line, one.word, one.rest) for one in dockerfile.read(TEXT)]

    assert found[2:] == [
        (5, "RUN", "apt-get update && apt-get install -y git"),
        (9, "RUN", "echo one\necho two"),
        (13, "USER", "airflow"),
    ]


def test_the_base_is_the_last_from_with_arguments_put_in() -> None:
    base = dockerfile.base(dockerfile.read(TEXT))

    assert base is not None
    assert (base.line, base.rest) == (3, "apache/airflow:3.1.8-python3.12")


def test_an_argument_may_have_a_default_where_it_is_used() -> None:
    base = dockerfile.base(dockerfile.read("FROM scratch\nFROM apache/airflow:${V:-2.11.2}"))

    assert base is not None
    assert base.rest == "apache/airflow:2.11.2"


def test_a_file_that_ends_in_the_middle_of_something_is_read_to_its_end() -> None:
    assert [one.rest for one in dockerfile.read("RUN a \\")] == ["a"]
    assert [one.rest for one in dockerfile.read("RUN <<EOF\na")] == ["a"]
    assert dockerfile.read("FROM")[0].rest == ""
    assert dockerfile.base(dockerfile.read("FROM")) is not None
    assert dockerfile.base(dockerfile.read("RUN a")) is None
