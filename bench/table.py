"""The rows of the table, and the page they are shown on."""

import json
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Rows that were measured together.

    Attributes:
        machine: What they were measured on, name to value.
        rows: The rows.

    """

    machine: Mapping[str, str]
    rows: Sequence[Row]


def merge(file: Path, measured: Mapping[str, Measured], order: Sequence[str]) -> dict[str, Measured]:
    """Puts what was measured in place of what was measured before by the same names, and keeps all of it in `file`."""
    known: dict[str, Measured] = {}
    if file.exists():
        for name, kept in json.loads(file.read_text("utf-8")).items():
            known[name] = Measured(machine=kept["machine"], rows=[Row(**row) for row in kept["rows"]])
    known |= measured
    known = {name: known[name] for name in order if name in known}
    document = {name: asdict(kept) for name, kept in known.items()}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return known


def page(known: Mapping[str, Measured]) -> str:
    """Returns the page: the table, what to know of its rows, and the machines."""
    lines = [
        "# Measurements",
        "",
        "Written by `script/bench`. Whole processes, both sides of a row in one run and alternately; medians, with the",
        "range in brackets. Rows of one name were measured together, on one machine.",
        "",
        "| measured | against | dagship | the other | result | bound | met |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = [row for kept in known.values() for row in kept.rows]
    for row in rows:
        cells = (row.what, row.against, row.ours, row.theirs, row.result, row.bound, "yes" if row.met else "**no**")
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {row.what}: {row.remark}" for row in rows if row.remark)]
    machines: list[Mapping[str, str]] = []
    for kept in known.values():
        machines += [] if kept.machine in machines else [kept.machine]
    for machine in machines:
        names = [f"`{name}`" for name, kept in known.items() if kept.machine == machine]
        lines += [
            "",
            f"## The machine of {', '.join(names)}",
            "",
            *(f"- {key}: {said}" for key, said in machine.items()),
        ]
    return "\n".join(lines) + "\n"
