import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from dagship.cluster import calls
from dagship.cluster.command import exit_code
from dagship.cluster.kinds import RESOURCES, cron_jobs
from dagship.errors import OutsideError

POD, NODE, STATEFUL_SET, LEASE = (RESOURCES[kind] for kind in ("Pod", "Node", "StatefulSet", "Lease"))


def query(call: calls.Call) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(call.target).query)


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (calls.read(POD, "ns", "w-0"), "/api/v1/namespaces/ns/pods/w-0"),
        (calls.read(STATEFUL_SET, "ns", "w"), "/apis/apps/v1/namespaces/ns/statefulsets/w"),
        (calls.read(LEASE, "ns", "l"), "/apis/coordination.k8s.io/v1/namespaces/ns/leases/l"),
        (calls.read(NODE, "ns", "n"), "/api/v1/nodes/n"),
        (calls.read(POD, "ns", "../../nodes?a"), "/api/v1/namespaces/ns/pods/..%2F..%2Fnodes%3Fa"),
    ],
)
def test_an_object_has_its_path(call: calls.Call, path: str) -> None:
    assert call.target == path


def test_parameters_without_a_value_are_left_out() -> None:
    assert query(calls.page(POD, "ns", selector="", fields="", token="")) == [("limit", "500")]
    assert query(calls.page(POD, "ns", selector="a=b,c", fields="spec.nodeName=n", token="t=")) == [
        ("labelSelector", "a=b,c"), ("fieldSelector", "spec.nodeName=n"), ("limit", "500"), ("continue", "t="),
    ]  # fmt: skip


def test_a_watch_lasts_long_and_asks_for_bookmarks() -> None:
    call = calls.watch(POD, "ns", "17")

    assert call.method == "GET"
    assert dict(query(call)) == {
        "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": "17", "timeoutSeconds": "290",
    }  # fmt: skip


def test_a_patch_is_a_strategic_merge_in_the_name_of_dagship() -> None:
    call = calls.patch(POD, "ns", "p", {"a": 1}, dry_run=True)

    assert call.content_type == "application/strategic-merge-patch+json"
    assert query(call) == [("fieldManager", "dagship"), ("dryRun", "All")]
    assert query(calls.patch(POD, "ns", "p", {}, dry_run=False)) == [("fieldManager", "dagship")]


def test_an_empty_body_is_sent_all_the_same() -> None:
    assert calls.patch(POD, "ns", "p", {}, dry_run=False).content == b"{}"
    assert calls.read(POD, "ns", "p").content is None


def test_a_new_object_gets_the_version_that_the_server_has() -> None:
    older = cron_jobs({"resources": [{"name": "jobs"}]})
    call = calls.create(older, "ns", {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}})

    assert call.path == "/apis/batch/v1beta1/namespaces/ns/cronjobs"
    assert json.loads(call.content or b"")["apiVersion"] == "batch/v1beta1"
    assert call.what == "create CronJob c"


def test_a_deletion_is_of_one_uid() -> None:
    body = json.loads(calls.delete(POD, "ns", "p", uid="u", grace=0).content or b"")

    assert body["preconditions"] == {"uid": "u"}
    assert body["gracePeriodSeconds"] == 0
    assert "gracePeriodSeconds" not in json.loads(calls.delete(POD, "ns", "p", uid="u", grace=None).content or b"")


def test_a_job_goes_with_its_pods() -> None:
    def body(kind: str) -> dict[str, object]:
        return json.loads(calls.delete(RESOURCES[kind], "ns", "x", uid="u", grace=None).content or b"")

    assert body("Job")["propagationPolicy"] == "Background"
    assert "propagationPolicy" not in body("Pod")


def test_of_a_secret_the_metadata_can_be_had_alone() -> None:
    call = calls.about(RESOURCES["Secret"], "ns", "keys")

    assert call.target == "/api/v1/namespaces/ns/secrets/keys"
    assert call.accept.startswith("application/json;as=PartialObjectMetadata;")
    assert calls.read(POD, "ns", "p").accept == "application/json"


def test_a_command_keeps_its_arguments_apart() -> None:
    call = calls.execute(POD, "ns", "p", "c", ["sh", "-c", "echo a&command=b", ""])

    assert [value for name, value in parse_qsl(urlsplit(call.target).query, keep_blank_values=True) if name == "command"] == [
        "sh", "-c", "echo a&command=b", "",
    ]  # fmt: skip


def test_what_is_counted_is_the_verb_and_the_resource() -> None:
    made = [calls.watch(POD, "ns", "1"), calls.logs(POD, "ns", "p", "c", previous=False, lines=3)]

    assert [f"{call.verb} {call.resource}" for call in made] == ["WATCH pods", "GET pods/log"]


def test_the_exit_code_of_a_command_is_read() -> None:
    failed = {
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
    }

    assert exit_code(b'{"metadata":{},"status":"Success"}', "run sh") == 0
    assert exit_code(json.dumps(failed).encode(), "run sh") == 7


@pytest.mark.parametrize(
    "status",
    [
        b'{"status":"Failure","message":"no such\\nfile"}',
        b'{"status":"Failure","message":"no such file","details":{"causes":null}}',
    ],
)
def test_a_command_that_was_not_run_has_no_exit_code(status: bytes) -> None:
    with pytest.raises(OutsideError, match="Cannot run sh: no such file"):
        exit_code(status, "run sh")


def test_a_command_of_which_the_end_is_not_known_has_none_either() -> None:
    with pytest.raises(OutsideError, match="connection broke"):
        exit_code(b"", "run sh")
