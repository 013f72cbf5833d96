"""Writes docs/reference/settings.md, tasks.md and chart-values.md from the code, so that they cannot say otherwise.

Run it after changing a setting, a task or a value of the chart; tests/unit/test_docs.py and test_chart_values.py fail
when they differ.
"""

import inspect
import json
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from invoke.collection import Collection
from invoke.parser import Argument
from invoke.tasks import Task
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from dagship.cli.namespace import namespace
from dagship.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
CHART = Path(__file__).parents[1] / "k8s" / "chart"

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
`cache_from` and `cache_to` are the exception: their commas are BuildKit's, so a flag or variable gives one entry. In
`prepare`, each command is a list of its own, and a variable gives all of them as JSON.
Relative paths start at the directory you run in. A path that leads out of the project, `/etc/…` or `../…`, is taken
from flags and the environment alone: whoever may change a file of the project may not pick files of the machine. A
link in the project that leads out of it is refused. A name that is no setting is an error with exit code 2, in a
file and in the environment alike.

"""

_TASKS = """# Tasks

`dagship TASK` after `pip install dagship`, or `invoke TASK` in a checkout: the same tasks. `dagship --list` lists them,
`dagship TASK --help` explains one. Several tasks in one call run one after the other and stop at the first that fails:
`dagship build test-image push`.

A flag that is not given is taken from the settings: [settings.md](settings.md). Exit codes:
[exit-codes.md](exit-codes.md). What tasks leave for one another: [files.md](files.md).

"""

_VALUES = """# Values of the chart

Every value of [k8s/chart](../../k8s/chart/README.md), with its default. Helm refuses a value that is not here and one
of another type. `dagship install` takes them from files (`--values`), `helm` from files and `--set`. What the chart
makes of them: [the chart explained](../explanation/chart.md).

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


class Value(NamedTuple):
    """A value of the chart.

    Attributes:
        path: Names with dots.
        kind: What the schema allows.
        default: As values.yaml has it, empty for none; None for a group of values.
        what: The comment above it.

    """

    path: str
    kind: str
    default: str | None
    what: str


def chart_page() -> str:
    """Returns docs/reference/chart-values.md."""
    rows = [
        f"| `{value.path}` | {value.kind} | {f'`{value.default}`' if value.default else 'none'} | {_cell(value.what)} |"
        if value.default is not None
        else f"| **`{value.path}`** | | | {_cell(value.what)} |"
        for value in chart_values()
        if value.what or value.default is not None
    ]
    head = ["| value | type | default | what |", "|---|---|---|---|"]
    return _NOTE + _VALUES + "\n".join([*head, *rows]) + "\n"


def chart_values() -> list[Value]:
    """Returns every value of the chart, and the groups they are in, in the order of values.yaml."""
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    text = (CHART / "values.yaml").read_text("utf-8")
    values: Any = yaml.compose(text, yaml.SafeLoader)
    return list(_group(values, schema, schema["$defs"], text.splitlines(), ""))


def _group(
    node: yaml.MappingNode, schema: Mapping[str, Any], shared: Mapping[str, Any], lines: Sequence[str], prefix: str
) -> Iterator[Value]:
    for name, value in node.value:
        path = prefix + name.value
        rules = schema.get("properties", {}).get(name.value, {})
        what = _comment(lines, name.start_mark.line)
        is_group = "properties" in rules  # what is Kubernetes' own, and named by reference, is one value
        rules = shared[rules["$ref"].rpartition("/")[2]] if "$ref" in rules else rules
        if is_group:
            yield Value(path, "", None, what)
            yield from _group(value, rules, shared, lines, f"{path}.")
        else:
            default = _flow(value)
            yield Value(path, _kind(rules), "" if default in {"[]", "{}"} else default, what)


def _comment(lines: Sequence[str], line: int) -> str:
    """The comment that ends above a line, as one line."""
    above: list[str] = []
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        above.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(above)


def _flow(node: yaml.Node) -> str:
    """A list or a map, written on one line."""
    if isinstance(node, yaml.MappingNode):
        return "{" + ", ".join(f"{name.value}: {_flow(value)}" for name, value in node.value) + "}"
    if isinstance(node, yaml.SequenceNode):
        return "[" + ", ".join(map(_flow, node.value)) + "]"
    return str(node.value)


def _kind(rules: Mapping[str, Any]) -> str:
    kinds = {"string": "text", "boolean": "true or false", "array": "list", "object": "map", "integer": "whole number"}
    if "enum" in rules:
        return ", ".join(f"`{one}`" for one in rules["enum"])
    kind = kinds.get(rules.get("type", ""), "")
    return f"{kind} from {rules['minimum']}" if "minimum" in rules else kind


PAGES = {"settings.md": settings_page, "tasks.md": tasks_page, "chart-values.md": chart_page}


def main() -> None:
    """Writes every generated page."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
        print(f"wrote {REFERENCE / name}")


if __name__ == "__main__":
    main()
