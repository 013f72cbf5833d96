"""The `dagship` command. Imports nothing at first, so that Ctrl-C is an orderly end from the start."""

import sys

_INTERRUPTED = 130


def main() -> None:
    """Runs the command; installed as `dagship`."""
    try:
        from dagship.terminal.outlet import Outlet

        # What Invoke prints itself, as --list, may be cut off by a reader as well.
        sys.stdout, sys.stderr = Outlet.of(sys.stdout), Outlet.of(sys.stderr)
        from dagship.cli.program import program

        program.run()
    except KeyboardInterrupt:
        sys.stderr.write("error: Interrupted outside of any task.\n")
        sys.exit(_INTERRUPTED)
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()
