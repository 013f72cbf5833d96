"""The rows of the table, and the page they are shown on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.timing import Pair, spread


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        against: What it was measured against.
        ours: Our side, for people.
        theirs: The other side.
        result: Ratio or difference.
        bound: What the result must keep.
        met: Whether it does.
        remark: What a reader should know of the input; may be empty.

    """

    what: str
    against: str
    ours: str
    theirs: str
    result: str
    bound: str
    met: bool
    remark: str = ""


def ratio_row(*, what: str, against: str, pair: Pair, bound: float, remark: str = "") -> Row:
    """Returns the row of a ratio that must not exceed `bound`."""
    return Row(
        what=what,
        against=against,
        ours=spread(pair.ours),
        theirs=spread(pair.theirs),
        result=f"{pair.ratio:.2f}",
        bound=f"≤ {bound}",
        met=pair.ratio <= bound,
        remark=remark,
    )


def merge(file: Path, machine: dict[str, str], rows: dict[str, list[Row]], order: list[str]) -> dict[str, list[Row]]:
    """Adds rows to those measured before, unless those come from another machine, and keeps them in `file`."""
    known: dict[str, list[Row]] = {}
    if file.exists():
        before = json.loads(file.read_text("utf-8"))
        if before["machine"] == machine:
            known = {name: [Row(**row) for row in kept] for name, kept in before["rows"].items()}
    known |= rows
    known = {name: known[name] for name in order if name in known}
    document = {"machine": machine, "rows": {name: [asdict(row) for row in kept] for name, kept in known.items()}}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return known


def page(machine: dict[str, str], rows: list[Row]) -> str:
    """Returns the page: the table, what to know of its rows, and the machine."""
    lines = [
        "# Measurements",
        "",
        "Written by `script/bench`. Whole processes, both sides of a row in one run and alternately; medians, with the",
        "range in brackets.",
        "",
        "| measured | against | dagship | the other | result | bound | met |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = (row.what, row.against, row.ours, row.theirs, row.result, row.bound, "yes" if row.met else "**no**")
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {row.what}: {row.remark}" for row in rows if row.remark), "", "## The machine", ""]
    lines += [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join(lines) + "\n"
