"""Finds the DAGs that a file makes: one that nothing holds when its import ends, Airflow never sees."""

import ast
import inspect
import sys
from typing import Any

_MOST = 50
_open = open  # a DAG file may replace it


class Made:
    """The DAGs that were made since the last `forget`, and the lines that made them."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, int]] = []

    def watch(self, dag_class: Any) -> None:
        """Notes every DAG from here on.

        By `__new__`: `__init__` looks at its caller's frame for the DAG's file, and must find that one.
        """
        made = self._made

        def noting(cls: Any, *_: Any, **__: Any) -> Any:
            new = object.__new__(cls)
            frame = sys._getframe(1)  # noqa: SLF001 - the documented way to a frame
            made.append((new, frame.f_code.co_filename, frame.f_lineno))
            return new

        # Whoever asks for the signature of the class is shown this one's.
        noting.__signature__ = inspect.signature(dag_class.__init__)  # type: ignore[attr-defined]
        dag_class.__new__ = staticmethod(noting)

    def forget(self) -> None:
        """Starts anew, for another file."""
        self._made.clear()

    def origin(self, dag: Any) -> str:
        """Returns the file whose line made a DAG, empty when that was not seen."""
        return next((file for made, file, _ in self._made if made is dag), "")

    def lost(self, path: str, kept: Any) -> list[dict[str, Any]]:
        """Returns the DAGs (id, line) that the lines of a file made and that are not among the kept ids."""
        found = {}
        for dag, file, line in self._made:
            dag_id = getattr(dag, "dag_id", None)  # none: its `__init__` has raised
            if file == path and isinstance(dag_id, str) and dag_id not in kept:
                found[dag_id] = line
        return [{"id": dag_id, "line": line} for dag_id, line in list(found.items())[:_MOST]]

    def uncalled(self, path: str) -> list[dict[str, Any]]:
        """Returns the functions of a file that are decorated as DAGs and that no line of it names again.

        Returns:
            `id`, the dag_id that it would have; `name`, of the function; `line`.

        """
        try:
            with _open(path, "rb") as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return []
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        return [
            {"id": dag_id, "name": node.name, "line": node.lineno}
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name not in named
            for decorator in node.decorator_list
            if _makes_dag(decorator) and (dag_id := _dag_id(decorator, node.name))
        ][:_MOST]


def _makes_dag(decorator: ast.expr) -> bool:
    what = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = what.attr if isinstance(what, ast.Attribute) else what.id if isinstance(what, ast.Name) else ""
    return name == "dag"


def _dag_id(decorator: ast.expr, name: str) -> str:
    """The id that the DAG of a function would have, empty where the source does not show it: who knows who has it."""
    if not isinstance(decorator, ast.Call):
        return name
    if any(each.arg is None for each in decorator.keywords):
        return ""
    given = [*decorator.args[:1], *(each.value for each in decorator.keywords if each.arg == "dag_id")]
    if not given:
        return name
    return given[0].value if isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else ""
