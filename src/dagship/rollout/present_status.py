"""How the state of a namespace looks to people."""

from typing import TYPE_CHECKING

from dagship.airflow import git_sync, orphaned_runs
from dagship.airflow.sync_report import SyncReport
from dagship.model.thin import MOST
from dagship.record.model import Release
from dagship.rollout.plan import drift
from dagship.rollout.present import COMMIT, in_brief, repository
from dagship.rollout.results import Difference, ServedReport, StatusReport

if TYPE_CHECKING:
    from dagship.terminal.console import Console

# Files that a table names.
_FILES = 30


def show_status(console: "Console", report: StatusReport) -> None:
    """Prints who runs what."""
    names = {repository(image) for workload in report.workloads for image in workload.images}
    common = names.pop() + "@" if len(names) == 1 else ""
    console.table(
        "",
        ["workload", "role", "image", "DAG version", ">ready", "differ"],
        [
            [
                workload.workload,
                workload.role,
                "\n".join(in_brief(image, common) for image in workload.images),
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
            f"a rollout to {drift.short(report.unfinished.image) or 'an earlier state'} by {report.unfinished.who} is "
            f"unfinished ({report.unfinished.state}): the same command again finishes it, rollout --undo takes it back"
        )
    fields = {"namespace": report.namespace + (f" ({report.context})" if report.context else "")}
    fields |= {"release": report.installed} if report.installed else {}
    fields |= {"repository": common[:-1]} if common else {}
    fields |= {"DAGs": report.dags} if report.dags else {}
    fields |= _show_git(console, report)
    fields |= _show_announced(report)
    fields |= _show_activity(report)
    fields |= _show_served(console, report.served)
    newest = report.releases[0] if report.releases else None
    if newest is not None and newest.changes is not None:
        fields["changed"] = f"by release {newest.number}: {newest.changes.document.verdict.sentence}"
    behind = sum(git_sync.is_behind(one) for one in report.git)
    fields["state"] = "all components run the same image" if report.agree else "components DISAGREE"
    if report.announced is not None and not report.announced.right:
        fields["state"] += ", but what was announced is NOT SERVED"
    if report.served is not None and report.served.against is not None and not report.served.against.same:
        fields["state"] += f", but what is served DIFFERS from {report.served.against.place}"
    fields["state"] += f", but {behind} of {len(report.git)} pods do NOT SERVE what git has" if behind else ""
    console.summary(fields)


def _show_activity(report: StatusReport) -> dict[str, str]:
    """Returns the lines on runs, tasks, and the DAG versions in the image."""
    if report.live is None:
        return {"runs": f"cannot be asked for: {report.live_unseen}"} if report.live_unseen else {}
    activity = report.live
    runs = [f"{count} on {version or 'the newest code'}" for version, count in activity.by_version.items()]
    fields = {"runs": f"unfinished: {', '.join(runs)}" if runs else "none is unfinished"}
    fields |= (
        {"tasks": f"{activity.running} running, {activity.queued} queued"}
        if activity.running or activity.queued
        else {}
    )
    held = [f"{version}{' (current)' if version == activity.current else ''}" for version in activity.held]
    packages = report.announced.packages if report.announced else {}
    lost = [version for version in activity.pinned if version not in activity.held and version not in packages]
    if activity.baked and held:
        shared = "; packages, plugins and configuration are the same for all" if len(held) > 1 else ""
        fields["versions"] = f"in the image: {', '.join(held)}{shared}"
    fields |= {"STUCK": stuck} if (stuck := orphaned_runs.stuck(activity)) else {}
    fields |= {"MISSING": f"runs are pinned to what the image does not hold: {', '.join(lost)}"} if lost else {}
    return fields


def _show_announced(report: StatusReport) -> dict[str, str]:
    """Returns the line on what is announced to pods that run."""
    found = report.announced
    if found is None:
        return {}
    count = len(found.packages)
    room = f"{count} package{'s' if count != 1 else ''}, {-(-found.bytes // 1024)} KiB of {MOST // 1024}"
    current = ""
    if found.current is not None:
        state = f"NOT SERVED: {found.why_not.rstrip('.')}" if found.why_not else "served"
        # A rollback may announce a version that the image has.
        where = "one layer above what runs" if found.current.image else "in the image that runs"
        current = f"{found.current.version}, {where}, {state}; {room}"
    if found.lost:
        stays = "What runs keeps it; a dag-processor that starts anew serves the image's own DAGs"
        now = "Somebody else has written it" if current else stays
        return {
            "ANNOUNCED": f"{current or 'nothing'}, and release {report.releases[0].number} announced {found.lost}: the "
            f"ConfigMap {found.config_map} does not say it any more. {now}. deploy, rollout or rollback announces it "
            "again"
        }
    if not current and not found.packages:
        return {"announced": found.why_not} if found.why_not else {}
    return {"announced": current or f"nothing besides the image's own DAGs; {room}"}


def _show_served(console: "Console", found: ServedReport | None) -> dict[str, str]:
    """Prints what Airflow cannot import, and returns the lines on what it serves."""
    if found is None:
        return {}
    if found.why_not:
        return {"served": f"cannot be asked for: {found.why_not}"}
    if found.broken:
        console.say("")
        rows = [[one.file, str(one.line or ""), one.error] for one in found.broken]
        console.table("", ["cannot be imported", ">line", "error"], rows)
    since = f" since {found.since}" if found.since else ""
    broken = (
        f"; {len(found.broken)} file{'s' if len(found.broken) > 1 else ''} CANNOT BE IMPORTED" if found.broken else ""
    )
    count = f"{found.dags} DAG{'' if found.dags == 1 else 's'}"
    fields = {"served": f"{found.version or 'no DAG version of ours'}{since}; {count}{broken}"}
    return fields | (_show_difference(console, found.against) if found.against else {})


def _show_difference(console: "Console", found: Difference) -> dict[str, str]:
    if found.same:
        return {"against": f"{found.place}: the same"}
    files = [(kind, file) for kind in ("added", "removed", "changed") for file in getattr(found, kind)]
    if files:
        console.say("")
        console.table("", [f"in {found.place}", "file"], [[*one] for one in files[:_FILES]])
    more = f"; {len(files) - _FILES} more than shown" if len(files) > _FILES else ""
    counts = ", ".join(f"{len(getattr(found, kind))} {kind}" for kind in ("changed", "added", "removed"))
    which = f"which files they are is not known: {found.why_not}" if found.why_not else f"{counts}{more}"
    return {"against": f"{found.place} would be {found.version}: {which}"}


def _show_git(console: "Console", report: StatusReport) -> dict[str, str]:
    """Prints the syncs that are not current, and returns the line that sums them up."""
    if report.git_unseen:
        return {"git": f"cannot be looked at: {report.git_unseen}"}
    apart = [one for one in report.git if one.state != "current"]
    if apart:
        console.say("")
        rows = [[one.pod, one.state, one.current[:COMMIT], one.candidate[:COMMIT], _why(one)] for one in apart]
        console.table("", ["pod", "git", "serves", "not published", "why"], rows)
    served: dict[tuple[str, str], int] = {}
    for one in report.git:
        served[one.current, one.ref] = served.get((one.current, one.ref), 0) + 1
    said = [
        f"{commit[:COMMIT] or 'nothing yet'}{f' of {ref}' if ref else ''}, {count} pod{'s' if count > 1 else ''}"
        for (commit, ref), count in served.items()
    ]
    return {"git": "; ".join(said)} if said else {}


def _why(one: SyncReport) -> str:
    # Where one file alone is to blame, that is the reason.
    return "\n".join(dict.fromkeys([one.reason, *(f"{found.file}: {found.error}" for found in one.findings)]))


def _release(release: Release, common: str) -> list[str]:
    what = in_brief(release.image, common) if release.image else "what dagship found"
    return [str(release.number), release.when, release.kind, what, release.dag_version, release.who, release.job]
