"""Writes docs/reference/settings.md and docs/reference/tasks.md from the code, so that they cannot say otherwise.

Run it after changing a setting or a task; tests/unit/test_docs.py fails when they differ.
"""

import inspect
import types
from pathlib import Path
from typing import Any, get_args

from invoke.collection import Collection
from invoke.parser import Argument
from invoke.tasks import Task
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from dagship.settings import Settings
from dagship.tasks import namespace

REFERENCE = Path(__file__).parent / "reference"

_NOTE = "<!-- Written by docs/generate.py from the code. Change the code, then run it. -->\n"

_SETTINGS = """# Settings

A setting is taken from the first of these that has it:

1. the task's flag (`--parse-budget 5`; [tasks.md](tasks.md) says which task has which),
2. the environment variable (`DAGSHIP_PARSE_BUDGET=5`),
3. `dagship.toml`, or where there is none, the table `[tool.dagship]` of `pyproject.toml`,
4. the default.

```toml
# dagship.toml
repository = "registry.example.com/data/airflow"
airflow = "3.3.2"
system_packages = ["libpq5", "tzdata"]
parse_budget = 5
```

A list is a TOML array, or in a flag or variable one text with commas: `DAGSHIP_SYSTEM_PACKAGES=libpq5,tzdata`.
`cache_from` and `cache_to` are the exception: their commas are BuildKit's, so a flag or variable gives one entry.
Relative paths start at the directory you run in. A name that is no setting is an error with exit code 2, in a file and
in the environment alike.

"""

_TASKS = """# Tasks

`dagship TASK` after `pip install dagship`, or `invoke TASK` in a checkout: the same tasks. `dagship --list` lists them,
`dagship TASK --help` explains one. Several tasks in one call run one after the other and stop at the first that fails:
`dagship build test-image push`.

A flag that is not given is taken from the settings: [settings.md](settings.md). Exit codes:
[exit-codes.md](exit-codes.md). What tasks leave for one another: [files.md](files.md).

"""


def settings_page() -> str:
    """Returns docs/reference/settings.md."""
    rows = [
        f"| `{name}` | {_type(field)} | {_default(field)} | {_cell(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    head = ["| setting | type | default | what |", "|---|---|---|---|"]
    return _NOTE + _SETTINGS + "\n".join([*head, *rows]) + "\n"


def _type(field: FieldInfo) -> str:
    kinds = {
        str: "text",
        Path: "path",
        bool: "true or false",
        int: "whole number",
        float: "number",
        SecretStr: "secret",
    }
    annotation: Any = field.annotation
    if isinstance(annotation, types.UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not types.NoneType)
    if annotation in kinds:
        return kinds[annotation]
    item = get_args(annotation)[0]
    return "list of secrets" if item is SecretStr else "list"


def _default(field: FieldInfo) -> str:
    if field.default is None or field.default == "":
        return "none"
    if isinstance(field.default, tuple):
        return "none" if not field.default else f"`{', '.join(field.default)}`"
    if isinstance(field.default, float):
        return f"`{field.default:g}`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _cell(text: str | None) -> str:
    return (text or "").replace("<", "&lt;").replace("|", "\\|")


def tasks_page() -> str:
    """Returns docs/reference/tasks.md."""
    return _NOTE + _TASKS + "\n".join(_tasks(namespace)) + "\n"


def _tasks(collection: Collection) -> list[str]:
    lines = ["| task | does |", "|---|---|"]
    tasks = collection.tasks
    lines += [f"| [`{name}`](#{name}) | {_paragraphs(task)[0]} |" for name, task in tasks.items()]
    for name, task in tasks.items():
        lines += ["", f"## {name}", "", "\n\n".join(_paragraphs(task))]
        arguments = [argument for argument in task.get_arguments() if argument.help]
        if arguments:
            lines += ["", "| flag | what |", "|---|---|"]
            lines += [_argument(argument) for argument in arguments]
    return lines


def _paragraphs(task: Task[Any]) -> list[str]:
    """The docstring of a task, each paragraph on a line."""
    text = inspect.getdoc(task.body) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _argument(argument: Argument) -> str:
    names = sorted((name.replace("_", "-") for name in argument.names), key=len, reverse=True)
    flags = ", ".join(f"`{'--' if len(name) > 1 else '-'}{name}`" for name in names)
    return f"| {flags} | {_cell(argument.help)} |"


PAGES = {"settings.md": settings_page, "tasks.md": tasks_page}


def main() -> None:
    """Writes every generated page."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
        print(f"wrote {REFERENCE / name}")


if __name__ == "__main__":
    main()
