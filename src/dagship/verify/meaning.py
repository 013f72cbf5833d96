"""Explains one import error: its kind, a sentence, and what to do. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dagship.model.verify_report import Kind
from dagship.modules import package_hint, provider_of
from dagship.verify.blame import in_tree
from dagship.verify.observation import SeenError, SeenEvent, SeenModule
from dagship.verify.tracebacks import Trace

NETWORK_HINT = "Move the call into a task: Airflow imports the file every few seconds, also when that host is down."
TIMEOUT_HINT = (
    "Move the work into a task, or give it more with the setting import_timeout and Airflow's dagbag_import_timeout."
)
EXIT_HINT = "Raise an exception instead; when the process ends, Airflow shows no error and drops the file's DAGs."
LOST_HINT = "Take that out: Airflow's dag-processor gets nothing back either, and drops the file's DAGs."
_SYSTEM_EXIT_HINT = "Raise an exception that says why: Airflow shows its number at most, Airflow 2 nothing at all."
_ENV_HINT = "Add the line {} to the env file of the test, or read it inside a task."

_VARIABLE = re.compile(r"Variable ([^\s'\"{}]+) (?:does not exist|not found)")
# A key that could be a variable's name, and where `os.environ` looks for it.
_NAME = re.compile(r"'([A-Za-z_]\w*)'", re.ASCII)
_OS = re.compile(r"^<frozen os>$|/python[\d.]+/os\.py$")
_CONNECTION = re.compile(r"The conn_id `([^`{}]+)` isn't defined")
# What is raised where there is no network: by the system's resolver, sockets, and the libraries that wrap them.
_NO_NETWORK = re.compile(
    r"name resolution|Name or service not known|could not translate host name|Network is unreachable|getaddrinfo"
    r"|gaierror|NewConnectionError|ConnectionRefusedError|ConnectTimeout|Could not connect to the endpoint URL"
    r"|Failed to resolve|nodename nor servname|No route to host|Cannot assign requested address"
)
# Errors in the code itself: what they name is a name, also where it is that of a network error.
_OF_CODE = frozenset(
    {"ImportError", "ModuleNotFoundError", "NameError", "AttributeError", "SyntaxError", "IndentationError", "TabError"}
)
# Timetables, priority weight strategies, partition mappers, windows: Airflow's words for a class that no plugin brings.
_NOT_REGISTERED = re.compile(r"class '[^']*' (?:is not registered|could not be imported)|Unknown priority strategy")
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
# Airflow's name for the module of a DAG file, before the name that people know.
_MODULE_PREFIX = re.compile(r"unusual_prefix_[0-9a-f]{40}_")


class Meaning(NamedTuple):
    """The explanation of an error: the kind of finding, a sentence, and what to do."""

    kind: Kind
    message: str
    hint: str


def meaning(error: SeenError, trace: Trace, root: str, events: Iterable[SeenEvent]) -> Meaning:
    """Returns what an error means.

    Args:
        error: As it was seen.
        trace: Its text, read.
        root: The DAG tree.
        events: What the file reached for on the network.

    """
    return _of_missing(trace) or _of_network(trace, root, events) or _of_class(trace) or _of_phase(error, trace)


def sentence(trace: Trace) -> str:
    """Returns an exception as one line."""
    first = _MODULE_PREFIX.sub("", trace.message.split("\n", 1)[0])
    return f"{trace.kind}: {first}" if trace.kind and first else trace.kind or first or "no reason was given"


def _of_missing(trace: Trace) -> Meaning | None:
    text = "\n".join(one.message for one in trace.raised)
    if (missing := _VARIABLE.search(text)) is not None:
        hint = _ENV_HINT.format(f"AIRFLOW_VAR_{missing[1].upper()}=…")
        return Meaning("missing-variable", f"It reads the Variable {missing[1]!r}, which is not there.", hint)
    if (missing := _CONNECTION.search(text)) is not None:
        hint = _ENV_HINT.format(f"AIRFLOW_CONN_{missing[1].upper()}=…")
        return Meaning("missing-connection", f"It reads the Connection {missing[1]!r}, which is not there.", hint)
    return None


def _of_network(trace: Trace, root: str, events: Iterable[SeenEvent]) -> Meaning | None:
    """An error is the network's when it says so, or when it comes through a line that reached for a host."""
    says_so = any(
        _NO_NETWORK.search(f"{one.kind}: {one.message}") is not None for one in trace.raised if one.kind not in _OF_CODE
    )
    lines = {in_tree(frame, root) for frame in (*trace.chained, *trace.frames)}
    hosts = [event.host for event in events if says_so or (event.file, event.line) in lines]
    if not says_so and not hosts:
        return None
    host = hosts[0] if hosts else "the network"
    return Meaning(
        "network-access",
        f"It reaches for {host} while it is imported, and fails without: {sentence(trace)}",
        NETWORK_HINT,
    )


def _of_class(trace: Trace) -> Meaning | None:
    if trace.kind == "AirflowTaskTimeout" and "DagBag import timeout" in trace.message:
        return Meaning("timeout", "Its import did not end in time and was stopped.", TIMEOUT_HINT)
    if trace.kind == "SystemExit":
        return Meaning(
            "crashed", f"It ends the process while it is imported: sys.exit({trace.message}).", _SYSTEM_EXIT_HINT
        )
    if trace.kind == "AirflowDagCycleException":
        circle = f"Its tasks wait for one another in a circle: {trace.message}"
        return Meaning("cycle", circle, "Take one of the dependencies out.")
    if trace.kind == "AirflowDagDuplicatedIdException":
        return Meaning("duplicate-dag-id", sentence(trace), "Give one of them another dag_id.")
    return None


def _of_phase(error: SeenError, trace: Trace) -> Meaning:
    if error.phase == "serialize":
        message = f"The DAG {error.dag!r} cannot be serialized: {sentence(trace)}"
        return Meaning("not-serializable", message, _serialize_hint(trace))
    return Meaning("import-error", sentence(trace), _import_hint(error, trace))


def _serialize_hint(trace: Trace) -> str:
    if _NOT_REGISTERED.search(trace.message):
        return "Register the class in a plugin of Airflow's, in the image: the scheduler knows no class of a DAG file."
    return "Give operators plain values (texts, numbers, lists, dates): the scheduler knows a DAG only as JSON."


def _import_hint(error: SeenError, trace: Trace) -> str:
    missing = _MISSING_MODULE.match(trace.message) if trace.kind == "ModuleNotFoundError" else None
    if missing is not None:
        return _module_hint(error.module) if error.module else package_hint(missing[1])
    if "Direct database access" in trace.message or "Database access is disabled" in trace.message:
        return "Airflow 3 gives DAG files no metadata database: ask its REST API, inside a task."
    if "Read-only file system" in trace.message:
        return (
            "Write below /tmp, or inside a task: in the test all else is read-only, as an image's DAGs are everywhere."
        )
    if "No space left on device" in trace.message:
        return "In the test all files together have 1 GiB in /tmp. Write inside a task, or less."
    named = _NAME.fullmatch(trace.message) if trace.kind == "KeyError" and trace.frames else None
    if named is not None and _OS.search(trace.frames[-1].file):
        return _ENV_HINT.format(f"{named[1]}=…")
    return ""


def _module_hint(module: SeenModule) -> str:
    """The hint for a module that was not found, by the package that has it."""
    first = module.name.partition(".")[0]
    if first == "airflow":
        return _airflow_hint(module)
    if module.installed:
        return _hidden_hint(module, first)
    if module.without:
        return f"Write {module.without!r}: the DAG directory itself is in sys.path, and not the one that it lies in."
    if module.tree and "/" in module.tree[0]:
        dotted = module.tree[0].removesuffix(".py").replace("/", ".") + module.asked.removeprefix(first)
        return f"It is {module.tree[0]} in the DAG tree, of which only the top is in sys.path: import {dotted!r}."
    if module.tree:
        return f"{module.tree[0]} of the DAG tree has no such module: see its name, and what .dockerignore leaves out."
    return package_hint(module.asked)


def _hidden_hint(module: SeenModule, first: str) -> str:
    if not module.tree:
        return f"The installed {first!r}, at {module.installed}, has no such module: another version of it may have."
    return (
        f"{first!r} is the installed package at {module.installed}, which Python finds before {module.tree[0]} of the"
        " DAG tree: give that another name."
    )


def _airflow_hint(module: SeenModule) -> str:
    """Python names the first part that is not there: below a provider, that provider itself is."""
    if provider_of(module.name) and provider_of(module.name) != module.name:
        return "The installed provider has no such module: another version of it may have."
    return package_hint(module.asked)
