"""Explains a crash by the last lines of a container's log, in Airflow's words. Pure.

The words are those of Airflow 2.11 and 3.x, of their drivers and of the entrypoint; each is recorded in
tests/unit/diagnosis/logs. Where several are found the last one counts: what was logged before did not end it.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from dagship.diagnosis.crash_log import first_raised, frames, last, place, plain, short
from dagship.modules import package_hint

Meaning = tuple[str, str]

_REFUSES = re.compile(r"authentication|role|does not exist|pg_hba\.conf")
_SECRET = re.compile(r"conn|key|password|secret|token|url|backend")


class _Rule(NamedTuple):
    """Words, and what they mean."""

    words: re.Pattern[str]
    means: Callable[[re.Match[str], str], Meaning]


def last_words(log: str) -> Meaning | None:
    """Returns what a log says, where it is known words; None where it is not."""
    log = plain(log)
    found = [(match, rule) for rule in _RULES if (match := last(rule.words, log)) is not None]
    if not found:
        return None
    # Of several in one line the first rule counts: it is the more special one.
    match, rule = max(found, key=lambda pair: log.count("\n", 0, pair[0].start()))
    return rule.means(match, log)


def _missing_module(match: re.Match[str], log: str) -> Meaning:
    where = place(log, match)
    by = f", which is imported by {where}" if where else ""
    return f"The image has no Python module {match[1]!r}{by}.", package_hint(match[1])


def _misfit(match: re.Match[str], log: str) -> Meaning:
    where = place(log, match)
    return (
        f"A Python module is another than the code expects: {match[1]}{f' ({where})' if where else ''}.",
        "Pin the package to a version that has that name, lock, build and run test-image."
        if "-packages/" in match[1]
        else "See that the file has that name and that no other module is called the same; test-image shows it.",
    )


def _broken_dag(match: re.Match[str], log: str) -> Meaning:
    broken = {found[1] for found in _IMPORT_FAILED.finditer(log)}
    after = log[match.end() :]
    error = first_raised(after)
    lines = [line for file, line in frames(after[: error.end] if error else after) if file == match[1]]
    lines = lines or [line for file, line in frames(after.partition("\n")[0]) if file == match[1]]
    where = short(match[1]) + (f", line {lines[-1]}" if lines else "")
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    what = f": {error}" if error else ""
    return (
        f"The DAG file {where}{more} cannot be imported{what}.",
        "Run test-image on the image; it names every such file.",
    )


def _migrations(match: re.Match[str], _: str) -> Meaning:
    has, wants = (re.sub(r"[{}']", "", text) for text in match.groups())
    if has == "set()":
        return "The database has no tables of Airflow.", _MIGRATE
    return (
        f"The database is at migration {has}, and the Airflow of this image wants {wants}.",
        "To a newer Airflow, run airflow db migrate with its image first; to an older one, stay with the one that ran.",
    )


def _setting(match: re.Match[str], _: str) -> Meaning:
    section, key, value = match["section"].lower(), match["key"].lower(), match["value"].lstrip(":")
    if "could not be loaded" in match[0] and "." in value:
        return f"Airflow's setting [{section}] {key} names {value!r}, which cannot be loaded.", package_hint(value)
    shown = "a value" if _SECRET.search(key) else f"the value {value!r}"
    return (
        f"Airflow's setting [{section}] {key} has {shown}, which it cannot take.",
        f"Mend AIRFLOW__{section.upper()}__{key.upper()} in the workload's environment, or the key in airflow.cfg.",
    )


def _database(match: re.Match[str], _: str) -> Meaning:
    said = match["said"].removeprefix("FATAL:").strip()
    if (full := _full(match["host"], said)) is not None:
        return full
    if _REFUSES.search(said):
        return (
            f"The database at {match['host']} refuses Airflow: {said}.",
            "Compare AIRFLOW__DATABASE__SQL_ALCHEMY_CONN with what the database has, pg_hba.conf included.",
        )
    return (
        f"The database at {match['host']} cannot be reached: {said}.",
        "See whether it runs, what AIRFLOW__DATABASE__SQL_ALCHEMY_CONN says, and whether network policies let pods in.",
    )


def _waited(match: re.Match[str], _: str) -> Meaning:
    """Explains that a container of the chart gave up waiting; the driver's own words are in the log."""
    said = re.sub(r"^.*(?: failed: | to address: )|\s*Is the server running\b.*", "", match["said"]).strip().rstrip(".")
    said = said.removeprefix("FATAL:").strip()
    if (full := _full(match["place"], said)) is not None:
        return full
    if _REFUSES.search(said):
        return f"The database at {match['place']} refuses Airflow: {said}.", _CONNECTION
    return f"The database at {match['place']} cannot be reached: {said}.", _CONNECTION


def _full(place: str, said: str) -> Meaning | None:
    """Explains a database that runs and takes no more connections."""
    if re.search(r"too many (?:clients|connections)|remaining connection slots", said) is None:
        return None
    return (
        f"The database at {place} has no connection left: {said}.",
        "Raise its max_connections, put PgBouncer before it, or let fewer components run.",
    )


def _broker(match: re.Match[str], _: str) -> Meaning:
    said = match["said"].rstrip(". ")
    if re.search(r"[Aa]uthentication|password|WRONGPASS|NOAUTH|ACCESS_REFUSED", said):
        return (
            f"The Celery broker refuses Airflow: {said}.",
            "Mend the user and password in AIRFLOW__CELERY__BROKER_URL.",
        )
    return (
        f"The Celery broker {match['url']} cannot be reached: {said}.",
        "See whether it runs, what AIRFLOW__CELERY__BROKER_URL says, and whether network policies let pods in.",
    )


def _command(match: re.Match[str], _: str) -> Meaning:
    if match[1] == "celery":
        return (
            "Airflow has no command 'celery' here: its executor is none of Celery's, or cannot be loaded.",
            _CELERY,
        )
    return f"Airflow has no command {match[1]!r}.", _COMMAND


_WRITABLE = (
    "Mount an emptyDir at a directory for it, one in which the image has nothing; on a volume, let runAsUser, "
    "runAsGroup: 0 and fsGroup fit."
)
_NO_SPACE = (
    "Clear the volume that is mounted there, or make it larger; where none is, it is the node's disk. Where df shows "
    "space, the inodes are used up: df -i."
)
_ACCESS = (
    "Let runAsUser, runAsGroup: 0 and fsGroup (of a Secret: defaultMode) fit that file. Where it is to be written, a "
    "volume takes it."
)
_MIGRATE = (
    "Run airflow db migrate with this image, then roll out again. Where the database is of a newer Airflow, stay with "
    "that one."
)
_MEND = "Mend it in the workload's environment, or in airflow.cfg."
_CONNECTION = (
    "See whether it runs, what the connection in the Secret says (database.secret), and whether network policies let "
    "pods in."
)
_CELERY = (
    "Set AIRFLOW__CORE__EXECUTOR to CeleryExecutor; the image needs apache-airflow-providers-celery. With another "
    "executor there is to be no such workload."
)
_COMMAND = "Mend the command and args of the container."
_IMPORT_FAILED = re.compile(r"Failed to import: (/\S+)")


def _rule(words: str, sentence: str, hint: str) -> _Rule:
    """A rule whose sentence takes what was found, and nothing else."""
    return _Rule(re.compile(words), lambda match, _: (match.expand(sentence), hint))


_RULES = (
    _Rule(re.compile(r"(?m)^The database at (?P<place>\S+) cannot be reached: (?P<said>.*)"), _waited),
    _Rule(re.compile(r"unapplied migrations after .*? in DB: (.+?) \| .*? Source Code: (\S[^\n\"]*)"), _migrations),
    _rule(
        r"Database migration required\. .*?version ([\w.]+\w)",
        r"The database is not migrated for Airflow \1.",
        _MIGRATE,
    ),
    _rule(
        r"You need to (?:initialize|upgrade) the database\. .*?version ([\w.]+\w)",
        r"The database is not migrated for Airflow \1.",
        _MIGRATE,
    ),
    _Rule(
        re.compile(r'connection to server at "(?P<host>[^"]+)"(?: \([^)]*\))?, port \d+ failed: (?P<said>.*)'),
        _database,
    ),
    _Rule(re.compile(r'could not translate host name "(?P<host>[^"]+)" to address: (?P<said>.*)'), _database),
    _Rule(re.compile(r"consumer: Cannot connect to (?P<url>\S+): (?P<said>.*)"), _broker),
    _Rule(
        re.compile(
            r"(?:could not be loaded|Failed to convert value to \w+)\. Please check \"(?P<key>\w+)\" key in "
            r"\"(?P<section>\w+)\" section\. Current value: \"(?P<value>.*?)\"\."
        ),
        _setting,
    ),
    _Rule(re.compile(r"`\[(?P<section>\w+)\] (?P<key>\w+)` should not be '(?P<value>.*?)'\."), _setting),
    _rule(r"Unable to parse \[(\w+)\] '(\w+)' as valid json", r"Airflow's setting [\1] \2 is not JSON.", _MEND),
    # The text is in it, and with it a password.
    _rule(
        r"Could not parse SQLAlchemy URL",
        "Airflow's setting [database] sql_alchemy_conn is not a database's URL.",
        _MEND,
    ),
    _rule(r"AirflowConfigException: (.+)", r"Airflow's configuration is wrong: \1", _MEND),
    _rule(
        r"Could not create Fernet object: ([^\n]+?)\.?(?:\n|$)",
        r"The Fernet key is not valid: \1.",
        "Mend AIRFLOW__CORE__FERNET_KEY, as a rule a key of a Secret.",
    ),
    _rule(
        r"You do not have `([\w-]+)` package installed",
        r"The image has no package \1, which the database needs.",
        "Add it to the requirements, lock and build again.",
    ),
    _Rule(_IMPORT_FAILED, _broken_dag),
    _Rule(re.compile(r"No module named '([\w.]+)'"), _missing_module),
    _Rule(re.compile(r"ImportError: (cannot import name [^\n]*)"), _misfit),
    _rule(
        r"This image runs with group 0.*? (uid \d+ and gid \d+)",
        r"The pod runs as \1, and the image needs group 0.",
        "Set runAsGroup: 0 in the pod's securityContext.",
    ),
    _rule(r"Read-only file system: '([^']+)'", r"It writes to \1, which is read-only.", _WRITABLE),
    _rule(r"can't create (\S+): Read-only file system", r"It writes to \1, which is read-only.", _WRITABLE),
    _rule(r"\[Errno 28\] No space left on device: '([^']+)'", r"No space is left to write \1.", _NO_SPACE),
    _rule(r"\[Errno 28\] No space left on device", "No space is left where it writes.", _NO_SPACE),
    _rule(
        r"No usable temporary directory found in \[(.*?)\]",
        r"It can write to no directory for temporary files: \1.",
        "Mount an emptyDir at /tmp.",
    ),
    _rule(r"Permission denied: '([^']+)'", r"It may not read or write \1.", _ACCESS),
    _rule(
        r"exec format error",
        "The image is for another processor than the node's.",
        "Build it for the nodes with --platform.",
    ),
    _Rule(re.compile(r"airflow command error: argument \S+ invalid choice: '([^']*)'"), _command),
    _rule(
        r"Command `(airflow [\w -]+)` has been removed\. Please use `([^`]+)`",
        r"This Airflow has no command '\1' any more: it is '\2'.",
        _COMMAND,
    ),
)
