"""How plans, failures and results look to people."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.airflow import pinned_runs
from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.record import announced
from dagship.record.model import Change, Journal, Move
from dagship.rollout.plan import drift
from dagship.rollout.results import Deployed, RolloutResult, TaskReport

if TYPE_CHECKING:
    from dagship.terminal.console import Console

# Digits of a commit that people compare.
COMMIT = 12

# Tasks that a summary names.
_NAMED = 5

_OUTCOMES = {
    "moved": "moved",
    "unchanged": "was there already; nothing moved",
    "planned": "dry run; nothing was changed",
    "undone": "went back",
    "left": "FAILED",
}


def show_plan(console: "Console", moves: Iterable[Move], journal: Journal | None) -> None:
    """Prints what moves, in which order, from what to what."""
    if journal is not None:
        console.warn(
            f"a rollout to {drift.short(journal.image) or 'an earlier state'} by {journal.who}, begun {journal.began}, "
            "is unfinished; this one goes on from there"
        )
    rows: list[list[str]] = []
    ways: set[tuple[str, str]] = set()
    for move in moves:
        by_way: dict[tuple[str, str], list[str]] = {}
        for change in move.changes:
            what = change.container + (" (init)" if change.init else "") + (f" {change.name}" if change.name else "")
            by_way.setdefault((_said(change, change.before), _said(change, change.after)), []).append(what.strip())
        rows += [[str(move.step + 1), move.key, ", ".join(what), *way] for way, what in by_way.items()]
        ways |= by_way.keys()
    if len(ways) == 1:  # said once, and not on every line
        console.table("", ["step", "workload", "containers"], [row[:3] for row in rows])
        console.say("")
        console.say("{} → {}".format(*ways.pop()))
    else:
        brief = [[*row[:3], in_brief(row[3], row[4]), in_brief(row[4], row[3])] for row in rows]
        console.table("", ["step", "workload", "containers", "from", "to"], brief)
    console.say("")


def _said(change: Change, text: str | None) -> str:
    return announced.shown(text) if change.field == "announced" else drift.short(text) or "-"


def show_activity(console: "Console", activity: Activity | None, target: Target) -> None:
    """Prints Airflow's unfinished runs by version, and its running tasks by worker."""
    if activity is None:
        return
    lacking = pinned_runs.lacking(activity, target)
    runs = [
        f"{count} on {version or 'the newest code'}{' (NOT IN THE IMAGE)' if version in lacking else ''}"
        for version, count in activity.by_version.items()
    ]
    tasks = [f"{len(tasks)} on {host or 'no host'}" for host, tasks in activity.by_host.items()]
    tasks += [f"{activity.running - len(activity.tasks)} more"] if activity.running > len(activity.tasks) else []
    queued = f"; {activity.queued} queued" if activity.queued else ""
    console.say(f"unfinished runs: {', '.join(runs) or 'none'}")
    console.say(f"running tasks: {', '.join(tasks) or 'none'}{queued}")
    console.say("")


def in_brief(image: str | None, other: str | None) -> str:
    """An image for people, without a repository that goes without saying."""
    said = drift.short(image) or "-"
    name, at, digest = said.partition("@")
    return at + digest if at and (other or "").partition("@")[0] == name else said


def repository(image: str) -> str:
    """The name of an image without its digest and tag; a port is no tag."""
    path, slash, last = image.partition("@")[0].rpartition("/")
    return path + slash + last.partition(":")[0]


def show_result(console: "Console", result: RolloutResult) -> None:
    """Prints the closing lines of `rollout` and `rollback`."""
    console.summary(_closing(result) | _served(result))


def _closing(result: RolloutResult) -> dict[str, str]:
    failed = "FAILED, and " if result.failure and result.outcome == "undone" else ""
    fields = {"rollout": failed + _OUTCOMES[result.outcome]}
    fields |= {"image": result.image + ("" if "@" in result.image else " (not pushed yet)")} if result.image else {}
    fields |= {"DAG version": result.dag_version} if result.dag_version else {}
    fields |= {"release": str(result.release)} if result.release is not None else {}
    fields["namespace"] = result.namespace + (f" ({result.context})" if result.context else "")
    if result.changes is not None:
        fields["changes"] = result.changes.document.verdict.sentence
    elif result.changes_unknown:
        fields["changes"] = f"not known: {result.changes_unknown}"
    fields |= {"proven by": f"a run of {', '.join(result.proven)}"} if result.proven else {}
    if result.failure is not None:
        fields["cause"] = f"{result.failure.workload}: {result.failure.meaning or result.failure.reason}"
    fields |= {"state": result.state} if result.state else {}
    fields |= _fate(result.tasks) if result.tasks else {}
    if result.seconds:
        fields["seconds"] = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in result.seconds.items())
    return fields


def _served(result: RolloutResult, before: float = 0.0) -> dict[str, str]:
    """Returns the last line of what began some seconds before its rollout; none where nobody waited for Airflow."""
    return {} if result.served is None else {"served": f"by Airflow after {before + result.served:.1f} s"}


def _fate(tasks: TaskReport) -> dict[str, str]:
    """Returns the lines about tasks and runs."""
    cut = "nobody knows how many were" if tasks.interrupted is None else str(len(tasks.interrupted))
    said = f"{tasks.running} ran when it began, {cut} interrupted"
    if tasks.interrupted:
        named = [str(task) for task in tasks.interrupted[:_NAMED]]
        said += f": {', '.join(named)}{', …' if len(tasks.interrupted) > _NAMED else ''}"
    said += f"; workers took {tasks.draining:.0f} s to end" if tasks.draining else ""
    stay = [f"{runs} on {version or 'the newest code'}" for version, runs in tasks.runs.items()]
    return {"tasks": said} | ({"runs": f"unfinished: {', '.join(stay)}"} if stay else {})


def show_deployed(console: "Console", deployed: Deployed) -> None:
    """Prints the closing lines of `deploy`."""
    tasks = deployed.seconds
    fields = _closing(deployed.rollout)
    if deployed.image is None:  # a dry run
        fields = {"way": deployed.way} | fields
        left_out = "left out: it would send the files to the cluster"
        fields |= {} if "test-image" in tasks else {"test-image": left_out}
    fields["deploy"] = ", ".join(f"{task} {seconds:.1f} s" for task, seconds in tasks.items())
    console.summary(fields | _served(deployed.rollout, sum(tasks.values()) - tasks.get("rollout", 0.0)))
