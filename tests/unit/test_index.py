"""The package index: what a build gets to reach it, as secrets. Left out: a real index."""

import json
import stat
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.index import build_secrets
from dagship.settings import Settings
from tests.builders.certificates import PEM

KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def _no_authorities_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def test_the_machines_own_authorities_travel_where_no_setting_names_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "machine.pem").write_text(PEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "machine.pem"))

    assert PEM == build_secrets(Settings(), tmp_path)["ca"].read_text()


def test_without_settings_there_are_no_secrets(tmp_path: Path) -> None:
    assert build_secrets(Settings(), tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_indexes_travel_in_a_file_that_no_one_else_can_read(tmp_path: Path) -> None:
    settings = Settings(index_url="https://u:p@example.test/simple", extra_index_urls="https://a.test/,https://b.test/")
    found = build_secrets(settings, tmp_path)

    assert list(found) == ["index"]
    assert stat.S_IMODE(found["index"].stat().st_mode) == 0o600
    assert json.loads(found["index"].read_text()) == {
        "index_url": "https://u:p@example.test/simple",
        "extra_index_urls": ["https://a.test/", "https://b.test/"],
    }


def test_the_users_files_travel_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://example.test/simple\n")
    (tmp_path / "ca.pem").write_text(PEM)
    (tmp_path / "scratch").mkdir()
    found = build_secrets(Settings(pip_conf=tmp_path / "pip.conf", ca_cert=tmp_path / "ca.pem"), tmp_path / "scratch")

    assert found == {"pip-conf": tmp_path / "pip.conf", "ca": tmp_path / "scratch" / "ca.pem"}
    assert PEM == found["ca"].read_text()


def test_of_a_bundle_only_the_certificates_travel(tmp_path: Path) -> None:
    (tmp_path / "bundle.pem").write_text(f"# a comment\n{KEY}{PEM}password = x\n{PEM}")

    assert PEM * 2 == build_secrets(Settings(ca_cert=tmp_path / "bundle.pem"), tmp_path)["ca"].read_text()


@pytest.mark.parametrize(
    "text", ["hello", KEY, PEM.replace("MII", "XXX"), PEM.replace("CERTIFICATE", "PRIVATE KEY"), PEM[:-30]]
)
def test_what_is_no_certificate_is_no_authority(tmp_path: Path, text: str) -> None:
    (tmp_path / "id").write_text(text)

    with pytest.raises(UsageError, match="holds no certificate"):
        build_secrets(Settings(ca_cert=tmp_path / "id"), tmp_path)


@pytest.mark.parametrize("setting", ["pip_conf", "ca_cert"])
def test_a_missing_file_is_named(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UsageError, match="nowhere cannot be read: No such file or directory"):
        build_secrets(Settings(**{setting: tmp_path / "nowhere"}), tmp_path)


def test_a_broken_pip_conf_is_refused_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url = https://user:secret@example.test/simple\n")

    with pytest.raises(UsageError) as caught:
        build_secrets(Settings(pip_conf=tmp_path / "pip.conf"), tmp_path)

    assert "cannot be read as a pip.conf" in caught.value.message
    assert "secret" not in str(caught.value.__dict__)


@pytest.mark.parametrize(
    "url", ["example.test/simple", "file:///etc/passwd", "https://", "https://a b/", "https://a/\nx", "https://[/"]
)
def test_an_index_that_is_no_address_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_secrets(Settings(index_url=url), tmp_path)

    assert url not in caught.value.message
