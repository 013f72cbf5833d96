"""The user's own tests, for `--pytest`: what to run, what to run it with, and what came of it.

pytest is installed beside the image, by a build whose result is files: the image that is tested stays as it ships. An
image that has pytest uses its own.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from dagship import index, probe
from dagship.dockerfile import exec_form
from dagship.engine import builds
from dagship.errors import UsageError
from dagship.model.artifacts import BaseImage
from dagship.model.verify_report import CheckedTest, Finding
from dagship.resources import copy_programs, programs
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.untrusted import boundary, files
from dagship.verify.finding import finding
from dagship.verify.observation import SeenTests
from dagship.workspace import Workspace

_INSTALLER = ("shared", "install_pytest")
_SKIPPED = {"__pycache__", ".git", ".pytest_cache", ".venv"}
_NOTHING_COLLECTED = 5
# All tests together, bytes.
_MOST = 256 << 20


def read(path: Path, *, root: Path, max_file_size: int) -> dict[str, bytes]:
    """Reads a test file, or a directory of tests with all that lies in it, by name in the container.

    Args:
        path: The file or directory.
        root: The project.
        max_file_size: Bytes that one file may have.

    Raises:
        UsageError: There are none, one cannot be read or is too large, or a link leads elsewhere.

    """
    boundary.check_link(root, path)
    if not path.exists():
        raise UsageError(f"There are no tests at {path}.", "Name a test file, or a directory of tests, with --pytest.")
    found = {}
    size = 0
    for file in [path] if path.is_file() else _files(path):
        name = file.name if file == path else file.relative_to(path).as_posix()
        if file.is_symlink() and file != path and boundary.leads_out(path, file.absolute()):
            raise UsageError(f"The link {name!r} leads outside {path}.", "Copy what it leads to into the directory.")
        found[f"tests/{name}"] = content = _content(file, max_file_size)
        size += len(content)
        if size > _MOST:
            raise UsageError(
                f"The files in {path} have more than {_MOST >> 20} MiB together.",
                "All of them are copied into the container: name a directory that holds the tests alone.",
            )
    if not any(name.endswith(".py") for name in found):
        raise UsageError(f"There are no tests in {path}.", "Name a test file, or a directory of tests, with --pytest.")
    return found


def _content(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as unreadable:
        raise UsageError(f"{file} cannot be read: {unreadable.strerror}.", "Fix its permissions.") from unreadable
    if len(content) > limit:
        raise UsageError(f"{file} is larger than {limit} bytes.", "Move it out of the tests, or raise max_file_size.")
    return content


def _files(root: Path) -> Iterator[Path]:
    for directory, below, names in os.walk(root):
        below[:] = sorted(set(below) - _SKIPPED)
        yield from (file for file in (Path(directory, name) for name in sorted(names)) if file.is_file())


def runner(settings: Settings, workspace: Workspace, console: Console, reference: str) -> dict[str, bytes]:
    """Returns the files of a pytest for the image's Python, installed once for each version of it.

    Raises:
        UsageError: What is kept of it is or has a link.
        OutsideError: The index or the engine failed.

    """
    image = probe.probe(workspace, console, reference)
    if "pytest" in image.packages:
        return {}
    kept = _kept(workspace, image)
    if not kept.is_dir():
        with console.step("Installing pytest beside the image"):
            _install(settings, image, kept)
    return read_runner(kept)


def read_runner(kept: Path) -> dict[str, bytes]:
    """Reads an installed pytest, by name in the container; an image made its files, and could have made links.

    Raises:
        UsageError: Something in it is a link, or it is too much.

    """
    boundary.refuse_links(kept)
    found: dict[str, bytes] = {}
    left = _MOST
    for file in _files(kept):
        try:
            found[f"pytest/{file.relative_to(kept).as_posix()}"] = content = files.read(file, limit=left)
        except OSError as failed:
            raise UsageError(
                f"The pytest in {kept} cannot be read: {file.name}: {failed.strerror}.",
                "Delete that directory: it is made again; or put pytest into the requirements, then none is needed.",
            ) from failed
        left -= len(content)
    return found


def _kept(workspace: Workspace, image: BaseImage) -> Path:
    python = ".".join(image.python_version.split(".")[:2])
    content = b"".join(file.read_bytes() for file in programs(*_INSTALLER).values())
    digest = hashlib.sha256(f"{python} {image.platform}\n".encode() + content).hexdigest()
    return workspace.cache("pytest") / digest


def _install(settings: Settings, image: BaseImage, target: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="dagship-") as scratch,
        tempfile.TemporaryDirectory(dir=target.parent) as out,
    ):
        context = Path(scratch, "context")
        copy_programs(context / "inside", *_INSTALLER)
        recipe = Path(scratch, "Dockerfile")
        recipe.write_text(dockerfile(image), "utf-8")
        builds.build(
            builds.Build(
                context=context,
                dockerfile=recipe,
                secrets=index.build_secrets(settings, Path(scratch)),
                outputs=(builds.fields("type=local", f"dest={out}"),),
                platforms=(image.platform,),
                builder=settings.builder,
            )
        )
        Path(out).chmod(0o755)
        try:
            Path(out, "pytest").rename(target)
        except OSError:
            if not target.is_dir():  # else a second run was faster, and has the same
                raise


def dockerfile(image: BaseImage) -> str:
    """Returns the Dockerfile whose result is `/pytest` alone; what its step reads is mounted (see images/airflow)."""
    secrets = " ".join(f"--mount=type=secret,id={name}" for name in ("ca", "index", "pip-conf"))
    command = exec_form(image.python, "/opt/dagship/inside", "install_pytest.main", "/opt/dagship/pytest")
    return f"""\
FROM {image.reference} AS install
USER 0
RUN {secrets} --mount=type=bind,source=inside,target=/opt/dagship/inside {command}
FROM scratch
COPY --from=install /opt/dagship/pytest/ /pytest/
"""


def masked(seen: SeenTests | None, mask: Callable[[str], str]) -> SeenTests | None:
    """Returns what came of the tests with secrets masked in their names, where parameters stand."""
    tests = tuple(test.model_copy(update={"name": mask(test.name)}) for test in seen.tests) if seen else ()
    return seen.model_copy(update={"tests": tests}) if seen else None


def checked(seen: SeenTests | None) -> tuple[CheckedTest, ...]:
    """Returns the tests that ran."""
    tests = seen.tests if seen else ()
    return tuple(CheckedTest(name=test.name, outcome=test.outcome, seconds=round(test.seconds, 3)) for test in tests)


def findings(seen: SeenTests | None, log: str) -> Iterator[Finding]:
    """Judges the tests.

    Args:
        seen: What came of them, None when pytest did not come to an end.
        log: What it printed.

    """
    failed = [test for test in seen.tests if test.outcome == "failed"] if seen else []
    for test in failed:
        yield finding("test-failed", test.message, file=test.name, line=test.line, trace=test.text)
    if seen is not None and seen.code == _NOTHING_COLLECTED:
        yield finding("no-tests", "pytest found no test.", trace=log, hint="It reads test_*.py, unless told otherwise.")
    elif seen is None or (seen.code != 0 and not failed):
        yield finding(
            "test-failed", "pytest did not come to an end.", trace=log, hint="Its words are in the traceback."
        )
