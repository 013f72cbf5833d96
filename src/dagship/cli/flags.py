"""The flags of a task as rows: Invoke's signature and help, and the settings that they give, are made from them."""

import functools
from collections.abc import Callable, Iterable
from inspect import Parameter, Signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke import Context, Task

from dagship.cli.running import run
from dagship.model.descriptions import DESCRIPTIONS

if TYPE_CHECKING:
    from dagship.pipeline.project import Project

# What a task does, given the value of each of its flags by name; it returns the `--json` document.
Act = Callable[["Project", SimpleNamespace], dict[str, Any]]


class Flag(NamedTuple):
    """A flag of a task.

    Attributes:
        name: As Python writes it: `dry_run` for `--dry-run`.
        help: What it does.
        default: What the task gets without it; a text makes it a flag with a value.
        optional: Whether its value may be left out.
        setting: The setting that it gives, or empty.

    """

    name: str
    help: str
    default: str | bool = False
    optional: bool = False
    setting: str = ""


def setting(name: str, flag: str = "") -> Flag:
    """Returns the flag of a setting, which is called the same unless `flag` says otherwise."""
    described = DESCRIPTIONS[name]
    return Flag(flag or name, described.help, default=False if described.default is False else "", setting=name)


def settings(*names: str) -> tuple[Flag, ...]:
    """Returns the flags of several settings."""
    return tuple(setting(name) for name in names)


# Those that tasks on an image and tasks on a cluster share.
IMAGE = Flag("image", "Image reference instead of the one that the task before left", default="")
FULL = Flag("full", "Build the whole image, also where what runs can take the new DAG version alone")
JUNIT = Flag("junit", "Write a JUnit report to this file", default="")
REPORTS = (
    Flag("html", "Write the report as one HTML file, to this file", default=""),
    Flag("markdown", "Write it as Markdown for a comment of a pull request, to this file", default=""),
    Flag("sarif", "Write what it is about as SARIF, for code scanning, to this file", default=""),
    Flag("code_quality", "Write the same as a Code Quality report for GitLab, to this file", default=""),
)
_JSON = Flag("json", "Print one JSON document on standard output")


def asked(values: SimpleNamespace) -> dict[str, str]:
    """Returns the files of reports that flags name, by their format."""
    return {flag.name: getattr(values, flag.name, "") for flag in (*REPORTS, JUNIT)}


def task(*rows: Flag, name: str | None = None) -> Callable[[Act], Task[Any]]:
    """Makes a task of a function of the project and the flags; `--json` comes with it."""
    flags = (*rows, _JSON)

    def made(act: Act) -> Task[Any]:
        @functools.wraps(act)
        def body(_context: Context, **given: str | bool) -> None:
            values = SimpleNamespace(**{flag.name: flag.default for flag in flags} | given)
            own = {flag.setting: getattr(values, flag.name) for flag in flags if flag.setting}
            run(values.json, own, lambda project: act(project, values))

        # Invoke reads the flags from here.
        body.__signature__ = _signature(flags)  # type: ignore[attr-defined]
        return Task(
            body,
            name=name,
            help={flag.name: flag.help for flag in flags},
            optional=[flag.name for flag in flags if flag.optional],
            auto_shortflags=False,  # one letter for each of fourteen would be a riddle
        )

    return made


def _signature(flags: Iterable[Flag]) -> Signature:
    parameters = [Parameter(flag.name, Parameter.POSITIONAL_OR_KEYWORD, default=flag.default) for flag in flags]
    return Signature([Parameter("_context", Parameter.POSITIONAL_ONLY), *parameters])
