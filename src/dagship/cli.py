"""The `dagship` command. Imports nothing at first, so that Ctrl-C is an orderly end from the start."""

import sys

_INTERRUPTED = 130


def main() -> None:
    """Runs the command; installed as `dagship`."""
    try:
        from dagship.program import program

        program.run()
    except KeyboardInterrupt:
        sys.stderr.write("error: Interrupted; nothing was done yet.\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
