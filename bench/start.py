"""How long a user waits for the list of tasks."""

import sys

from bench.project import INVOKE, ROOT, Project
from bench.table import Row
from bench.timing import alternately, run, spread

_ALLOWANCE = 0.25


def rows(_project: Project, rounds: int) -> list[Row]:
    """`invoke --list` in the checkout against importing Invoke."""
    pair = alternately(
        lambda: run([INVOKE, "--list"], cwd=ROOT).seconds,
        lambda: run([sys.executable, "-c", "import invoke"], cwd=ROOT).seconds,
        rounds * 3,
    )
    more = pair.our_median - pair.their_median
    return [
        Row(
            what="`invoke --list`",
            against='`python -c "import invoke"`',
            ours=spread(pair.ours),
            theirs=spread(pair.theirs),
            result=f"+{more:.2f} s",
            bound=f"≤ +{_ALLOWANCE} s",
            met=more <= _ALLOWANCE,
        )
    ]
