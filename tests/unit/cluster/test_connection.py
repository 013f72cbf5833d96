"""What connecting makes of a kubeconfig; nothing is asked of a cluster."""

import json
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagship.cluster.api import Cluster
from dagship.cluster.connection import connect
from dagship.errors import UsageError

TOKEN = "aaaa-very-secret-bbbb"

Write = Callable[..., Path]


def config(**changed: Any) -> dict[str, Any]:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": "https://one.invalid:6443/"}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "airflow"}},
            {"name": "two", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    return {name: value for name, value in (document | changed).items() if value is not None}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    def write(document: Any, name: str = "kubeconfig") -> Path:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        monkeypatch.setenv("KUBECONFIG", str(path))
        return path

    return write


def refusal(context: str = "") -> UsageError:
    with pytest.raises(UsageError) as refused:
        connect(context=context, namespace="")
    assert TOKEN not in f"{refused.value.message} {refused.value.hint} {refused.value.detail}"
    assert refused.value.__cause__ is None
    return refused.value


def login(cluster: Cluster) -> str:
    configuration = cluster._transport._session.configuration
    return str(configuration.auth_settings()["BearerToken"]["value"])


def test_the_current_context_and_its_namespace_are_taken(write: Write) -> None:
    write(config())
    cluster = connect(context="", namespace="")

    assert (cluster.context, cluster.namespace) == ("one", "airflow")
    assert cluster.server == "https://one.invalid:6443"


def test_a_context_and_a_namespace_can_be_named(write: Write) -> None:
    write(config())

    assert connect(context="two", namespace="").namespace == "default"
    assert connect(context="one", namespace="other").namespace == "other"


def test_a_name_without_a_current_context_is_enough(write: Write) -> None:
    write(config(**{"current-context": None}))

    assert connect(context="two", namespace="").context == "two"
    assert "no current context" in refusal().message
    assert "--context" in refusal().hint


def test_an_unknown_context_is_refused_with_those_there_are(write: Write) -> None:
    write(config())

    assert "'three'" in refusal("three").message
    assert "one, two" in refusal("three").message


def test_several_files_are_one(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(config(contexts=[]), "first")
    second = write(config(clusters=[], users=[]), "second")
    monkeypatch.setenv("KUBECONFIG", f"{first}:/nonexistent:{second}")

    assert connect(context="two", namespace="").server == "https://one.invalid:6443"


def test_without_a_kubeconfig_there_is_a_hint() -> None:
    error = refusal()

    assert error.message == "There is no kubeconfig at /nonexistent/no-cluster-in-unit-tests."
    assert "KUBECONFIG" in error.hint


def test_inside_a_pod_without_a_service_account_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    with pytest.raises(UsageError, match="service account cannot be used"):
        connect(context="", namespace="")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "is empty"),
        ("clusters: [\n  oh: {", "no YAML at line 2"),
        ("just words", "cannot be used"),
        ("[1, 2]", "cannot be used"),
        (config(clusters=[]), "Expected object with name c"),
        (config(contexts=[{"name": "one", "context": {"user": "u"}}]), "Expected key cluster"),
        (config(contexts="one"), "cannot be used"),
        (config(users=[{"name": "u", "user": {"exec": {"command": TOKEN}}}]), "missing key 'apiVersion'"),
        (config(users=[{"name": "u", "user": {"client-certificate-data": f"{TOKEN}="}}]), "cannot be used"),
        (config(users=[{"name": "u", "user": {"token": TOKEN, "client-certificate": "/no/file"}}]), "File does not exist: /no/file"),
        (config(users=[{"name": "u", "user": {"auth-provider": {"name": "gcp", "config": {"x": TOKEN}}}}]), "cannot be used"),
        (config(clusters=[{"name": "c", "cluster": {"server": "https://x", "certificate-authority": "/no/ca"}}]), "File does not exist: /no/ca"),
    ],
)  # fmt: skip
def test_a_kubeconfig_that_cannot_be_used_says_where_and_nothing_that_is_secret(
    write: Write, document: Any, says: str
) -> None:
    write(document)

    assert says in refusal().message


def test_a_kubeconfig_that_may_not_be_read_is_refused(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path))

    assert "Is a directory" in refusal().message


def plugin(directory: Path, script: str) -> dict[str, Any]:
    program = directory / "plugin"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}}
    return config(users=[{"name": "u", "user": user}])


def credential(**status: str) -> str:
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


def test_a_credential_plugin_gives_the_login(write: Write, tmp_path: Path) -> None:
    write(plugin(tmp_path, f"echo '{credential(token=TOKEN)}'"))

    assert login(connect(context="", namespace="")) == f"Bearer {TOKEN}"


def test_a_login_that_has_run_out_is_asked_for_again(write: Write, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    answer = credential(token="$(wc -l < TOKENS)", expirationTimestamp="2026-01-01T00:00:00Z")
    script = f"echo more >> {tokens}\ncat <<END\n{answer.replace('TOKENS', str(tokens))}\nEND"
    write(plugin(tmp_path, script))
    cluster = connect(context="", namespace="")

    assert [login(cluster).split()[-1], login(cluster).split()[-1]] == ["2", "3"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'please log in' >&2; exit 3", "please log in"),
        ("echo nothing", "failed to decode"),
        (f"echo '{credential(other=TOKEN)}'", "missing token or clientCertificateData"),
    ],
)
def test_a_credential_plugin_that_fails_is_told_once_and_by_us(
    write: Write, tmp_path: Path, capfd: pytest.CaptureFixture[str], script: str, says: str
) -> None:
    write(plugin(tmp_path, script))
    error = refusal()

    assert says in error.message
    assert "one" in error.message
    assert "Log in" in error.hint
    assert capfd.readouterr() == ("", "")


def test_a_missing_credential_plugin_is_named(write: Write) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/such/plugin"}}
    write(config(users=[{"name": "u", "user": user}]))

    assert "/no/such/plugin" in refusal().message


def test_logging_is_left_as_it_was(write: Write) -> None:
    before = list(logging.getLogger().handlers)
    write(config())
    connect(context="", namespace="")

    assert logging.getLogger().handlers == before


def test_a_kubeconfig_without_contexts_is_not_advised_to_be_chosen_from(write: Write) -> None:
    write(config(contexts=[], **{"current-context": None}))

    for context in ("", "three"):
        assert "It has: none." in refusal(context).message
        assert "Name one" not in refusal(context).hint
