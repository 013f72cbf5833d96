"""What calls itself pure decides by its arguments alone: neither it nor what it imports asks anything of the world."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import dagship

SOURCE = Path(dagship.__file__).parent
WORLD = ("time", "os", "threading", "socket", "getpass", "subprocess", "dagship.cluster", "dagship.terminal.console")
CLOCK = re.compile(r"(.*\.)?(datetime|date)\.(now|utcnow|today)")


def file(module: str) -> Path:
    path = SOURCE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(file(module).read_text("utf-8"))


def is_pure(module: str) -> bool:
    """Whether a module says so, or its package does for all of its modules."""
    parts = module.split(".")
    said = (ast.get_docstring(tree(".".join(parts[:end]))) or "" for end in range(1, len(parts) + 1))
    return any(re.search(r"\bPure\b", text.partition("\n\n")[0]) for text in said)


def nodes(node: ast.AST, *, types: bool) -> Iterator[ast.AST]:
    """All of a module, or what of it is there while it runs."""
    for child in ast.iter_child_nodes(node):
        if not types and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from nodes(child, types=types)


def imports(module: str, *, types: bool) -> Iterator[str]:
    for node in nodes(tree(module), types=types):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = str(node.module)
            inner = [f"{whole}.{name.name}" for name in node.names]
            yield from (one if whole.startswith("dagship") and file(one).exists() else whole for one in inner)


def is_of_the_world(imported: str) -> bool:
    if imported.startswith("dagship.") and is_pure(imported):
        return False
    return any(imported == one or imported.startswith(f"{one}.") for one in WORLD)


def reads(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def asked(module: str) -> set[str]:
    """What of the world a module asks or can ask, itself or by what it imports; of itself, what it is given as well."""
    found: set[str] = set()
    todo, done = [module], set[str]()
    while todo:
        one = todo.pop()
        done.add(one)
        names = set(imports(one, types=one == module))
        found |= {f"{one} -> {name}" for name in names if is_of_the_world(name)}
        found |= {f"{one} -> {said}" for node in ast.walk(tree(one)) if CLOCK.fullmatch(said := reads(node))}
        todo += sorted(
            name for name in imports(one, types=False)
            if name.startswith("dagship") and name not in done and not is_of_the_world(name)
        )  # fmt: skip
    return found


def modules() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(("dagship", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        # What runs inside an image has no such parts: it is there to look at one.
        if not name.startswith("dagship.inside"):
            yield name


@pytest.mark.parametrize("module", [module for module in modules() if is_pure(module)])
def test_what_calls_itself_pure_asks_no_clock_environment_process_cluster_or_console(module: str) -> None:
    assert asked(module) == set()


def test_what_asks_is_found_wherever_it_is() -> None:
    itself = {said.partition(" -> ")[2] for said in asked("dagship.record.actor")}

    assert itself == {"getpass", "os", "socket", "datetime.now"}
    assert "dagship.health.watcher -> dagship.cluster.api" in asked("dagship.health.watcher")
    assert "dagship.record.lease -> threading" in asked("dagship.chart.install")


def test_a_module_is_pure_that_says_so_and_one_whose_package_does() -> None:
    assert is_pure("dagship.health.verdict")
    assert is_pure("dagship.rollout.plan.model")
    assert not is_pure("dagship.health.watcher")
