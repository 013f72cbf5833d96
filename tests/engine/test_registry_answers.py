"""Registries that mean no good, or are none: each is a sentence, and none takes more than its part of this machine."""

import gzip
import json
import ssl
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from dagship.errors import OutsideError, Transient
from dagship.model.reference import Reference
from dagship.registry import distribution
from dagship.registry.repository import Repository
from tests.engine.registries import answering, serving


def _gzip_bomb() -> bytes:
    return gzip.compress(b"[" * 200_000_000)


class _Endless(answering(200, b"")):  # type: ignore[misc]
    """Names another page with every one, as a proxy that drops the query does."""

    pages = 0

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        type(self).pages += "tags/list" in self.path
        self.body = b'{"tags": ["a"]}'
        self._answer()

    def end_headers(self) -> None:
        self.send_header("Link", '</v2/a/b/tags/list?n=1000&last=a>; rel="next"')
        super().end_headers()


def test_a_list_of_tags_that_names_itself_as_the_next_page_ends() -> None:
    with serving(_Endless) as address:
        assert ("a",) == Repository(Reference.parse(f"{address}/a/b")).tags()
    assert 2 == _Endless.pages


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_without_end_is_a_sentence_and_takes_no_memory(packed: bool) -> None:
    sent = _gzip_bomb() if packed else b" " * 20_000_000

    class Much(answering(200, sent)):  # type: ignore[misc]
        def end_headers(self) -> None:
            if packed:
                self.send_header("Content-Encoding", "gzip")
            super().end_headers()

    tracemalloc.start()
    with serving(Much) as address, pytest.raises(OutsideError, match="more than 16 MB"):
        Repository(Reference.parse(f"{address}/a/b")).tags()
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


IMAGE = "application/vnd.oci.image.manifest.v1+json"


@pytest.mark.parametrize(
    "manifest",
    [
        {"manifests": "none"},
        {"manifests": [1]},
        {"manifests": [{"mediaType": IMAGE}]},
        {"manifests": [{"mediaType": IMAGE, "digest": "sha256:../../../x"}]},
        {"config": []},
        {"config": {"digest": "sha256:a", "mediaType": 1}},
        {"layers": [{"digest": "sha256:a", "size": "much"}]},
        {"layers": [{"digest": "sha256:a", "size": -1}]},
        {"manifests": [{"mediaType": IMAGE, "digest": f"sha256:{number}"} for number in range(1001)]},
        # The same answer is the configuration.
        {"config": {"digest": "sha256:a", "mediaType": "image"}, "created": 1},
    ],
    ids=range(10),
)
def test_an_odd_manifest_is_a_sentence(manifest: dict[str, Any]) -> None:
    class Odd(answering(200, json.dumps({"schemaVersion": 2, **manifest}).encode())):  # type: ignore[misc]
        def end_headers(self) -> None:
            self.send_header("Docker-Content-Digest", "sha256:" + "a" * 64)
            super().end_headers()

    with serving(Odd) as address, pytest.raises(OutsideError, match="is not what registries say"):
        Repository(Reference.parse(f"{address}/a/b")).facts("odd")


@pytest.mark.parametrize("tags", ['["\\u001b[2J"]', '["../x"]', "[1]", '"a"'])
def test_a_tag_that_is_none_is_a_sentence(tags: str) -> None:
    saying = answering(200, f'{{"tags": {tags}}}'.encode())
    with serving(saying) as address, pytest.raises(OutsideError, match="is not what registries say"):
        Repository(Reference.parse(f"{address}/a/b")).tags()


def test_a_credential_helper_that_is_not_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text('{"credsStore": "gone"}')

    class Closed(answering(401, b"{}")):  # type: ignore[misc]
        def end_headers(self) -> None:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            super().end_headers()

    with serving(Closed) as address, pytest.raises(OutsideError, match="cannot be read"):
        Repository(Reference.parse(f"{address}/a/b")).tags()


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that no machine trusts."""
    key, certificate = (str(tmp_path_factory.mktemp("tls") / name) for name in ("key", "crt"))
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *subject]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_certificate_that_is_not_trusted_is_told_apart_from_a_registry_that_is_down(
    self_signed: ssl.SSLContext,
) -> None:
    with (
        serving(answering(200, b"{}"), self_signed) as address,
        pytest.raises(OutsideError, match="no trust in the certificate") as refused,
    ):
        Repository(Reference.parse(f"{address}/a/b")).tags()

    assert not isinstance(refused.value, Transient)
    assert f"/etc/docker/certs.d/{address}/ca.crt" in refused.value.hint
    assert "for that host and not over" in refused.value.hint


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "127.0.0.1:5").mkdir()
    (tmp_path / "127.0.0.1:5" / "ca.crt").write_text("no certificate")
    monkeypatch.setattr(distribution, "_CERTIFICATES", tmp_path)

    with pytest.raises(OutsideError, match=r"127\.0\.0\.1:5/ca\.crt cannot be read as an authority to trust"):
        Repository(Reference.parse("127.0.0.1:5/a/b")).tags()


def test_a_registry_that_limits_how_often_it_is_asked_is_to_be_waited_for() -> None:
    with serving(answering(429, b"{}")) as address, pytest.raises(Transient, match="limits how often") as refused:
        Repository(Reference.parse(f"{address}/a/b")).tags()

    assert "Wait before you try again" in refused.value.hint


def test_a_login_whose_certificate_is_not_trusted_is_not_to_be_tried_again(self_signed: ssl.SSLContext) -> None:
    with serving(answering(200, b"{}"), self_signed) as login:

        class Asking(answering(401, b"{}")):  # type: ignore[misc]
            def end_headers(self) -> None:
                self.send_header("WWW-Authenticate", f'Bearer realm="https://{login}/token"')
                super().end_headers()

        with serving(Asking) as address, pytest.raises(OutsideError, match="certificate of the login") as refused:
            Repository(Reference.parse(f"{address}/a/b")).tags()

    assert not isinstance(refused.value, Transient)


def test_a_login_that_is_down_is_no_refusal() -> None:
    class Down(answering(401, b"{}")):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            if self.path.startswith("/token"):
                self.send_error(503)
            else:
                self._answer()

        def end_headers(self) -> None:
            self.send_header("WWW-Authenticate", f'Bearer realm="http://{self.headers["Host"]}/token"')
            super().end_headers()

    with serving(Down) as address, pytest.raises(Transient, match="it answered 503"):
        Repository(Reference.parse(f"{address}/a/b")).tags()
