"""What uv and pip get in their environment to reach the package index."""

import json
from pathlib import Path

import pytest

from dagship.inside.shared import index as inside_index
from tests.builders.certificates import PEM


@pytest.fixture(autouse=True)
def _no_authorities_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


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
