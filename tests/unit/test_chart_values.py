"""The chart's values: documented, known to the schema, and shown in the documentation as they are."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "k8s" / "chart"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "k8s").rglob("*.md")])

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    return read


def of_schema(rules: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every value that the schema knows, groups included."""
    for name, below in rules.get("properties", {}).items():
        yield prefix + name
        yield from of_schema(below, f"{prefix}{name}.")


def below(values: Mapping[str, Any], rules: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every value that is given, down to where the schema leaves off naming them."""
    for name, value in values.items():
        yield prefix + name
        own = rules.get("properties", {}).get(name, {})
        if isinstance(value, dict) and "properties" in own:
            yield from below(value, own, f"{prefix}{name}.")


def shown(page: Path) -> Iterator[str]:
    """The chart's values that a page shows: in files that are named values, and in calls of helm on the chart."""
    for language, block in _FENCE.findall(page.read_text("utf-8")):
        if language == "yaml" and re.match(r"# values[\w-]*\.yaml\n", block):
            yield from below(yaml.safe_load(block), schema())
        if language == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                if re.search(r"\bhelm (?:install|upgrade|template)\b.*(?:k8s/chart|\$chart)", line):
                    for given in re.findall(r"--set[= ](\S+)", line):
                        yield from (one.partition("=")[0] for one in given.split(","))


def test_values_and_schema_have_the_same_names() -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))

    # Helm's own: it is there when the chart is another's part.
    assert set(below(defaults, schema())) == set(of_schema(schema())) - {"global"}


def test_a_volume_that_is_only_named_is_an_empty_directory_as_it_is_to_kubernetes() -> None:
    volume = schema()["properties"]["volumes"]["items"]

    assert (volume["required"], volume.get("minProperties", 1), volume["maxProperties"]) == (["name"], 1, 2)


def test_the_schema_refuses_a_name_that_it_does_not_know_on_every_level() -> None:
    def groups(rules: Mapping[str, Any], path: str) -> Iterator[tuple[str, object]]:
        if "properties" in rules:
            yield path, rules.get("additionalProperties")
            for name, one in rules["properties"].items():
                yield from groups(one, f"{path}.{name}")

    assert {path for path, more in groups(schema(), "") if more is not False} == set()


def test_every_value_has_a_comment(generate: ModuleType) -> None:
    values = [value for value in generate.chart_values() if value.default is not None]

    assert len(values) > 50
    assert [value.path for value in values if not value.what.endswith((".", "…"))] == []


def test_every_value_has_a_type(generate: ModuleType) -> None:
    assert [value.path for value in generate.chart_values() if value.default is not None and not value.kind] == []


def test_the_page_of_values_is_what_the_chart_says_now(generate: ModuleType) -> None:
    written = (ROOT / "docs" / "reference" / "chart-values.md").read_text("utf-8")

    assert written == generate.PAGES["chart-values.md"](), "run docs/generate.py"


def test_the_pages_show_values() -> None:
    assert sum(len(list(shown(page))) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_value_shown_exists(page: Path) -> None:
    assert set(shown(page)) <= set(of_schema(schema()))
