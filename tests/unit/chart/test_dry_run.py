"""What the API server is asked about before an install: the workloads in what Helm would make."""

import json
from typing import TYPE_CHECKING, cast

import pytest
from urllib3 import HTTPResponse

from dagship.chart import dry_run, install
from dagship.cluster import failures
from dagship.cluster.api import Cluster
from dagship.errors import UsageError

if TYPE_CHECKING:
    from dagship.cluster.calls import Call
    from dagship.cluster.transport import Transport

JOB = "kind: Job\nmetadata: {name: a}\n"
IS_INVALID = 'Job.batch "a-" is invalid: spec.template.spec.volumes[0].hostPath.path: Invalid value: "../x"'
A_RULE = (
    "jobs.batch \"a-\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: nothing in default"
)
UNREADABLE = 'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal number into Go struct field'


class Server:
    """An API server that refuses to make anything, and has nothing; it knows what was asked of it."""

    server = "https://server"

    def __init__(self, status: int, said: str) -> None:
        self.status, self.said = status, said
        self.asked: list[str] = []

    def send(self, call: "Call") -> HTTPResponse:
        self.asked.append(f"{call.method} {call.path}{' dry' if ('dryRun', 'All') in call.query else ''}")
        if call.method == "GET":
            return HTTPResponse(b'{"metadata": {}, "items": []}')
        raise failures.of_response(self.status, json.dumps({"message": self.said}), call.what)


def prepare(server: Server, *, create: bool) -> None:
    cluster = Cluster(cast("Transport", server), namespace="air", context="tests", patience=0)
    install._prepare(cluster, "air", f"{JOB}spec: {{}}\n", create=create)


@pytest.mark.parametrize(("create", "asked"), [(False, "air"), (True, "default")])
@pytest.mark.parametrize(("status", "said"), [(422, IS_INVALID), (400, UNREADABLE)])
def test_what_the_server_would_refuse_is_refused_before_anything_is_changed(
    create: bool, asked: str, status: int, said: str
) -> None:
    """Where the namespace is not there, another one is asked; a Job that failed is left too."""
    server = Server(status, said)

    with pytest.raises(UsageError, match="The API server would refuse job/a"):
        prepare(server, create=create)

    assert server.asked == [f"POST /apis/batch/v1/namespaces/{asked}/jobs dry"]


@pytest.mark.parametrize(
    ("status", "said"), [(422, A_RULE), (400, 'admission webhook "x" denied the request: strict decoding')]
)
def test_the_rules_of_another_namespace_do_not_count(status: int, said: str) -> None:
    server = Server(status, said)

    prepare(server, create=True)

    assert server.asked == ["POST /apis/batch/v1/namespaces/default/jobs dry"]
    with pytest.raises(UsageError):
        prepare(server, create=False)


@pytest.mark.parametrize("create", [False, True])
def test_who_may_not_ask_installs_all_the_same(create: bool) -> None:
    prepare(Server(403, "jobs is forbidden"), create=create)


@pytest.mark.parametrize("text", ["=", "<<", "2024-02-01", "2024-02-30", "2001-12-14 21:59:43.10 -5"])
def test_text_that_helm_prints_without_quotes_stays_text_that_json_can_hold(text: str) -> None:
    (found,) = dry_run.workloads(f"kind: Service\n---\n{JOB}spec: {{env: [{{name: X, value: {text} }}]}}\n---\n")

    assert json.loads(json.dumps(found))["spec"]["env"] == [{"name": "X", "value": text}]


@pytest.mark.parametrize("value", ["[", "0x_", "!!timestamp [a]", "!!bool x", "!!python/name:os.getcwd ''"])
def test_what_cannot_be_read_is_not_asked_about_and_helm_goes_on(value: str) -> None:
    assert dry_run.workloads(f"{JOB}spec: {value}\n") == ()
