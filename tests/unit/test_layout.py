"""Where code and tests are: a module that decides has a file of its name in the same place below tests/unit.

A module decides when it has a function of its own and does not act. It acts when it takes a library that reaches out,
or a part of a gateway that acts: such a module is a thin one, and tests/engine, tests/cluster and tests/e2e show that
it does what it is there for. It may have a file here all the same.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE, UNIT = ROOT / "src", ROOT / "tests" / "unit"
MODULES = sorted(path for path in (SOURCE / "dagship").rglob("*.py") if path.name != "__init__.py")

# Libraries that reach an engine, a cluster, a process, the network, the clock or people.
OUTSIDE = (
    "airflow", "docker", "invoke", "kubernetes", "multiprocessing", "pip", "rich", "signal", "socket", "subprocess",
    "testcontainers", "threading", "time", "urllib.request", "urllib3", "websocket",
)  # fmt: skip
# Packages and modules of ours that do, in as far as they take one of those. (A workspace is files, and acts too.)
GATEWAYS = tuple(
    f"dagship.{name}" for name in ("airflow", "cluster", "engine", "helm", "process", "registry", "terminal.console")
)
# Why a module that decides has no file of its name.
EXCEPTIONS = {
    "cli/__main__.py": "the way in: what it starts is imported only then",
    **dict.fromkeys(
        ("cli/chart.py", "cli/cluster.py", "cli/diff.py", "cli/image.py", "cli/registry.py", "cli/repository.py"),
        "flags in, one call, a summary out",
    ),
    "pipeline/stages.py": "the order of the stages alone",
}


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def file_of(name: str) -> Path | None:
    """The file of a module, or of the module that has a name."""
    for parts in (name.split("."), name.split(".")[:-1]):
        path = SOURCE.joinpath(*parts).with_suffix(".py")
        if path.is_file():
            return path
    return None


@cache
def acts(path: Path) -> bool:
    for name in imports(ast.parse(path.read_text("utf-8"))):
        if any(f"{name}.".startswith(f"{library}.") for library in OUTSIDE) or name.startswith("dagship.workspace"):
            return True
        gateway = file_of(name) if name.startswith(GATEWAYS) else None
        if gateway is not None and gateway != path and acts(gateway):
            return True
    return False


def decides(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) for node in tree.body) and not acts(path)


def place(path: Path) -> str:
    return path.relative_to(SOURCE / "dagship").as_posix()


DECIDING = [place(path) for path in MODULES if decides(path)]


def test_a_module_that_decides_has_a_file_of_tests_of_its_name() -> None:
    wanted = {module: UNIT / Path(module).with_name(f"test_{Path(module).name}") for module in DECIDING}

    assert [module for module, file in wanted.items() if not file.is_file() and module not in EXCEPTIONS] == []


def test_the_rule_tells_what_decides_from_what_acts() -> None:
    assert {"image/plan.py", "model/reference.py", "verify/verdict.py", "workloads/selection.py"} & set(DECIDING)
    for module in (
        "cluster/api.py",
        "terminal/console.py",
        "engine/images.py",
        "image/present.py",
        "verify/verifier.py",
    ):
        assert acts(SOURCE / "dagship" / module), module


def test_no_folder_has_more_files_than_are_read_at_a_glance() -> None:
    folders = Counter(path.parent for path in (SOURCE / "dagship").rglob("*.py"))

    assert {place(folder): files for folder, files in folders.items() if files > 16} == {}


def test_unit_tests_and_what_all_layers_build_on_take_nothing_of_the_layers_that_need_more() -> None:
    files = [*UNIT.rglob("*.py"), *(ROOT / "tests" / "builders").glob("*.py")]
    layers = ("tests.cluster", "tests.engine")

    assert [
        (str(file), name)
        for file in files
        for name in imports(ast.parse(file.read_text("utf-8")))
        if name.startswith(layers)
    ] == []
