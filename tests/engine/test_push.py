"""Push to a real registry, and to ones that refuse, fail, send a page or say nothing."""

import io
import json
import socket
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagship import process, push
from dagship.engine import builds, images
from dagship.engine import registry as gateway
from dagship.errors import OutsideError, Transient
from dagship.model.artifacts import BuiltImage
from dagship.model.reference import Reference
from dagship.terminal.console import Console
from tests.engine.registries import answering, flaky, serving

Tagged = Callable[[str], BuiltImage]


@pytest.fixture
def tagged(tmp_path: Path) -> Iterator[Tagged]:
    """Makes a small image of fresh content under a repository, and removes it afterwards."""
    made: list[str] = []

    def make(repository: str) -> BuiltImage:
        reference = f"{repository}:{uuid.uuid4().hex[:12]}"
        (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY content /\n")
        (tmp_path / "content").write_text(reference)
        builds.build(builds.Build(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=reference))
        made.append(reference)
        facts = images.inspect(reference)
        assert facts is not None
        return BuiltImage(
            reference=reference, id=facts.id, digest="", dag_version="", airflow="", base="", platforms=(facts.platform,),
            size=facts.size, layers=(), seconds={}, reused=False,
        )  # fmt: skip

    yield make
    for reference in made:
        process.run(["docker", "image", "rm", "--force", reference])


def test_the_result_is_the_registrys_digest(console: Console, registry: str, tagged: Tagged) -> None:
    image = tagged(f"{registry}/dagship-test/push")

    pushed = push.push(console, image, tested=True)

    name, tag = image.reference.removeprefix(f"{registry}/").split(":")
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", method="HEAD")
    kinds = (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
    request.add_header("Accept", ", ".join(f"application/vnd.{kind}+json" for kind in kinds))
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Docker-Content-Digest"] == pushed.digest
    assert pushed.tested


def test_pushing_twice_gives_the_same_digest(console: Console, registry: str, tagged: Tagged) -> None:
    image = tagged(f"{registry}/dagship-test/push")

    assert push.push(console, image, tested=True) == push.push(console, image, tested=True)


def test_a_registry_that_was_down_for_a_moment_gets_the_image(console: Console, registry: str, tagged: Tagged) -> None:
    pauses: list[float] = []
    with serving(flaky(registry, failures=2)) as address:
        image = tagged(f"{address}/dagship-test/push")
        pushed = push.push(console, image, tested=False, pause=pauses.append)

    assert pushed.digest.startswith("sha256:")
    assert pauses


def test_a_registry_that_stays_down_ends_the_tries(console: Console, tagged: Tagged) -> None:
    pauses: list[float] = []
    with serving(answering(503, b"")) as address, pytest.raises(Transient, match="did not take"):
        push.push(console, tagged(f"{address}/a/b"), tested=False, pause=pauses.append)

    assert 3 == len(pauses)


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHORIZED"), (403, "DENIED")])
def test_a_refusal_is_named_and_not_repeated(console: Console, tagged: Tagged, status: int, code: str) -> None:
    body = json.dumps({"errors": [{"code": code, "message": "requested access to the resource is denied"}]}).encode()
    pauses: list[float] = []
    with serving(answering(status, body)) as address, pytest.raises(OutsideError, match="refuses") as refused:
        push.push(console, tagged(f"{address}/a/b"), tested=False, pause=pauses.append)

    assert "docker login" in refused.value.hint
    assert not pauses


@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_page_in_place_of_a_registry_is_an_error(console: Console, tagged: Tagged, status: int) -> None:
    page = b"<html><body>Welcome to the portal</body></html>"
    with serving(answering(status, page, "text/html")) as address, pytest.raises(OutsideError) as failed:
        push.push(console, tagged(f"{address}/a/b"), tested=False, pause=lambda _: None)

    assert 3 == failed.value.exit_code


def test_nobody_there_is_an_error(console: Console, tagged: Tagged) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Transient, match="did not take"):
            push.push(console, tagged(f"{address}/a/b"), tested=False, pause=lambda _: None)


def test_a_registry_that_says_nothing_is_given_up(console: Console, tagged: Tagged) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Transient):
            gateway.push(Reference.parse(tagged(f"{address}/a/b").reference), lambda *_: None)


def test_an_image_that_is_not_in_the_engine_is_one_sentence(output: io.StringIO, registry: str) -> None:
    image = BuiltImage(
        reference=f"{registry}/dagship-test/none:1", id="", digest="", dag_version="", airflow="", base="", platforms=(),
        size=0, layers=(), seconds={}, reused=False,
    )  # fmt: skip

    with pytest.raises(OutsideError):
        push.push(Console(stderr=output), image, tested=False, pause=lambda _: None)
