"""The package index: secrets on this side, the environment of uv and pip on the other. Left out: a real index."""

import json
import stat
from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.index import build_secrets
from dagship.inside.shared import index as inside_index
from dagship.settings import Settings

PEM = """\
-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUEIIdBckRtjryZ2cCYthIISX9nlYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjkwNTUwNDFaFw0zNjExMjYwNTUwNDFa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS2IO/w
0H0iMyennMJ0Frk158BvXgX5SUATl3O4rvznHg/L5YmVlZBdMic2mb99POyLqMVW
TlwfriaYwrNul9Bjo1MwUTAdBgNVHQ4EFgQU/zqWA+HsDy6C0s9J2EcU8nHcyVQw
HwYDVR0jBBgwFoAU/zqWA+HsDy6C0s9J2EcU8nHcyVQwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiBXTR+ReA6VdD0/AC0aa0Hkn4cILYpKrygI2sq2
fNIXSgIgNnJ0M38oHqfuVwse6tjXxjBRjTgQ7c+KC5gV8FLGyJ0=
-----END CERTIFICATE-----
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What BuildKit shows to a step."""
    (tmp_path / "secrets").mkdir()
    return tmp_path / "secrets"


def variables(secrets: Path, environ: dict[str, str], **options: object) -> tuple[dict[str, str], str, str]:
    """The environment, uv's configuration and the authorities, read while they are there."""
    with inside_index.environment(str(secrets), {"HOME": "/nonexistent", **environ}, **options) as found:
        bundle = found.get("PIP_CERT", "")
        return found, Path(found["UV_CONFIG_FILE"]).read_text(), Path(bundle).read_text() if bundle else ""


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


def test_a_pip_conf_is_translated_for_uv(secrets: Path, tmp_path: Path) -> None:
    (secrets / "pip-conf").write_text(
        "[global]\nindex-url = https://u:p@example.test/simple\nextra_index_url =\n    https://a.test/\n    https://b.test/\n"
        f"trusted-host = a.test\ntimeout = 7\n[install]\nfind-links = {tmp_path} /not/in/the/image https://w.test/\n"
    )
    env, toml, _ = variables(secrets, {})

    assert toml.splitlines() == [
        'index-strategy = "unsafe-best-match"',
        'index-url = "https://u:p@example.test/simple"',
        'extra-index-url = ["https://a.test/", "https://b.test/"]',
        f'find-links = ["{tmp_path}", "https://w.test/"]',
        'allow-insecure-host = ["a.test"]',
    ]
    assert env["PIP_CONFIG_FILE"] == str(secrets / "pip-conf")
    assert env["PIP_EXTRA_INDEX_URL"] == "https://a.test/ https://b.test/"
    assert env["UV_HTTP_TIMEOUT"] == "7"


def test_settings_count_more_than_a_pip_conf_and_that_more_than_the_image(secrets: Path) -> None:
    image = {
        "PIP_INDEX_URL": "https://image.test/",
        "PIP_EXTRA_INDEX_URL": "https://image-extra.test/",
        "PIP_FIND_LINKS": "https://w.test/",
    }
    (secrets / "pip-conf").write_text(
        "[global]\nindex-url = https://conf.test/\nextra-index-url = https://conf-extra.test/\n"
    )
    (secrets / "index").write_text(json.dumps({"index_url": "https://setting.test/"}))
    env, _, _ = variables(secrets, image)

    assert env["PIP_INDEX_URL"] == "https://setting.test/"
    assert env["PIP_EXTRA_INDEX_URL"] == "https://conf-extra.test/"
    assert env["PIP_FIND_LINKS"] == "https://w.test/"


def test_further_links_come_beside_those_of_the_user(secrets: Path) -> None:
    env, toml, _ = variables(secrets, {"PIP_FIND_LINKS": "https://w.test/"}, find_links=["/stubs/packages.html"])

    assert env["PIP_FIND_LINKS"] == "https://w.test/ /stubs/packages.html"
    assert 'find-links = ["https://w.test/", "/stubs/packages.html"]' in toml


def test_how_the_image_installs_is_not_how_the_tools_install(secrets: Path) -> None:
    image = {
        "PIP_USER": "true",
        "PIP_TARGET": "/x",
        "UV_SYSTEM_PYTHON": "1",
        "PYTHONPATH": "/y",
        "VIRTUAL_ENV": "/v",
        "PATH": "/bin",
    }
    env, _, _ = variables(secrets, {**image, "PIP_CACHE_DIR": "/tmp/c", "PIP_RETRIES": "1"})

    assert not {"PIP_USER", "PIP_TARGET", "UV_SYSTEM_PYTHON", "PYTHONPATH", "VIRTUAL_ENV"} & set(env)
    assert (env["PATH"], env["PIP_RETRIES"], env["PIP_CACHE_DIR"]) == ("/bin", "1", "/root/.cache/pip")


def test_the_users_authorities_are_trusted_beside_the_usual_ones(secrets: Path) -> None:
    (secrets / "ca").write_text(PEM)
    env, _, bundle = variables(secrets, {})

    assert bundle.startswith(PEM)
    assert bundle.count("BEGIN CERTIFICATE") > 1
    assert env["PIP_CERT"] == env["SSL_CERT_FILE"] == env["REQUESTS_CA_BUNDLE"]


def test_the_authority_that_the_image_names_is_trusted_beside_the_users(secrets: Path, tmp_path: Path) -> None:
    (secrets / "ca").write_text(PEM)
    (tmp_path / "company.pem").write_text("the company's\n")
    _, _, bundle = variables(secrets, {"PIP_CERT": str(tmp_path / "company.pem")})

    assert bundle.startswith(f"{PEM}the company's\n")


def test_nothing_written_for_the_tools_is_left(secrets: Path) -> None:
    (secrets / "ca").write_text(PEM)
    (secrets / "index").write_text(json.dumps({"index_url": "https://u:p@example.test/"}))
    with inside_index.environment(str(secrets), {}) as env:
        written = [Path(env["UV_CONFIG_FILE"]), Path(env["PIP_CERT"])]
        assert all(path.exists() for path in written)

    assert not any(path.exists() for path in written)


def test_a_certificate_that_a_pip_conf_names_has_to_be_in_the_image(secrets: Path) -> None:
    (secrets / "pip-conf").write_text("[global]\ncert = /nonexistent/company.pem\n")

    with pytest.raises(
        SystemExit, match=r"/nonexistent/company\.pem, which is not in the image\. Give it with --ca-cert"
    ):
        variables(secrets, {})


def test_credentials_do_not_reach_a_log() -> None:
    assert inside_index.redacted("at https://user:s3cret@example.test/x and http://token@h/") == (
        "at https://***@example.test/x and http://***@h/"
    )
