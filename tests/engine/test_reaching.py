"""An engine elsewhere that cannot be reached, over TLS: the words of the docker command and of docker-py are real."""

import platform
import ssl
import subprocess
from pathlib import Path

import pytest

from dagship.engine import images
from dagship.engine import registry as through_engine
from dagship.errors import OutsideError
from dagship.model.reference import Reference
from dagship.process import run
from tests.engine.registries import answering, serving

ENGINE = answering(403, b'{"message": "an engine of a test"}')
HERE = "IP:127.0.0.1"


class Authority:
    """An authority of its own, which signs with openssl."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self._openssl("req", "-x509", *self._key("ca"), "-subj", "/CN=authority", "-out", "ca.pem")

    def _key(self, name: str) -> tuple[str, ...]:
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    def signed(self, name: str, days: int) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for `name` that is good for `days`."""
        file = name.replace(":", "-")
        (self.directory / "names").write_text(f"subjectAltName={name}\n")
        self._openssl("req", *self._key(file), "-subj", "/CN=engine", "-out", "asked")
        self._openssl(
            "x509", "-req", "-in", "asked", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", "names", f"-days={days}", "-out", f"{file}.crt",
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / f"{file}.crt", self.directory / f"{file}.key")
        return context

    def of_client(self, directory: Path) -> Path:
        """What DOCKER_CERT_PATH names, for a client that trusts this authority."""
        self.signed("DNS:client", 1)
        directory.mkdir()
        for file, name in (("ca.pem", "ca.pem"), ("DNS-client.crt", "cert.pem"), ("DNS-client.key", "key.pem")):
            (directory / name).write_bytes((self.directory / file).read_bytes())
        return directory


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority that this client trusts with what it asks the engine."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path / "ours")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(authority.of_client(tmp_path / "client")))
    return authority


def refusals() -> list[OutsideError]:
    """What is said of the engine that DOCKER_HOST names: by the docker command, and by docker-py."""
    refused = []
    for ask in (lambda: images.inspect("a/b:1"), lambda: through_engine.digest(Reference.parse("a/b:1"))):
        with pytest.raises(OutsideError) as caught:
            ask()
        refused.append(caught.value)
    return refused


@pytest.mark.parametrize(
    ("signer", "certificate", "said"),
    [
        ("theirs", (HERE, 1), "is not trusted"),
        ("ours", (HERE, -1), "is over, or not valid yet"),
        ("ours", ("DNS:engine.example", 1), "is for another name"),
    ],
)
def test_a_certificate_of_the_engine_that_is_wrong_is_told_by_what_is_wrong(
    ours: Authority, monkeypatch: pytest.MonkeyPatch, signer: str, certificate: tuple[str, int], said: str
) -> None:
    authority = ours if signer == "ours" else Authority(ours.directory.parent / "theirs")
    with serving(ENGINE, authority.signed(*certificate)) as address:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{address}")
        for refused in refusals():
            assert said in refused.message
            assert "Start Docker" not in refused.hint


def test_an_engine_without_tls_that_is_asked_for_it_is_said_to_speak_plain_http(
    ours: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ENGINE) as address:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{address}")
        for refused in refusals():
            assert "speaks plain HTTP" in refused.message


def test_an_engine_with_tls_that_is_asked_without_is_told_with_the_variable_that_asks_for_it(
    ours: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name)
    with serving(ENGINE, ours.signed(HERE, 1)) as address:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{address}")
        for refused in refusals():
            assert "DOCKER_TLS_VERIFY=1" in refused.hint
            assert "Start Docker" not in refused.hint


def test_an_image_for_another_platform_alone_is_said_to_be_there(registry: str, tmp_path: Path) -> None:
    name = f"{registry}/dagship-test/elsewhere-alone"
    other = "arm64" if platform.machine() == "x86_64" else "amd64"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nLABEL a=b\n")
    build = ["docker", "buildx", "build", "--provenance=false", f"--platform=linux/{other}", f"--tag={name}:one"]
    for made in (
        [*build, str(tmp_path)],
        ["docker", "push", "--quiet", f"{name}:one"],
        ["docker", "buildx", "imagetools", "create", f"--tag={name}:index", f"{name}:one"],
        ["docker", "image", "rm", f"{name}:one"],
    ):
        finished = run(made)
        assert 0 == finished.code, finished.stderr

    with pytest.raises(OutsideError, match="is there, but not for the platform"):
        images.pull(f"{name}:index")
