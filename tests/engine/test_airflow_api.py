"""What answers in Airflow's place and is none, or means no good: each is a sentence, and the token goes nowhere else."""

import json
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dagship.airflow_api import api as api_
from dagship.airflow_api.api import Api, NotTaken, NotThere
from dagship.errors import OutsideError, Transient
from dagship.model.access import Access
from tests.engine.registries import answering, serving
from tests.engine.test_reaching import Authority

TOKEN = "s3cr3t-of-a-test"
VERSION = json.dumps({"version": "3.3.2"}).encode()


def api(url: str, **more: Any) -> Api:
    return Api(Access(url=url, token=SecretStr(TOKEN)), **{"patience": 0.0, **more})


def refusal(url: str) -> OutsideError:
    with pytest.raises(OutsideError) as refused:
        api(url).get("jobs")
    assert TOKEN not in f"{refused.value.message} {refused.value.hint} {refused.value.detail}"
    return refused.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, b'{"detail": "Invalid JWT token"}', "application/json", "does not take the token"),
        (403, b'{"detail": "Forbidden"}', "application/json", "does not let the token's user"),
        (200, b"<html>log in</html>", "text/html", "something else than a JSON object"),
        (200, b"[1]", "application/json", "something else than a JSON object"),
        (200, b"[" * 100_000, "application/json", "something else than a JSON object"),
        (400, b"<html>no</html>", "text/html", "gives the status 400"),
        (404, b"<html>no</html>", "text/html", "There is no API of Airflow"),
        (200, b'{"version": 3}', "application/json", "There is no API of Airflow"),
        (429, b"{}", "application/json", "is not well: it answered 429"),
        (502, b"<html>bad gateway</html>", "text/html", "is not well: it answered 502"),
    ],
)
def test_an_answer_that_is_none_is_told_by_what_is_wrong(status: int, body: bytes, kind: str, said: str) -> None:
    with serving(answering(status, body, kind)) as address:
        assert said in refusal(f"http://{address}").message


def test_what_airflow_refuses_is_told_in_its_words() -> None:
    class Refusing(answering(200, VERSION)):  # type: ignore[misc]
        def do_POST(self) -> None:  # noqa: N802 - the library's name
            self.status, self.body = 409, b'{"detail": "it exists"}'
            self._answer()

    with serving(Refusing) as address, pytest.raises(NotTaken) as refused:
        api(f"http://{address}").send("POST", "dags", "d", "dagRuns", body={})
    assert "it exists" in refused.value.detail


def test_the_token_goes_to_no_other_host() -> None:
    came: list[str] = []

    class Elsewhere(answering(200, VERSION)):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            came.append(self.path)
            self._answer()

    with serving(Elsewhere) as other:

        class Sending(answering(307, b"")):  # type: ignore[misc]
            def end_headers(self) -> None:
                self.send_header("Location", f"http://{other}{self.path}")
                super().end_headers()

        with serving(Sending) as address:
            refused = refusal(f"http://{address}")
    assert "sends elsewhere" in refused.message
    assert other in refused.detail
    assert [] == came


def test_the_token_is_sent_whatever_a_netrc_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[str | None] = []

    class Noting(answering(200, VERSION)):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            came.append(self.headers.get("Authorization"))
            self._answer()

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(Noting) as address:
        assert "3.3.2" == api(f"http://{address}/").airflow
    assert [f"Bearer {TOKEN}"] == came


def test_an_id_is_part_of_a_path_and_no_path_of_its_own() -> None:
    came: list[str] = []

    class Noting(answering(200, VERSION)):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            came.append(self.path)
            self._answer()

    with serving(Noting) as address:
        api(f"http://{address}").get("dags", "a/../b?c=d#e ü", state=["queued", "running"], none=None)
    assert "/api/v2/dags/a%2F..%2Fb%3Fc%3Dd%23e%20%C3%BC?state=queued&state=running" == came[-1]


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_without_end_is_a_sentence_and_takes_no_memory(packed: bool) -> None:
    class Much(answering(200, b" " * 20_000_000)):  # type: ignore[misc]
        def end_headers(self) -> None:
            if packed:
                self.send_header("Content-Encoding", "gzip")
            super().end_headers()

    tracemalloc.start()
    with serving(Much) as address:
        assert ("packed" if packed else "more than 16 MB") in refusal(f"http://{address}").message
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_an_answer_that_comes_in_drops_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    hung_up = threading.Event()

    class Dripping(answering(200, VERSION)):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            self.send_response(200)
            self.end_headers()
            while not hung_up.wait(0.01):
                try:
                    self.wfile.write(b" " * 70_000)
                except OSError:
                    hung_up.set()

    monkeypatch.setattr(api_, "_LONGEST", 0.2)
    monkeypatch.setattr(api_, "_MOST", 10**12)
    with serving(Dripping) as address, pytest.raises(Transient, match="for one answer"):
        assert api(f"http://{address}").airflow
    assert hung_up.wait(30)


def test_one_that_is_away_for_a_moment_is_asked_again_and_what_changes_something_is_sent_once() -> None:
    came: list[str] = []

    class Away(answering(503, b"")):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            came.append("GET")
            if len(came) > 2:
                self.status, self.body = 200, VERSION
            self._answer()

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            came.append("POST")
            self._answer()

    with serving(Away) as address:
        asked = api(f"http://{address}", patience=60.0)
        assert "3.3.2" == asked.airflow
        with pytest.raises(Transient):
            asked.send("POST", "dags", "d", "dagRuns", body={})
    assert ["GET", "GET", "GET", "POST"] == came


def test_one_that_cannot_be_reached_is_a_sentence_in_time() -> None:
    with serving(answering(200, VERSION)) as address:
        pass
    began = time.monotonic()

    assert "cannot be reached" in refusal(f"http://{address}").message
    assert time.monotonic() - began < 30


def test_nothing_that_is_there_is_told_from_what_is_not() -> None:
    class Lacking(answering(200, VERSION)):  # type: ignore[misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            self.status = 200 if self.path.endswith("/version") else 404
            self._answer()

    with serving(Lacking) as address, pytest.raises(NotThere):
        api(f"http://{address}").get("dags", "d")


@pytest.mark.parametrize(("name", "trusted", "said"), [
    ("IP:127.0.0.1", True, ""),
    ("IP:127.0.0.1", False, "no trust in the certificate"),
    ("DNS:airflow.example", True, "no trust in the certificate"),
])  # fmt: skip
def test_a_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, said: str
) -> None:
    authority = Authority(tmp_path / "authority")
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.directory / "ca.pem"))
    with serving(answering(200, VERSION), authority.signed(name, 1)) as address:
        if not said:
            assert "3.3.2" == api(f"https://{address}").airflow
        else:
            assert said in refusal(f"https://{address}").message


def test_plain_http_where_tls_is_asked_for_is_said() -> None:
    with serving(answering(200, VERSION)) as address:
        assert "does not speak TLS" in refusal(f"https://{address}").message
