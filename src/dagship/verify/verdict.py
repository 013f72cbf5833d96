"""Judges the facts seen in an image: findings, each with the file, the line and what to do. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from dagship.model.verify_report import Finding, Kind, Severity
from dagship.verify import across
from dagship.verify.blame import blame, fault_blame
from dagship.verify.finding import finding, place, short
from dagship.verify.meaning import EXIT_HINT, LOST_HINT, NETWORK_HINT, TIMEOUT_HINT, meaning, sentence
from dagship.verify.observation import (
    Death,
    Observation,
    Packages,
    SeenDifference,
    SeenError,
    SeenEvent,
    SeenFile,
    SeenVersion,
)
from dagship.verify.tracebacks import parse

# Places of a DAG that are named one by one.
_NAMED = 3
# Where Airflow lists DAG files, 2.10 to 3.1 and since 3.2.
_LISTING = re.compile(r"/(?:airflow/utils/file|module_loading/file_discovery)\.py\", line \d+, in _?find_path_from")
_UNKNOWN = Death(killed=False, signal="", exit=0, lost=True, seconds=0, log="")
_KILLED_HINT = "Memory may have run out: all that runs in the test shares what the setting container_memory gives it."
_EARLIER_HINT = (
    "This is the DAG version {}, kept because runs may have begun on it; `dagship status` counts those that are not"
    " finished. Give it what it needs; or, when no run needs it, leave it out: build with a smaller --keep-versions."
)


def findings(
    seen: Observation, *, expected_airflow: str, parse_budget: float, untouched: Collection[str] = ()
) -> Iterator[Finding]:
    """Judges an image.

    Args:
        seen: What was seen in it.
        expected_airflow: The Airflow of its base, empty when not known.
        parse_budget: Seconds that a file may take.
        untouched: The lines that `pip check` says of the base alone.

    """
    yield from _of_image(seen, expected_airflow)
    yield from _of_packages(seen.packages, untouched)
    yield from (_of_hidden(each.name, each.by) for each in seen.hidden)
    yield from (_of_plugin(each.file, each.error) for each in seen.plugins)
    yield from across.duplicates(seen.files, seen.root)
    yield from across.lost(seen.files)
    for file in seen.files:
        yield from _of_file(file, seen.root, parse_budget)
    for version in seen.earlier:
        yield from _of_earlier(version, parse_budget)


def ordered(found: Iterable[Finding], mask: Callable[[str], str]) -> tuple[Finding, ...]:
    """Returns findings with secrets masked, then cut: errors first, each sort by file and line, no warning twice."""
    masked = (
        each.model_copy(
            update={
                "message": short(mask(each.message)),
                "traceback": mask(each.traceback),
                "hint": mask(each.hint),
            }
        )
        for each in _once(found)
    )
    return tuple(
        sorted(masked, key=lambda made: (made.severity, made.version, made.file, made.line, made.kind, made.message))
    )


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """Leaves out warnings that are repeated: each is about a line, which many DAG files may import."""
    warned = set()
    for made in found:
        key = (made.kind, made.file, made.line, made.message)
        if made.severity == "error" or key not in warned:
            yield made
        warned.add(key)


def _of_image(seen: Observation, expected: str) -> Iterator[Finding]:
    if seen.failed and _LISTING.search(seen.failed):
        yield finding(
            "airflow-broken",
            f"Airflow cannot list the DAG files: {sentence(parse(seen.failed))}",
            trace=seen.failed,
            hint="See the .airflowignore files of the tree: one of them is no text in UTF-8, or has a pattern that"
            " cannot be; and links that lead back to where they are.",
        )
    elif seen.failed:
        yield finding(
            "airflow-broken",
            f"Airflow cannot be started in the image: {sentence(parse(seen.failed))}",
            trace=seen.failed,
            hint="See its configuration, airflow_local_settings.py and the packages in the image.",
        )
    elif not any(file.seen is None or file.seen.dags or file.seen.errors for file in seen.files):
        yield finding(
            "no-dags",
            f"No DAG was found in {seen.root}, in the {len(seen.files)} files that Airflow read.",
            hint="Airflow skips what .airflowignore names, and files that do not say both dag and airflow.",
        )
    if expected and seen.airflow and seen.airflow != expected:
        yield finding(
            "airflow-moved",
            f"The image runs Airflow {seen.airflow}, and its base has {expected}.",
            hint="Take apache-airflow out of the requirements, lock and build; another Airflow is another base.",
        )


def _of_hidden(name: str, by: str) -> Finding:
    module = name.removesuffix(".py")
    return finding(
        "hidden-include",
        f"What is included as {name!r} is never imported: Python finds another {module!r} first, at {by}.",
        hint="Give it another name in the project, or include the directories in it instead.",
    )


def _of_plugin(file: str, error: str) -> Finding:
    which = f"The plugin {file} cannot be loaded" if file else "The plugins cannot be loaded"
    return finding(
        "plugin-error",
        f"{which}: {short(error)}",
        hint="Airflow goes on without it, and says so in a log alone. What it imports must be in the image.",
    )


def _of_packages(seen: Packages, untouched: Collection[str]) -> Iterator[Finding]:
    """Judges packages that do not fit; what the base alone contradicts is a warning: whoever builds cannot mend it."""
    if seen.code == 0:
        return
    lines = [line for line in seen.output.splitlines() if line.strip()]
    broken = [line for line in lines if "require" in line] or lines or ["no reason was given"]
    known = {_need(line) for line in untouched}
    added = [line for line in broken if _need(line) not in known]
    if added:
        yield finding(
            "pip-check",
            f"The packages in the image do not fit one another: {_first(added)}",
            trace=seen.output,
            hint="Run lock for this base and this platform, and build: it is of the packages that the lock adds.",
        )
    if own := [line for line in broken if _need(line) in known]:
        yield finding(
            "pip-check",
            f"The packages of the base image do not fit one another: {_first(own)}",
            severity="warning",
            trace=seen.output,
            hint="The base has it without you, and may run well all the same; no lock mends it, another base does.",
        )


def _need(line: str) -> str:
    """The need that a line says is not met, whatever version there is: that may be one which the lock moves."""
    return line.partition(", but ")[0]


def _first(lines: Sequence[str]) -> str:
    return lines[0] + (f", and {len(lines) - 1} more" if len(lines) > 1 else "")


def _of_earlier(seen: SeenVersion, parse_budget: float) -> Iterator[Finding]:
    """Judges an earlier version by its errors alone: its warnings were given when it was new; nobody can edit it."""
    if seen.failed:
        said = f"The DAG version cannot be imported: {sentence(parse(seen.failed))}"
        yield _earlier(finding("airflow-broken", said, trace=seen.failed), seen.version)
    found = [
        *across.duplicates(seen.files, seen.root),
        *(each for file in seen.files for each in _of_file(file, seen.root, parse_budget)),
    ]
    for each in found:
        if each.severity == "error":
            yield _earlier(each, seen.version)


def _earlier(found: Finding, version: str) -> Finding:
    hint = f"{found.hint} {_EARLIER_HINT.format(version)}".lstrip()
    return found.model_copy(update={"version": version, "hint": hint})


def _of_file(file: SeenFile, root: str, parse_budget: float) -> Iterator[Finding]:
    if file.seen is None:
        yield _of_death(file.file, root, file.died or _UNKNOWN)
        return
    errors = [_of_error(file.file, root, error, file.seen.network) for error in file.seen.errors]
    yield from errors
    kinds = {error.kind for error in errors}
    if "network-access" not in kinds:
        yield from (_of_network(event) for event in file.seen.network)
    yield from (_of_deprecation(event) for event in file.seen.warnings)
    if file.seen.varying:
        yield _of_varying(file.file, file.seen.varying, "warning")
    else:
        yield from (_of_difference(file, each) for each in file.seen.differs)
    if file.seen.seconds > parse_budget and "timeout" not in kinds:
        yield finding(
            "slow",
            f"Parsing took {file.seen.seconds:.1f} s; the budget is {parse_budget:g} s.",
            file=file.file,
            hint="Move work from the top of the file into tasks: Airflow parses it again every few seconds.",
        )


def _of_error(file: str, root: str, error: SeenError, events: Iterable[SeenEvent]) -> Finding:
    if error.phase == "varying":
        return _of_varying(file, error.text, "error")
    trace = parse(error.text)
    line, helper = blame(trace, root, file)
    kind, message, hint = meaning(error, trace, root, events)
    where = f" ({place(*helper)})" if helper else ""
    return finding(kind, message + where, file=file, line=line or error.line, trace=error.text, hint=hint)


def _of_death(file: str, root: str, died: Death) -> Finding:
    line, helper = fault_blame(died.log, root, file)
    kind: Kind = "timeout" if died.killed else "crashed"
    hint = EXIT_HINT
    if died.lost:
        kind, hint = "crashed", LOST_HINT
        said = "Nothing came back of its import: it ends or stops its parent process, or takes what it has not opened"
    elif died.killed:
        hint = TIMEOUT_HINT
        said = f"Its import did not end, nor could it be stopped in order; it was killed after {died.seconds:g} s"
    elif died.signal:
        said = f"Its import dies of {died.signal}"
        hint = _KILLED_HINT if died.signal == "SIGKILL" else "A compiled package is the usual cause."
    else:
        said = f"It ends the process while it is imported, with exit status {died.exit}"
    where = f" ({place(*helper)})" if helper else ""
    return finding(kind, f"{said}{where}.", file=file, line=line, trace=died.log, hint=hint)


def _of_network(event: SeenEvent) -> Finding:
    return finding(
        "network-access",
        f"It reaches for {event.host} while it is imported, and goes on without.",
        severity="warning",
        file=event.file,
        line=event.line,
        hint=NETWORK_HINT,
    )


def _of_deprecation(event: SeenEvent) -> Finding:
    said = " ".join(event.message.split())
    return finding("deprecation", f"{event.category}: {said}", severity="warning", file=event.file, line=event.line)


def _of_varying(file: str, text: str, severity: Severity) -> Finding:
    line = re.search(r"^Line (\d+)", text, re.MULTILINE)
    code = re.search(r"^Code: (.+)", text, re.MULTILINE)
    return finding(
        "varying-value",
        "A value that is another at each parse makes a new version of its DAG each time"
        + (f": {code[1]}" if code else "."),
        severity=severity,
        file=file,
        line=int(line[1]) if line else 0,
        trace=text,
        hint="Take a fixed value, or a template that the task renders.",
    )


def _of_difference(file: SeenFile, seen: SeenDifference) -> Finding:
    lines = {dag.id: dag.line for dag in file.seen.dags} if file.seen else {}
    where = f" At {seen.where} it has {seen.one!r}, and then {seen.other!r}." if seen.where else ""
    if seen.more:
        named = ", ".join(seen.more[:_NAMED])
        rest = len(seen.more) - _NAMED
        where += f" So it is at {named}{f' and {rest} more places' if rest > 0 else ''}."
    return finding(
        "varying-value",
        f"The DAG {seen.dag!r} is another at each parse, and each makes a new version of it.{where}",
        severity="warning",
        file=file.file,
        line=lines.get(seen.dag, 0),
        hint="Take fixed values, or templates that the task renders; sort what comes from a set or a directory.",
    )
