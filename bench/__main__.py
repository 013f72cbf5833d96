"""Measures rows, all or those named, and writes `bench/results.md`."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench import (
    broken,
    build,
    bytecode,
    delivery,
    diff,
    first,
    lock,
    machine,
    project,
    report,
    requests,
    rest,
    rollout,
    sent,
    served,
    soak,
    soak_thin,
    start,
    table,
    thin,
    verify,
    versions,
)

ROWS = {
    "build": build.rows,
    "sent": sent.rows,
    "versions": versions.rows,
    "lock": lock.rows,
    "verify": verify.rows,
    "first": first.rows,
    "bytecode": bytecode.rows,
    "start": start.rows,
    "report": report.rows,
    "diff": diff.rows,
    # Those that begin so want a cluster: script/bench.
    "rollout": rollout.rows,
    "rollout-plan": rollout.plan_rows,
    "rollout-broken": broken.rows,
    "rollout-requests": requests.rows,
    "rollout-delivery": delivery.rows,
    "rollout-thin": thin.rows,
    "rollout-rest": rest.rows,
    "rollout-served": served.rows,
    "rollout-soak": soak.rows,
    "rollout-soak-thin": soak_thin.rows,
}
# Up to an hour and more: measured only when named.
LONG = frozenset({"rollout-thin", "rollout-rest", "rollout-served", "rollout-soak", "rollout-soak-thin"})
HERE = Path(__file__).parent


def main() -> int:
    """Returns 1 when a bound is not met."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)}; without one all but {', '.join(LONG)}"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each side is measured (default 7)")
    parser.add_argument("--output", type=Path, default=HERE, help="directory of results.md and results.json")
    arguments = parser.parse_args()
    names = arguments.rows or [name for name in ROWS if name not in LONG]
    if unknown := [name for name in names if name not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}")
    measured: dict[str, table.Measured] = {}
    with tempfile.TemporaryDirectory(prefix="dagship-bench-") as scratch:
        print("bench: making a project with a base image", file=sys.stderr)
        work = project.make(Path(scratch))
        for name in names:
            began = time.monotonic()
            measured[name] = table.Measured(machine=machine.describe(), rows=ROWS[name](work, arguments.rounds))
            for row in measured[name].rows:
                verdict = "met" if row.met else "NOT MET"
                print(
                    f"bench: {row.what}: {row.ours} | {row.theirs} | {row.result}, {row.bound}: {verdict}",
                    file=sys.stderr,
                )
            print(f"bench: {name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    known = table.merge(arguments.output / "results.json", measured, list(ROWS))
    (arguments.output / "results.md").write_text(table.page(known), encoding="utf-8")
    return 0 if all(row.met for kept in measured.values() for row in kept.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
