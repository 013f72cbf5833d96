"""Tests an image: DAG files are imported in it, as the dag-processor would, and what was seen is judged out here.

The container has no network, a read-only root, a random user with group 0 and no metadata database. The code that runs
in it is copied there with each test; nothing of it is in the image. What keeps the results is another user's process
than those that import: root's, with no right beyond starting and ending theirs.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dagship import redaction
from dagship.engine import images
from dagship.errors import UsageError
from dagship.inside.versions.airflow_env import FOLDERS, OF_CHECK
from dagship.model import dag_versions
from dagship.model.artifacts import BuiltImage
from dagship.model.snapshot import Snapshot
from dagship.model.verify_report import CheckedFile, Finding, VerifyReport
from dagship.probe import FIND_PYTHON
from dagship.resources import BESIDE_DAGS, programs
from dagship.settings import Settings
from dagship.terminal.console import Console, Step
from dagship.verify import envfile, own_tests, untouched, verdict
from dagship.verify.finding import finding
from dagship.verify.kept import snapshot, verdicts
from dagship.verify.observation import Observation, SeenFile, SeenTests
from dagship.workspace import Workspace

_Fact = TypeVar("_Fact", bound=BaseModel)

_NO_PYTHON = 90
_LABEL_REVISION = "org.opencontainers.image.revision"
# Of root's rights, those to start processes as another user and to end them.
_SUPERVISING = ("SETUID", "SETGID", "KILL")
_REPORT_LIMIT = 256 * 1024 * 1024
_TAIL = 4000

_ENVIRONMENT = {
    **OF_CHECK,
    # No database can be reached, and none may be waited for.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/dagship-none.db",
    "CONNECTION_CHECK_MAX_COUNT": "0",
    # The root is read-only, and the random user has no home.
    **dict.fromkeys(FOLDERS, "/tmp/dagship-airflow"),  # noqa: S108 - in the container
    "HOME": "/tmp",  # noqa: S108
}


def verify(
    settings: Settings,
    workspace: Workspace,
    console: Console,
    image: BuiltImage,
    *,
    pytest_path: Path | None = None,
    keep: Callable[[Snapshot], None] | None = None,
    before: Snapshot | None = None,
) -> VerifyReport:
    """Tests an image.

    Args:
        settings: Time limits, the env file, and whether warnings fail.
        workspace: Where relative paths start, and where tools for the user's own tests are kept.
        console: Shows progress.
        image: What to test; its `airflow` is what the image must have, where it is known.
        pytest_path: The user's own tests, to run in the image too.
        keep: Is given the snapshot of the image, where one can be taken.
        before: What the test of the image saw that a thin one is put on. What is as it was then is not imported again,
            if that was the same test.

    Raises:
        UsageError: The env file is wrong, or the image holds no Airflow.
        OutsideError: The engine failed.

    """
    from dagship.engine import containers

    began = time.monotonic()
    tests = (
        own_tests.read(pytest_path, root=workspace.root, max_file_size=settings.max_file_size) if pytest_path else {}
    )
    variables = envfile.read(workspace.root / settings.env_file) if settings.env_file else {}
    facts = images.inspect(image.id or image.reference)
    if facts is None:
        raise UsageError(
            f"The engine does not have {image.reference}.", "Build it again, or name another with --image."
        )
    runner = own_tests.runner(settings, workspace, console, image.reference) if pytest_path else {}
    user, of_packages = _random_users()
    job = {
        "user": facts.user,
        "users": {"files": user, "packages": of_packages},
        "import_timeout": settings.import_timeout,
        "earlier": [{"version": one, "root": dag_versions.dags_folder(one)} for one in _earlier(image)],
        "compare": True,
        "keep": keep is not None,
    }
    own, sent = environment(settings, variables), program()
    # The user's variables may be secret: nothing tells whether they are those of the time before.
    how = "" if variables else verdicts.how(sent, own, facts.platform)
    before = before if before is not None and how and before.how == how else None
    if before is not None:
        job |= {"before": verdicts.job(before), "packages": False}
    mask = partial(redaction.masked, secrets=redaction.secrets_in(variables))
    with containers.running(
        facts.id,
        platform=facts.platform,
        user=f"{user}:0",
        capabilities=_SUPERVISING,
        memory=settings.container_memory * 1024**2,
        seconds=settings.container_timeout,
    ) as container:
        container.put({**sent, "job.json": json.dumps(job).encode()})
        with console.step(f"Importing the DAGs of {image.reference}") as step:
            ended = container.execute(
                _command("verify", "/dagship", options="-I -S"),
                environment=own,
                on_output=_progress(step, mask),
                user="0:0",
            )
            seen = _read(Observation, container.get("report.json", limit=_REPORT_LIMIT))
            if seen is not None and before is not None:
                seen = verdicts.whole(seen, before)
            log = (container.get("airflow.log", limit=_REPORT_LIMIT) or b"").decode("utf-8", "replace")
        if ended.code == _NO_PYTHON or (seen is not None and "No module named 'airflow'" in seen.failed):
            raise UsageError(
                f"The image {image.reference} holds no Airflow.",
                "Build one with `build`, or name another with --image.",
            )
        came: SeenTests | None = None
        ran: containers.Executed | None = None
        if tests and not container.overdue:
            with console.step(f"Running the tests of {pytest_path}") as step:
                container.put({**runner, **tests})
                result = f"{secrets.token_hex(16)}.json"
                ran = container.execute(
                    _command("own_tests", "/dagship", result),
                    environment=own,
                    on_output=_progress(step, mask),
                )
                came = own_tests.masked(_read(SeenTests, container.get(f"out/{result}", limit=_REPORT_LIMIT)), mask)

    found: list[Finding] = []
    if seen:
        found += verdict.findings(
            seen,
            expected_airflow=image.airflow,
            parse_budget=settings.parse_budget,
            untouched=untouched.lines(seen.packages, image, facts),
        )
        found += verdicts.of_packages(before) if before is not None else ()
    if container.overdue:
        log = mask((ran or ended).output)[-_TAIL:]
        found.append(overdue(settings.container_timeout, log, in_tests=ran is not None))
    else:
        found += [] if seen else [died(ended.code, mask(log)[-_TAIL:])]
        found += own_tests.findings(came, mask(ran.output)[-_TAIL:]) if ran else []
    report = concluded(settings, image, seen, found, mask).model_copy(
        update={"id": facts.id, "tests": own_tests.checked(came)}
    )
    if keep is not None and seen is not None:
        taken = snapshot.taken(seen, report, image, facts.labels.get(_LABEL_REVISION, ""), mask, how=how, before=before)
        if taken is not None:
            keep(taken)
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 2)})


def concluded(
    settings: Settings,
    image: BuiltImage,
    seen: Observation | None,
    found: Iterable[Finding],
    mask: Callable[[str], str],
) -> VerifyReport:
    """Returns the report of what was seen in an image, wherever that was; the time that it took is not known here.

    Args:
        settings: Whether warnings fail.
        image: The image.
        seen: What was seen; None where the test did not come that far.
        found: Findings, in any order.
        mask: Takes secrets out of a text.

    """
    findings = verdict.ordered(found, mask)
    return VerifyReport(
        image=image.reference,
        id=image.id,
        passed=not any(finding.fails(strict=settings.strict) for finding in findings),
        strict=settings.strict,
        airflow=seen.airflow if seen else "",
        python=seen.python if seen else "",
        moved=image.moved,
        versions=(*image.dag_versions[:1], *(version.version for version in seen.earlier)) if seen else (),
        files=checked_files(seen, mask) if seen else (),
        findings=findings,
        seconds=0.0,
    )


def program() -> dict[str, bytes]:
    """Returns the files of the code that runs inside."""
    files = programs("verify", "own_tests")
    return {f"inside/{BESIDE_DAGS}/{name}": file.read_bytes() for name, file in files.items()}


def environment(settings: Settings, variables: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment of the test: the user's variables, below what the test depends on."""
    return {**variables, **_ENVIRONMENT, "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(settings.import_timeout)}


def _command(program: str, *arguments: str, options: str = "") -> list[str]:
    """The command that runs a program with the interpreter that runs Airflow, which the image's shell finds."""
    given = ", ".join(map(repr, arguments))
    imported = f"from {BESIDE_DAGS}.{program} import main"
    start = f"import sys; sys.path.insert(0, '/dagship/inside'); {imported}; main.main({given})"
    return ["sh", "-c", FIND_PYTHON, "sh", start, options]


def _random_users() -> tuple[int, int]:
    """Two users that no image knows; they get the group that every image of Airflow works with."""
    first = 100_000 + secrets.randbelow(1_000_000_000)
    return first, first + 1


def _progress(step: Step, mask: Callable[[str], str]) -> Callable[[str], None]:
    """Returns what shows the last line of an output; that comes in pieces, which end anywhere, in a secret as well."""
    rest = ""

    def hear(piece: str) -> None:
        nonlocal rest
        rest += piece
        *lines, rest = (rest if len(rest) <= _TAIL else f"{redaction.CUT}{rest[-_TAIL:]}").split("\n")
        if shown := mask("\n".join(lines)).strip().splitlines():
            step.say(shown[-1])

    return hear


def _read(kind: type[_Fact], document: bytes | None) -> _Fact | None:
    """The report of the container; None when there is none, or another's."""
    try:
        return kind.model_validate_json(document or b"")
    except ValidationError:
        return None


def died(code: int, log: str) -> Finding:
    """Returns the finding for a test that left no report."""
    return finding(
        "crashed", f"The test itself ended with exit status {code} and left no report.", trace=log,
        hint="A plugin or airflow_local_settings.py may end the process; so may the end of what the container has:"
        " container_memory, or 1 GiB in /tmp.",
    )  # fmt: skip


def overdue(limit: float, log: str, *, in_tests: bool) -> Finding:
    """Returns the finding for a container whose time was up, while DAGs were imported or in the user's own tests."""
    where = " while pytest ran the tests" if in_tests else ""
    return finding(
        "timeout", f"The test as a whole did not end within {limit:g} s, and was stopped{where}.", trace=log,
        hint="The last lines say how far it was. Where it only needs longer, raise container_timeout.",
    )  # fmt: skip


def _earlier(image: BuiltImage) -> tuple[str, ...]:
    """The versions that runs may be pinned to besides the current one; Airflow 2 pins none.

    Those of an image that runs were tested with it, on the layers that a thin image has too.
    """
    if image.thin is not None:
        return ()
    return () if image.airflow.startswith(("1.", "2.")) else image.dag_versions[1:]


def checked_files(seen: Observation, mask: Callable[[str], str]) -> tuple[CheckedFile, ...]:
    """Returns the files that were tested, those of the current version first."""
    current = (_checked(file, "", mask, imported=file.file not in seen.before) for file in seen.files)
    earlier = (_checked(file, version.version, mask) for version in seen.earlier for file in version.files)
    return (*current, *earlier)


def _checked(file: SeenFile, version: str, mask: Callable[[str], str], *, imported: bool = True) -> CheckedFile:
    if file.seen is None:
        seconds = file.died.seconds if file.died and file.died.killed else 0
        return CheckedFile(file=file.file, seconds=seconds, dags=(), version=version)
    dags = tuple(mask(dag.id) for dag in file.seen.dags)
    return CheckedFile(file=file.file, seconds=file.seen.seconds, dags=dags, version=version, imported=imported)
