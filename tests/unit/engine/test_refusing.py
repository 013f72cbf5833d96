"""What a registry says when it takes no image, or gives none."""

import pytest

from dagship.engine import diagnosis, refusing
from dagship.errors import Transient

PUSH_DENIED = "denied: requested access to the resource is denied"


@pytest.mark.parametrize(
    ("said", "transient"),
    [
        (PUSH_DENIED, False),
        ("unauthorized: authentication required", False),
        ("no basic auth credentials", False),
        ("error parsing HTTP response: invalid character '<' looking for beginning of value: \"<html>\"", False),
        ("received unexpected HTTP status: 500 Internal Server Error", True),
        ("unexpected status from PUT request to http://127.0.0.1:5000/v2/a/manifests/b: 503 Service Unavailable", True),
        ("toomanyrequests: too many requests", True),
        ("denied by policy 429ab7: sha256:504abc", False),
        ("net/http: TLS handshake timeout", True),
        ('Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused', True),
        ("read tcp 127.0.0.1:40000->127.0.0.1:5000: read: connection reset by peer", True),
    ],
)
def test_only_what_may_pass_is_tried_again(said: str, transient: bool) -> None:
    assert transient is isinstance(refusing.of_push("a/b:1", said), Transient)


@pytest.mark.parametrize(
    ("said", "why", "hint"),
    [
        (
            'Get "https://r.example:5443/v2/": x509: certificate signed by unknown authority',
            "the engine does not trust the certificate of the registry.",
            "ca.crt",
        ),
        (
            'Get "https://r.example/v2/": x509: certificate has expired or is not yet valid: current time is after',
            "the engine does not trust the certificate of the registry.",
            "not over",
        ),
        (
            'Get "https://r.example:5000/v2/": http: server gave HTTP response to HTTPS client',
            "the registry speaks plain HTTP, and the engine asks for TLS.",
            "insecure-registries",
        ),
        (
            'Get "https://r.example:5000/v2/": tls: first record does not look like a TLS handshake',
            "the registry speaks plain HTTP, and the engine asks for TLS.",
            "insecure-registries",
        ),
        (
            'Get "https://r.example/v2/": remote error: tls: bad certificate',
            "the registry and the engine do not agree on TLS.",
            "client's certificate",
        ),
    ],
)
def test_tls_that_fails_the_same_way_each_time_is_not_to_be_tried_again(said: str, why: str, hint: str) -> None:
    for error in (refusing.of_push("a/b:1", said), diagnosis.of_pull("a/b:1", said)):
        assert error.message.endswith(why)
        assert hint in error.hint
        assert not isinstance(error, Transient)


@pytest.mark.parametrize(
    "said",
    [
        (
            "tag invalid: The image tag '1' already exists in the 'a/b' repository and cannot be overwritten because the "
            "repository is immutable."
        ),
        "unknown: Failed to process request due to 'a/b:1' configured as immutable.",
        "denied: cannot update tag 1. The repository has enabled tag immutability",
    ],
)
def test_a_tag_that_may_not_move_is_told_apart_from_a_login_that_is_missing(said: str) -> None:
    error = refusing.of_push("a/b:1", said)

    assert "lets nobody move the tag" in error.message
    assert "login" not in error.hint
    assert not isinstance(error, Transient)


@pytest.mark.parametrize("name", ["immutable-images/dags", "immutable/dags", "team/immutable", "team/dags-immutable"])
def test_a_repository_whose_name_says_immutable_is_refused_as_any_other(name: str) -> None:
    error = refusing.of_push(f"r.example/{name}:1", f"denied: {name}:1 of r.example/{name}: requested access is denied")

    assert f"The registry refuses r.example/{name}:1." == error.message


def test_a_page_instead_of_a_registry_is_said_to_be_one() -> None:
    error = refusing.of_push(
        "a/b:1", "error parsing HTTP response: invalid character '<' looking for beginning of value"
    )

    assert "it sent a page" in error.message


@pytest.mark.parametrize(
    ("said", "meant", "hint"),
    [
        ("An image does not exist locally with the tag: a/b", "that is to push a/b:1 does not have it", "DOCKER_HOST"),
        ("tag does not exist: a/b:1", "that is to push a/b:1 does not have it", "Run build again"),
        ("denied: adding 1.0 GiB of storage resource, which when updated to current usage of 9 GiB will exceed the configured upper limit of 9.5 GiB", "has no room", "Free space"),
        ("name unknown: The repository with name 'a/b' does not exist in the registry with id '1'", "no repository", "Make it there first"),
        ("denied: requested access to the resource is denied", "refuses", "docker login"),
        ("unexpected <nil> in the answer", "did not take", ""),
    ],
)  # fmt: skip
def test_a_push_is_refused_for_what_the_registry_says(said: str, meant: str, hint: str) -> None:
    error = refusing.of_push("a/b:1", said)
    assert meant in error.message
    assert hint in error.hint
    assert ("login" in error.hint) is ("login" in hint)


@pytest.mark.parametrize(
    ("said", "absent"),
    [
        ("manifest unknown: manifest unknown", True),
        ("pull access denied, repository does not exist or may require authorization: server message: x", False),
        ("name unknown: repository not found; 401 Unauthorized", False),
    ],
)
def test_what_a_registry_shows_to_nobody_without_a_login_is_not_said_to_be_absent(said: str, absent: bool) -> None:
    assert absent is refusing.says_not_in_registry(said)


@pytest.mark.parametrize(
    ("said", "transient"),
    [(PUSH_DENIED, False), ("503 Service Unavailable", True), ("x509: certificate signed by unknown authority", False)],
)
def test_a_registry_that_is_only_asked_is_not_said_to_refuse_an_image(said: str, transient: bool) -> None:
    error = refusing.of_asking("a/b:1", said)

    assert "did not take" not in error.message
    assert "push" not in error.hint
    assert transient is isinstance(error, Transient)
