"""The Invoke tasks: flags in, one call of the pipeline, a summary out. Nothing is decided here.

Heavy packages are imported when a task runs, so that `invoke --list` stays quick.
"""

import functools
import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke import Collection, Context, Exit, task

from dagship.errors import INTERRUPTED, DagshipError

if TYPE_CHECKING:
    from dagship.console import Console
    from dagship.pipeline import Project

log = logging.getLogger(__name__)

# Shared by the tasks that have the flag. Defaults are those of settings.py; a test compares them.
_HELP = {
    "airflow": "Version of Airflow (default 3.3.2)",
    "base": "Base image (default: the one `base` built, else apache/airflow:VERSION)",
    "builder": "buildx builder (default: the current one)",
    "ca-cert": "PEM bundle of authorities to trust in builds; travels as a secret",
    "cache-from": "BuildKit cache source, as type=registry,ref=REF",
    "cache-to": "BuildKit cache target, as type=registry,ref=REF",
    "check": "Change nothing; exit 1 and show a diff when the lock is stale",
    "constraints": "Constraints file (default: the packages of the release's day)",
    "dags": "Directory of DAGs (default dags)",
    "env-file": "File of KEY=value lines: AIRFLOW_VAR_X, AIRFLOW_CONN_X",
    "extras": "Extras of Airflow, with commas (default: a set that runs on Kubernetes)",
    "force": "Build again what is there already, without caches",
    "image": "Image reference instead of the one that `build` left",
    "import-timeout": "Limit for importing one DAG file, seconds (default 30)",
    "json": "Print one JSON document on standard output",
    "junit": "Write a JUnit report to this file",
    "parse-budget": "Time that one DAG file may take to parse, seconds (default 10)",
    "pip-conf": "pip.conf for package installs; travels as a secret",
    "platform": "Platforms, with commas, as linux/amd64 (default: the engine's own)",
    "push": "Push it as well, straight from the builder",
    "pytest": "Run the tests in this file or directory inside the image as well",
    "repository": "Repository of the image, without tag (default dagship/airflow)",
    "requirements": "Lock, .in or plain requirements file (default requirements/dags.txt)",
    "strict": "Warnings fail the test as well",
    "untested": "Push it even though test-image did not pass on it",
    "upgrade": "Move every package to the newest version that fits",
    "upgrade-package": "Move only this package, or several with commas",
}


# Long flags alone: one letter for each of fourteen would be a riddle.
_task = functools.partial(task, auto_shortflags=False)


def _help(*names: str) -> dict[str, str]:
    return {name: _HELP[name] for name in names}


def _run(json: bool, flags: Mapping[str, object], act: "Callable[[Project], dict[str, Any]]") -> None:
    """Runs a task: settings in, document out, every failure one sentence and an exit status."""
    from dagship.console import Console

    console = Console(json_wanted=json)
    try:
        with _terminable():
            from dagship import pipeline, settings

            root = Path.cwd()
            project = pipeline.Project(root=root, settings=settings.load(root, flags), console=console)
            document = act(project)
    except DagshipError as failed:
        _fail(console, failed, failed.exit_code)
    except KeyboardInterrupt:
        _fail(
            console,
            DagshipError("Interrupted; what was started was stopped, and nothing was half-written."),
            INTERRUPTED,
        )
    except BrokenPipeError:
        raise Exit(code=INTERRUPTED) from None
    except OSError as failed:
        where = f" ({failed.filename})" if failed.filename else ""
        _fail(console, DagshipError(f"The system refused: {failed.strerror or failed}{where}."), DagshipError.exit_code)
    except Exception as bug:
        log.debug("unexpected", exc_info=True)
        message = f"dagship failed in a way that it should not: {type(bug).__name__}: {bug}"
        _fail(console, DagshipError(message, "Please report it, with the output of the same call with --debug."), 2)
    else:
        console.document(document)
        if not document.get("passed", True):
            raise Exit(code=1)


def _fail(console: "Console", error: DagshipError, code: int) -> None:
    console.error(error)
    console.document(
        {"error": {"message": error.message, "hint": error.hint, "detail": error.detail, "exit_code": code}}
    )
    raise Exit(code=code) from None


class _terminable:  # noqa: N801 - a context manager that reads as a word
    """Makes SIGTERM, which CI sends to cancel a job, end a task as Ctrl-C does."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _interrupt(*_: object) -> None:
        raise KeyboardInterrupt


@_task(help=_help("airflow", "extras", "constraints", "pip-conf", "ca-cert", "force", "json"))
def base(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    airflow: str = "",
    extras: str = "",
    constraints: str = "",
    pip_conf: str = "",
    ca_cert: str = "",
    force: bool = False,
    json: bool = False,
) -> None:
    """Build an Airflow base image from Debian and PyPI packages alone."""
    flags = {"airflow": airflow, "extras": extras, "constraints": constraints, "pip_conf": pip_conf, "ca_cert": ca_cert}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline

        built = pipeline.base(project, force=force)
        project.console.summary({"base": built.reference, "Airflow": built.airflow, "id": built.id})
        return built.model_dump(mode="json")

    _run(json, flags, act)


@_task(
    help=_help(
        "requirements", "check", "upgrade", "upgrade-package", "base", "airflow", "pip-conf", "ca-cert", "json"
    ),
)  # fmt: skip
def lock(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    requirements: str = "",
    check: bool = False,
    upgrade: bool = False,
    upgrade_package: str = "",
    base: str = "",
    airflow: str = "",
    pip_conf: str = "",
    ca_cert: str = "",
    json: bool = False,
) -> None:
    """Resolve requirements/dags.in into requirements/dags.txt: exact versions and hashes."""
    flags = {"requirements": requirements, "base": base, "airflow": airflow, "pip_conf": pip_conf, "ca_cert": ca_cert}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline

        names = tuple(name.strip() for name in upgrade_package.split(",") if name.strip())
        locked = pipeline.lock(project, check=check, upgrade=upgrade, upgrade_packages=names)
        state = "written" if locked.written else "up to date"
        project.console.summary({"lock": locked.path, "state": state})
        return locked.model_dump(mode="json", exclude={"text"})

    _run(json, flags, act)


@_task(
    help=_help(
        "dags", "requirements", "repository", "base", "airflow", "platform", "builder", "cache-from", "cache-to",
        "push", "pip-conf", "ca-cert", "force", "json",
    ),
)  # fmt: skip
def build(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    dags: str = "",
    requirements: str = "",
    repository: str = "",
    base: str = "",
    airflow: str = "",
    platform: str = "",
    builder: str = "",
    cache_from: str = "",
    cache_to: str = "",
    push: bool = False,
    pip_conf: str = "",
    ca_cert: str = "",
    force: bool = False,
    json: bool = False,
) -> None:
    """Build the image that carries the DAGs; the same input has the same tag and is built once."""
    flags = {
        "dags": dags, "requirements": requirements, "repository": repository, "base": base, "airflow": airflow,
        "platform": platform, "builder": builder, "cache_from": cache_from, "cache_to": cache_to, "pip_conf": pip_conf,
        "ca_cert": ca_cert,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.image.present import show_built

        image = pipeline.build(project, force=force, push=push)
        show_built(project.console, image)
        return image.model_dump(mode="json")

    _run(json, flags, act)


@_task(
    name="test-image",
    help=_help("image", "env-file", "pytest", "strict", "import-timeout", "parse-budget", "junit", "json"),
)
def test_image(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    image: str = "",
    env_file: str = "",
    pytest: str = "",
    strict: bool = False,
    import_timeout: str = "",
    parse_budget: str = "",
    junit: str = "",
    json: bool = False,
) -> None:
    """Import every DAG inside the built image: no network, read-only, no database."""
    flags = {"env_file": env_file, "strict": strict, "import_timeout": import_timeout, "parse_budget": parse_budget}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.verify import report

        found = pipeline.test_image(project, image=image, pytest_path=Path(pytest) if pytest else None)
        report.show(project.console, found)
        if junit:
            report.write_junit(Path(junit), found)
        return found.model_dump(mode="json")

    _run(json, flags, act)


@_task(help=_help("image", "untested", "json"))
def push(_context: Context, image: str = "", untested: bool = False, json: bool = False) -> None:
    """Push the tested image; the registry's digest is the result."""

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.reference import Reference

        pushed = pipeline.push(project, image=image, untested=untested)
        pinned = Reference.parse(pushed.reference).pinned(pushed.digest)
        project.console.summary(
            {"pushed": pushed.reference, "digest": pushed.digest, "look inside": f"docker run --rm -it {pinned} bash"}
        )
        return pushed.model_dump(mode="json")

    _run(json, {}, act)


namespace = Collection("dagship", base, lock, build, test_image, push)
