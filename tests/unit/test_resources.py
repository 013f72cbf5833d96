"""Files that ship with the package."""

import ast
import tomllib
from pathlib import Path

from dagship.resources import resource

ROOT = Path(__file__).parents[2]


def test_what_is_in_the_package_and_what_a_checkout_has_at_its_top_are_both_found() -> None:
    assert resource("inside").is_dir()
    assert (resource("images") / "airflow").is_dir()


def test_what_the_code_names_is_there_and_is_in_a_wheel_too() -> None:
    """A hint that names a folder of the repository is of no use to who has none."""
    files = (ROOT / "src").rglob("*.py")
    calls = (
        node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)
    )
    named = {
        str(call.args[0].value)
        for call in calls
        if getattr(call.func, "id", "") == "resource" and isinstance(call.args[0], ast.Constant)
    }
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    brought = tuple(f"{own}/" for own, place in wheel["force-include"].items() if place == f"dagship/{own}")

    assert {"k8s/chart", "k8s/rbac"} < named
    assert [name for name in named if not resource(name).exists()] == []
    outside = [name for name in named if not (ROOT / "src/dagship" / name).exists()]
    assert [name for name in outside if not f"{name}/".startswith(brought)] == []
