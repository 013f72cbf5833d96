"""Invoke's program over our tasks, for a directory that holds nothing but DAGs and no tasks.py."""

from importlib import metadata

from invoke import Exit, Program
from invoke.exceptions import ParseError

from dagship.cli.namespace import namespace
from dagship.errors import INTERRUPTED, UsageError


class _Program(Program):
    """Invoke's program with our exit status for a call that cannot be parsed."""

    def execute(self) -> None:
        try:
            super().execute()
        except KeyboardInterrupt as stopped:
            raise Exit("error: Interrupted outside of any task.", code=INTERRUPTED) from stopped

    def parse_core(self, argv: list[str] | None) -> None:
        try:
            super().parse_core(argv)
        except ParseError as wrong:
            raise Exit(f"error: {wrong}", code=UsageError.exit_code) from wrong

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except ParseError as wrong:
            raise Exit(f"error: {wrong}", code=UsageError.exit_code) from wrong


program = _Program(name="dagship", binary="dagship", namespace=namespace, version=metadata.version("dagship"))
