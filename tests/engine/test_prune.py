"""Prune on a real registry: what it reads there, what it deletes, and what it leaves alone."""

import base64
import http.server
import io
import json
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import builds
from dagship.engine import registry as gateway
from dagship.errors import OutsideError, Refused, Transient
from dagship.model.reference import Reference
from dagship.prune import pruner
from dagship.prune.model import Place, PruneReport, Seen
from dagship.registry.attached import Attached
from dagship.registry.repository import Repository
from dagship.terminal.console import Console
from tests.engine.registries import answering, relaying, serving

HERE = Place(context="", namespace="airflow")
# `secret words`, of user `ci`, as htpasswd -B writes it.
_PASSWORDS = "ci:$2b$05$2Z/DTpQCq890eR6N8paVeuWlWN6sZz5l8DJ78uu99at2k/AcrFstq\n"

Make = Callable[..., str]


@pytest.fixture
def repository(registry: str) -> Iterator[str]:
    """A repository of its own, empty again after the test."""
    name = f"{registry}/dagship-test/prune-{uuid.uuid4().hex[:8]}"
    yield name
    remote = Repository(Reference.parse(name))
    for tag in remote.tags():
        remote.delete(remote.digest(tag))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Pushes a small image as `build` labels it, and returns its digest."""
    made: list[str] = []

    def make(repository: str, version: str, *also: str, day: int = 1, versions: str = "", ours: bool = True) -> str:
        own = f"{version * 12}-{version * 12}"
        (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY content /\n")
        (tmp_path / "content").write_text(uuid.uuid4().hex)
        labels = {
            "io.dagship.dag.version": version * 12,
            "io.dagship.dag.versions": ",".join(one * 12 for one in versions or version),
            "org.opencontainers.image.version": own,
            "org.opencontainers.image.created": f"2026-11-{day:02}T00:00:00Z",
        }
        build = builds.Build(
            context=tmp_path,
            dockerfile=tmp_path / "Dockerfile",
            tag=f"{repository}:{own}",
            labels=labels if ours else {},
        )
        builds.build(build)
        digest = ""
        for tag in (own, *also):
            reference = f"{repository}:{tag}"
            made.append(reference)
            process.run(["docker", "tag", f"{repository}:{own}", reference])
            digest = gateway.push(Reference.parse(reference), lambda *_: None)
        return digest

    yield make
    for reference in made:
        process.run(["docker", "image", "rm", "--force", reference])


def _look(*mentions: str, pinned: dict[str, int] | None = None, unasked: str = "") -> Callable[[], tuple[Seen, ...]]:
    where = dict.fromkeys(mentions, ("statefulset/worker",))
    return lambda: (Seen(place=HERE, mentions=where, pinned=pinned or {}, unasked=unasked),)


def _prune(
    console: Console, repository: str, look: Callable[[], tuple[Seen, ...]], *, delete: bool = False, keep: int = 0,
    ignore_runs: bool = False,
) -> PruneReport:  # fmt: skip
    return pruner.prune(console, repository, look, keep=keep, pushed="", delete=delete, ignore_runs=ignore_runs)


def _tags(repository: str) -> list[str]:
    return sorted(tag[0] for tag in Repository(Reference.parse(repository)).tags())


def test_it_lists_and_deletes_nothing_until_told_to(console: Console, repository: str, make: Make) -> None:
    used = make(repository, "a")
    make(repository, "b")

    listed = _prune(console, repository, _look(used))

    assert ["a", "b"] == _tags(repository)
    assert "planned" == listed.outcome
    assert {"a" * 12: True, "b" * 12: False} == {one.dag_version: bool(one.kept_for) for one in listed.images}

    deleted = _prune(console, repository, _look(used), delete=True)

    assert ["a"] == _tags(repository)
    assert ["b" * 12] == [one.dag_version for one in deleted.images if one.deleted]


def test_what_is_attached_to_an_image_is_read_back_and_goes_with_it(
    console: Console, repository: str, make: Make
) -> None:
    used, other = make(repository, "a"), make(repository, "b")
    beside = Attached(Reference.parse(repository))
    for digest in (used, other):
        beside.attach(digest, f"of {digest}".encode(), "application/x-kind")

    assert beside.attached(used, "application/x-kind") == f"of {used}".encode()
    assert beside.attached(used, "application/x-other") is None
    assert beside.attached(f"sha256:{'0' * 64}", "application/x-kind") is None

    listed = _prune(console, repository, _look(used))
    assert listed.untouched == ()
    assert {"a" * 12, "b" * 12} == {one.dag_version for one in listed.images}
    _prune(console, repository, _look(used), delete=True)

    assert beside.attached(used, "application/x-kind") is not None
    assert beside.attached(other, "application/x-kind") is None


def test_what_stays_can_still_be_pulled_byte_for_byte(console: Console, repository: str, make: Make) -> None:
    used = make(repository, "a")
    make(repository, "b")
    _prune(console, repository, _look(used), delete=True)
    process.run(["docker", "image", "rm", "--force", f"{repository}:{'a' * 12}-{'a' * 12}"])

    pulled = process.run(["docker", "pull", f"{repository}@{used}"])

    assert 0 == pulled.code, pulled.stderr


def test_pinned_runs_the_newest_a_persons_tag_and_what_is_not_dagships_stay(
    console: Console, repository: str, make: Make
) -> None:
    used = make(repository, "a", day=1)
    make(repository, "b", day=2, versions="bf")
    make(repository, "c", "production", day=3)
    make(repository, "d", day=9)
    make(repository, "e", ours=False)
    make(repository, "9", day=4)

    report = _prune(console, repository, _look(used, pinned={"f" * 12: 3}), delete=True, keep=1)

    assert ["a", "b", "c", "d", "e", "p"] == _tags(repository)
    assert ("e" * 12 + "-" + "e" * 12,) == report.untouched


def _for_two_platforms(repository: str, directory: Path) -> str:
    """Pushes an image as `build --platform` makes it, and returns its tag."""
    (directory / "Dockerfile").write_text("FROM scratch\nCOPY content /\n")
    (directory / "content").write_text(uuid.uuid4().hex)
    tag = "b" * 12 + "-" + "b" * 12
    build = builds.Build(
        context=directory, dockerfile=directory / "Dockerfile", tag=f"{repository}:{tag}",
        labels={"io.dagship.dag.version": "b" * 12, "org.opencontainers.image.version": tag},
        platforms=("linux/amd64", "linux/arm64"), outputs=("type=image,push=true",),
    )  # fmt: skip
    builds.build(build)
    return tag


def test_an_image_for_two_platforms_goes_whole(console: Console, repository: str, make: Make, tmp_path: Path) -> None:
    used = make(repository, "a")
    tag = _for_two_platforms(repository, tmp_path)
    remote = Repository(Reference.parse(repository))
    facts = remote.facts(tag)
    assert facts is not None
    assert len(facts.parts) == 2

    _prune(console, repository, _look(used), delete=True)

    assert [""] * 3 == [remote.digest(digest) for digest in (facts.digest, *facts.parts)]
    assert ["a"] == _tags(repository)
    process.run(["docker", "image", "rm", "--force", f"{repository}:{tag}"])


def test_a_part_that_runs_keeps_the_image_for_two_platforms(
    console: Console, repository: str, make: Make, tmp_path: Path
) -> None:
    tag = _for_two_platforms(repository, tmp_path)
    facts = Repository(Reference.parse(repository)).facts(tag)
    assert facts is not None

    _prune(console, repository, _look(facts.parts[0]), delete=True)

    assert ["b"] == _tags(repository)
    process.run(["docker", "image", "rm", "--force", f"{repository}:{tag}"])


def test_a_tag_that_moved_or_came_while_it_looked_keeps_its_image(
    console: Console, output: io.StringIO, repository: str, make: Make
) -> None:
    used = make(repository, "a")
    make(repository, "b")
    moved = make(repository, "c")

    def look() -> tuple[Seen, ...]:
        new = Reference.parse(f"{repository}:new")
        process.run(["docker", "tag", f"{repository}:{'b' * 12}-{'b' * 12}", str(new)])
        gateway.push(new, lambda *_: None)
        assert make(repository, "c") != moved
        return _look(used)()

    report = _prune(console, repository, look, delete=True)

    assert ["a", "b", "c", "n"] == _tags(repository)
    assert not any(one.deleted for one in report.images)
    process.run(["docker", "image", "rm", "--force", f"{repository}:new"])


def test_nothing_is_deleted_when_the_place_uses_none_of_the_images(
    console: Console, repository: str, make: Make
) -> None:
    make(repository, "a")

    with pytest.raises(Refused, match="mentions an image of this repository"):
        _prune(console, repository, _look("sha256:" + "0" * 64), delete=True)

    assert ["a"] == _tags(repository)


def test_nothing_is_deleted_when_the_runs_cannot_be_asked_for_unless_that_is_said(
    console: Console, output: io.StringIO, repository: str, make: Make
) -> None:
    look = _look(make(repository, "a"), unasked="no scheduler runs")
    make(repository, "b")

    with pytest.raises(Refused, match="no scheduler runs; nothing was deleted"):
        _prune(console, repository, look, delete=True)
    assert "could not be asked" in output.getvalue()
    assert ["a", "b"] == _tags(repository)

    _prune(console, repository, look, delete=True, ignore_runs=True)
    assert ["a"] == _tags(repository)


def test_a_repository_that_is_not_there_has_nothing_to_prune(console: Console, registry: str) -> None:
    report = _prune(console, f"{registry}/dagship-test/prune-never", _look())

    assert () == report.images


@contextmanager
def _registry(directory: Path, config: str) -> Iterator[str]:
    """A registry of its own, started and stopped."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("a registry of its own needs Debian's docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (directory / "registry.yml").write_text(
        f'version: 0.1\nlog: {{level: error}}\nhttp: {{addr: "{address}"}}\n'
        f'storage: {{filesystem: {{rootdirectory: "{directory}/data"}}, {config}\n'
    )
    with (directory / "registry.log").open("wb") as log:
        argv = [program, "serve", str(directory / "registry.yml")]
        running = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(tuple(address.split(":"))).close()  # type: ignore[arg-type]
                break
            except OSError:
                assert running.poll() is None, (directory / "registry.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield address
    finally:
        running.terminate()
        running.wait()


def test_a_registry_that_lets_nobody_delete_is_named_with_what_to_do(
    console: Console, make: Make, tmp_path: Path
) -> None:
    (place := tmp_path / "registry").mkdir()
    with _registry(place, "delete: {enabled: false}}") as address:
        repository = f"{address}/team/airflow"
        used = make(repository, "a")
        make(repository, "b")

        with pytest.raises(OutsideError, match="lets nobody delete") as failed:
            _prune(console, repository, _look(used), delete=True)

        assert "storage.delete.enabled" in failed.value.hint
        assert "0 of 1 images were deleted" in failed.value.detail
        assert ["a", "b"] == _tags(repository)


def test_the_login_of_docker_opens_a_registry_that_wants_one(
    console: Console, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place := tmp_path / "registry").mkdir()
    (place / "passwords").write_text(_PASSWORDS)
    login = f'delete: {{enabled: true}}}}\nauth: {{htpasswd: {{realm: test, path: "{place}/passwords"}}}}'
    with _registry(place, login) as address:
        repository = f"{address}/team/airflow"
        monkeypatch.setenv("DOCKER_CONFIG", str(place))
        (place / "config.json").write_text("{}")
        with pytest.raises(OutsideError, match="does not let you list the tags") as refused:
            _prune(console, repository, _look())
        assert "docker login" in refused.value.hint

        secret = base64.b64encode(b"ci:secret words").decode()
        (place / "config.json").write_text(json.dumps({"auths": {address: {"auth": secret}}}))
        used = make(repository, "a")
        make(repository, "b")
        _prune(console, repository, _look(used), delete=True)

        assert ["a"] == _tags(repository)


@pytest.mark.parametrize("known", [True, False])
def test_a_token_is_fetched_with_that_login(
    repository: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:  # fmt: skip
    make(repository, "a")
    registry = Reference.parse(repository).registry
    relay = relaying(registry)
    asked: list[str] = []

    class Tokens(relay):  # type: ignore[valid-type, misc]
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            login = self.headers.get("Authorization", "")
            if self.path.startswith("/token"):
                asked.append(self.path)
                right = login == "Basic " + base64.b64encode(b"ci:secret words").decode()
                self._say(200 if right else 401, b'{"token": "of the day"}' if right else b"{}")
            elif login == "Bearer of the day":
                self._proxy()
            else:
                where = f"http://{self.headers['Host']}/token"
                challenge = f'Bearer realm="{where}",service="registry",scope="repository:a:pull"'
                self._say(401, b"{}", challenge)

        def _say(self, status: int, body: bytes, challenge: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if challenge:
                self.send_header("WWW-Authenticate", challenge)
            self.end_headers()
            self.wfile.write(body)

    with serving(Tokens) as address:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        secret = base64.b64encode(b"ci:secret words" if known else b"ci:wrong").decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {address: {"auth": secret}}}))
        remote = Repository(Reference.parse(repository.replace(registry, address)))

        if known:
            assert 1 == len(remote.tags())
        else:
            with pytest.raises(OutsideError, match="refuses you"):
                remote.tags()
    assert "scope=repository" in asked[0]


@pytest.mark.parametrize(
    ("handler", "error", "words"),
    [
        (answering(503, b""), Transient, "not well"),
        (answering(200, b"<html>", "text/html"), OutsideError, "not a registry"),
        (answering(200, b"[]"), OutsideError, "not a registry"),
        (answering(403, b"{}"), OutsideError, "does not let you"),
        (answering(400, b"{}"), OutsideError, "answered 400"),
    ],
)
def test_answers_of_no_use_are_named(
    handler: type[http.server.BaseHTTPRequestHandler], error: type[OutsideError], words: str
) -> None:
    with serving(handler) as address, pytest.raises(error, match=words):
        Repository(Reference.parse(f"{address}/a/b")).tags()


def test_a_registry_that_knows_of_no_deletion_has_deleted_nothing() -> None:
    digest = "sha256:" + "a" * 64

    class Keeping(answering(200, b"{}")):  # type: ignore[misc]
        def do_DELETE(self) -> None:  # noqa: N802 - the library's name
            self.send_error(404)

        def end_headers(self) -> None:
            self.send_header("Docker-Content-Digest", digest)
            super().end_headers()

    with serving(Keeping) as address, pytest.raises(OutsideError, match="lets nobody delete"):
        Repository(Reference.parse(f"{address}/a/b")).delete(digest)


def test_nobody_there_is_one_sentence() -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        Repository(Reference.parse("127.0.0.1:1/a/b")).tags()


def test_the_pages_of_a_long_list_are_read_to_the_end(
    repository: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in "abc":
        make(repository, version)
    monkeypatch.setattr("dagship.registry.repository._PAGE", 1)

    assert ["a", "b", "c"] == _tags(repository)
