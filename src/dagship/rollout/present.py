"""How plans, failures and results look to people."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dagship.airflow import git_sync, orphaned_runs, pinned_runs
from dagship.airflow.activity import LiveRuns
from dagship.airflow.sync_report import SyncReport
from dagship.record.model import Journal, Move, Release, Target
from dagship.rollout.plan import planner
from dagship.rollout.results import Deployed, Failure, RolloutResult, StatusReport, TaskReport

if TYPE_CHECKING:
    from dagship.console import Console

# Digits of a commit that people compare.
_COMMIT = 12

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
            f"a rollout to {planner.short(journal.image) or 'an earlier state'} by {journal.who}, begun {journal.began}, "
            "is unfinished; this one goes on from there"
        )
    rows: list[list[str]] = []
    ways: set[tuple[str, str]] = set()
    for move in moves:
        by_way: dict[tuple[str, str], list[str]] = {}
        for change in move.changes:
            what = change.container + (" (init)" if change.init else "") + (f" {change.name}" if change.name else "")
            by_way.setdefault((planner.short(change.before) or "-", planner.short(change.after) or "-"), []).append(
                what
            )
        rows += [[str(move.step + 1), move.key, ", ".join(what), *way] for way, what in by_way.items()]
        ways |= by_way.keys()
    if len(ways) == 1:  # said once, and not on every line
        console.table("", ["step", "workload", "containers"], [row[:3] for row in rows])
        console.say("")
        console.say("{} → {}".format(*ways.pop()))
    else:
        brief = [[*row[:3], _brief(row[3], row[4]), _brief(row[4], row[3])] for row in rows]
        console.table("", ["step", "workload", "containers", "from", "to"], brief)
    console.say("")


def show_live(console: "Console", live: LiveRuns | None, target: Target) -> None:
    """Prints Airflow's unfinished runs by version, and its running tasks by worker."""
    if live is None:
        return
    lacking = pinned_runs.lacking(live, target)
    runs = [
        f"{count} on {version or 'the newest code'}{' (NOT IN THE IMAGE)' if version in lacking else ''}"
        for version, count in live.by_version.items()
    ]
    tasks = [f"{len(tasks)} on {host or 'no host'}" for host, tasks in live.by_host.items()]
    tasks += [f"{live.running - len(live.tasks)} more"] if live.running > len(live.tasks) else []
    queued = f"; {live.queued} queued" if live.queued else ""
    console.say(f"unfinished runs: {', '.join(runs) or 'none'}")
    console.say(f"running tasks: {', '.join(tasks) or 'none'}{queued}")
    console.say("")


def _brief(image: str | None, other: str | None) -> str:
    """An image for people, without a repository that goes without saying."""
    said = planner.short(image) or "-"
    name, at, digest = said.partition("@")
    return at + digest if at and (other or "").partition("@")[0] == name else said


def _repository(image: str) -> str:
    """The name of an image without its digest and tag; a port is no tag."""
    path, slash, last = image.partition("@")[0].rpartition("/")
    return path + slash + last.partition(":")[0]


def show_failure(console: "Console", failure: Failure) -> None:
    """Prints what went wrong: the pod, the reason, its events and last log lines."""
    where = " ".join(
        part
        for part in (
            failure.workload,
            failure.pod and f"pod {failure.pod}",
            failure.container and f"container {failure.container}",
        )
        if part
    )
    console.say("")
    console.say(f"✗ {where}: {failure.reason}")
    if failure.meaning:
        console.say(f"  {failure.meaning}")
    if failure.message and failure.message not in failure.meaning:
        console.say(textwrap.indent(failure.message, "  "))
    for title, lines in (("events", failure.events), ("last log lines", failure.log)):
        if lines:
            console.say(f"  {title}:")
            for line in lines:
                console.say(f"  | {line}")
    if failure.hint:
        console.say(f"  → {failure.hint}")
    console.say("")


def show_result(console: "Console", result: RolloutResult) -> None:
    """Prints the closing lines of `rollout` and `rollback`."""
    failed = "FAILED, and " if result.failure and result.outcome == "undone" else ""
    fields = {"rollout": failed + _OUTCOMES[result.outcome]}
    fields |= {"image": result.image} if result.image else {}
    fields |= {"DAG version": result.dag_version} if result.dag_version else {}
    fields |= {"release": str(result.release)} if result.release is not None else {}
    fields["namespace"] = result.namespace + (f" ({result.context})" if result.context else "")
    if result.failure is not None:
        fields["cause"] = f"{result.failure.workload}: {result.failure.meaning or result.failure.reason}"
    fields |= {"state": result.state} if result.state else {}
    fields |= _fate(result.tasks) if result.tasks else {}
    if result.seconds:
        fields["seconds"] = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in result.seconds.items())
    console.summary(fields)


def _fate(tasks: TaskReport) -> dict[str, str]:
    """What became of tasks and runs."""
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
    show_result(console, deployed.rollout)
    console.summary({"deploy": ", ".join(f"{task} {seconds:.1f} s" for task, seconds in deployed.seconds.items())})


def show_status(console: "Console", report: StatusReport) -> None:
    """Prints who runs what."""
    names = {_repository(image) for workload in report.workloads for image in workload.images}
    common = names.pop() + "@" if len(names) == 1 else ""
    console.table(
        "",
        ["workload", "role", "image", "DAG version", ">ready", "differ"],
        [
            [
                workload.workload,
                workload.role,
                "\n".join(_brief(image, common) for image in workload.images),
                workload.dag_version,
                f"{workload.ready}/{workload.desired}" if workload.desired or workload.ready else "",
                ", ".join(workload.differ),
            ]
            for workload in report.workloads
        ],
    )
    if report.releases:
        console.say("")
        rows = [_release(one, common) for one in report.releases]
        console.table("", [">release", "when", "what", "image", "DAG version", "who", "job"], rows)
    if report.record_unread:
        console.warn(report.record_unread)
    if report.hold is not None:
        console.warn(
            f"DAGs are held for a rollout: {', '.join(report.hold.dags)}; when none is under way, the next one lets "
            "them go, and so does rollout --undo"
        )
    if report.unfinished is not None:
        console.say("")
        console.warn(
            f"a rollout to {planner.short(report.unfinished.image) or 'an earlier state'} by {report.unfinished.who} is "
            f"unfinished ({report.unfinished.state}): the same command again finishes it, rollout --undo takes it back"
        )
    fields = {"namespace": report.namespace + (f" ({report.context})" if report.context else "")}
    fields |= {"release": report.installed} if report.installed else {}
    fields |= {"repository": common[:-1]} if common else {}
    fields |= {"DAGs": report.dags} if report.dags else {}
    fields |= _show_git(console, report)
    fields |= _show_live(report)
    behind = sum(git_sync.is_behind(one) for one in report.git)
    fields["state"] = "all components run the same image" if report.agree else "components DISAGREE"
    fields["state"] += f", but {behind} of {len(report.git)} pods do NOT SERVE what git has" if behind else ""
    console.summary(fields)


def _show_live(report: StatusReport) -> dict[str, str]:
    """Returns the lines on runs, tasks, and the DAG versions in the image."""
    if report.live is None:
        return {"runs": f"cannot be asked for: {report.live_unseen}"} if report.live_unseen else {}
    live = report.live
    runs = [f"{count} on {version or 'the newest code'}" for version, count in live.by_version.items()]
    fields = {"runs": f"unfinished: {', '.join(runs)}" if runs else "none is unfinished"}
    fields |= {"tasks": f"{live.running} running, {live.queued} queued"} if live.running or live.queued else {}
    held = [f"{version}{' (current)' if version == live.current else ''}" for version in live.held]
    lost = [version for version in live.pinned if version not in live.held]
    fields |= {"versions": f"in the image: {', '.join(held)}"} if live.baked and held else {}
    fields |= {"STUCK": stuck} if (stuck := orphaned_runs.stuck(live)) else {}
    fields |= {"MISSING": f"runs are pinned to what the image does not hold: {', '.join(lost)}"} if lost else {}
    return fields


def _show_git(console: "Console", report: StatusReport) -> dict[str, str]:
    """Prints the syncs that are not current, and returns the line that sums them up."""
    if report.git_unseen:
        return {"git": f"cannot be looked at: {report.git_unseen}"}
    apart = [one for one in report.git if one.state != "current"]
    if apart:
        console.say("")
        rows = [[one.pod, one.state, one.current[:_COMMIT], one.candidate[:_COMMIT], _why(one)] for one in apart]
        console.table("", ["pod", "git", "serves", "not published", "why"], rows)
    served: dict[tuple[str, str], int] = {}
    for one in report.git:
        served[one.current, one.ref] = served.get((one.current, one.ref), 0) + 1
    said = [
        f"{commit[:_COMMIT] or 'nothing yet'}{f' of {ref}' if ref else ''}, {count} pod{'s' if count > 1 else ''}"
        for (commit, ref), count in served.items()
    ]
    return {"git": "; ".join(said)} if said else {}


def _why(one: SyncReport) -> str:
    # Where one file alone is to blame, that is the reason.
    return "\n".join(dict.fromkeys([one.reason, *(f"{found.file}: {found.error}" for found in one.findings)]))


def _release(release: Release, common: str) -> list[str]:
    what = _brief(release.image, common) if release.image else "what dagship found"
    return [str(release.number), release.when, release.kind, what, release.dag_version, release.who, release.job]
