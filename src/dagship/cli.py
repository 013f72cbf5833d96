"""The `dagship` command: the same namespace of tasks without a tasks.py, in a directory that holds nothing but DAGs."""

from importlib import metadata

from invoke import Exit, Program
from invoke.exceptions import ParseError

from dagship.errors import UsageError
from dagship.tasks import namespace


class _Program(Program):
    """Invoke's program with our exit status for a call that cannot be parsed."""

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


def main() -> None:
    """Runs the command; installed as `dagship`."""
    _Program(name="dagship", binary="dagship", namespace=namespace, version=metadata.version("dagship")).run()


if __name__ == "__main__":
    main()
