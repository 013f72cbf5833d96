"""What the API server is asked about before an install: the workloads in what Helm would make."""

import json

import pytest

from dagship.release import rehearsal

JOB = "kind: Job\nmetadata: {name: a}\n"


@pytest.mark.parametrize("text", ["=", "<<", "2024-02-01", "2024-02-30", "2001-12-14 21:59:43.10 -5"])
def test_text_that_helm_prints_without_quotes_stays_text_that_json_can_hold(text: str) -> None:
    (found,) = rehearsal.workloads(f"kind: Service\n---\n{JOB}spec: {{env: [{{name: X, value: {text} }}]}}\n---\n")

    assert json.loads(json.dumps(found))["spec"]["env"] == [{"name": "X", "value": text}]


@pytest.mark.parametrize("value", ["[", "0x_", "!!timestamp [a]", "!!bool x", "!!python/name:os.getcwd ''"])
def test_what_cannot_be_read_is_not_asked_about_and_helm_goes_on(value: str) -> None:
    assert rehearsal.workloads(f"{JOB}spec: {value}\n") == ()
