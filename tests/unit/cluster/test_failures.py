import json
import socket
import ssl
from pathlib import Path

import pytest
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError, ReadTimeoutError

from dagship.cluster.failures import (
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    NotFound,
    Unauthorized,
    Unreachable,
    of_connection,
    of_nonsense,
    of_response,
)
from dagship.errors import OutsideError, Transient

SERVER = "https://10.88.0.1:6443"


def status(code: int, message: str) -> bytes:
    return json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, BadRequest), (403, Forbidden), (404, NotFound), (409, Conflict), (410, Expired), (503, Unreachable)],
)
def test_a_status_has_its_error_with_what_was_asked_and_what_the_server_said(code: int, kind: type) -> None:
    error = of_response(code, status(code, 'pods "w-0": no'), "read Pod w-0")

    assert type(error) is kind
    assert error.message.startswith("Cannot read Pod w-0: ")
    assert error.message.endswith('pods "w-0": no')
    assert error.exit_code == 3


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_what_may_pass_is_transient(code: int) -> None:
    assert isinstance(of_response(code, b"", "list pods"), Transient)


@pytest.mark.parametrize("code", [302, 400, 401, 403, 404, 409, 410, 413, 422])
def test_what_stays_is_not(code: int) -> None:
    assert not isinstance(of_response(code, b"", "list pods"), Transient)


def test_a_login_that_is_not_accepted_says_what_to_do() -> None:
    error = of_response(401, status(401, "Unauthorized"), "list pods")

    assert isinstance(error, Unauthorized)
    assert "does not accept this login" in error.message
    assert "Log in" in error.hint


def test_a_missing_permission_points_at_the_role_that_suffices() -> None:
    hint = of_response(403, status(403, "forbidden"), "list pods").hint

    assert "k8s/rbac/" in hint
    assert Path(hint.partition(" ")[0], "role.yaml").is_file()


@pytest.mark.parametrize(
    "said",
    [
        'pods "w-0" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4',
        'admission webhook "policy.example" denied the request: images must be signed',
        "unable to create new content in namespace a because it is being terminated",
        'pods "w-0" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    ],
)
def test_what_a_rule_of_the_cluster_refuses_takes_no_role(said: str) -> None:
    refused = of_response(403, status(403, said), "patch Deployment d")

    assert isinstance(refused, Forbidden)
    assert "Role" not in refused.hint
    assert "rule of the cluster" in refused.hint


def test_a_certificate_that_has_expired_is_not_mended_by_another_authority() -> None:
    expired = ssl.SSLCertVerificationError(1, "certificate verify failed: certificate has expired")
    error = of_connection(MaxRetryError(None, "/", expired), SERVER, "list pods")  # type: ignore[arg-type]

    assert "certificate-authority" not in error.hint
    assert "renewed" in error.hint


def test_a_long_message_is_cut_and_its_line_breaks_are_gone() -> None:
    error = of_response(422, status(422, "spec is\n invalid " * 100), "patch Deployment d")

    assert "\n" not in error.message
    assert len(error.message) < 360
    assert error.message.endswith("…")


@pytest.mark.parametrize("body", [b"", b"<html><body>Bad Gateway</body></html>", b"\xff\xfe"])
def test_a_body_that_says_nothing_leaves_the_status(body: bytes) -> None:
    assert "502" in of_response(502, body, "list pods").message
    assert "html" not in of_response(502, body, "list pods").message


def test_text_of_something_before_the_server_is_kept() -> None:
    assert of_response(404, b"404 page not found\n", "list pods").message == "Cannot list pods: 404 page not found"


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("²", 0.0)]
)
def test_the_wait_that_a_server_asks_for_is_read(header: str, seconds: float) -> None:
    error = of_response(429, b"", "list pods", {"retry-after": header})

    assert isinstance(error, Unreachable)
    assert error.wait == seconds


def test_a_refused_connection_is_told() -> None:
    failed = NewConnectionError(None, "no")  # type: ignore[arg-type]
    failed.__cause__ = ConnectionRefusedError(111, "Connection refused")

    error = of_connection(failed, SERVER, "list pods")

    assert isinstance(error, Unreachable)
    assert error.message == f"Cannot list pods: {SERVER} cannot be reached, it refuses the connection."
    assert error.hint


def test_an_unknown_name_is_told() -> None:
    failed = NameResolutionError("nowhere.invalid", None, socket.gaierror(-2, "Name or service not known"))  # type: ignore[arg-type]

    assert "its name is not known" in of_connection(failed, SERVER, "list pods").message
    assert "its name is not known" in of_connection(socket.gaierror(-2, "no"), SERVER, "list pods").message


def test_a_time_out_is_told() -> None:
    for failed in (TimeoutError("timed out"), ReadTimeoutError(None, "/", "Read timed out.")):  # type: ignore[arg-type]
        assert "does not answer in time" in of_connection(failed, SERVER, "list pods").message


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    unverified = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    error = of_connection(MaxRetryError(None, "/", unverified), SERVER, "list pods")  # type: ignore[arg-type]

    assert type(error) is OutsideError
    assert "certificate" in error.message
    assert "certificate-authority" in error.hint


def test_another_failure_of_tls_may_pass() -> None:
    assert isinstance(of_connection(ssl.SSLEOFError(8, "EOF occurred"), SERVER, "list pods"), Unreachable)


def test_a_cut_connection_keeps_the_words_for_it() -> None:
    failed = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))

    assert "Connection reset by peer" in of_connection(failed, SERVER, "list pods").message


def test_an_answer_of_something_else_is_told() -> None:
    assert SERVER in of_nonsense(SERVER, "list pods").message
