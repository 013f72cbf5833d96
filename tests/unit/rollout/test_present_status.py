"""What people see of the state of a namespace."""

from typing import Any

from dagship.airflow.activity import Activity, RunCount
from dagship.airflow.sync_report import SyncReport
from dagship.model.kept_document import KeptDocument
from dagship.record.model import Release
from dagship.rollout import present_status
from dagship.rollout.results import (
    AnnouncedReport,
    BrokenFile,
    Difference,
    ServedReport,
    StatusReport,
    WorkloadReport,
)
from tests.builders import release_documents, thin
from tests.builders.results import (
    NEW,
    OLD,
    PORT,
    REPOSITORY,
    SHOWN_NEW,
    SHOWN_OLD,
    Shown,
    cells,
    journal,
    rows,
    status,
    workload,
)


def test_markup_in_a_cluster_is_text(shown: Shown) -> None:
    text = shown(present_status.show_status, status(workload("w", "[bold]x[/bold]:1", differ=("[red]p",))))

    assert "[bold]x[/bold]:1" in text
    assert "[red]p" in text


def test_status_takes_no_tag_for_a_part_of_the_repository(shown: Shown) -> None:
    rows = tuple(
        WorkloadReport(workload=f"deployment/{number}", role="other", images=(image,), ready=1, desired=1)
        for number, image in enumerate(
            (f"{PORT}:3.3.2", f"{PORT}:3.3.2@sha256:{'a' * 64}", f"{PORT}@sha256:{'b' * 64}")
        )
    )
    text = shown(
        present_status.show_status, StatusReport(namespace="a", context="", passed=True, workloads=rows, releases=())
    )

    assert f"repository  {PORT}\n" in text
    assert f"{PORT}:3.3.2 " in text
    assert SHOWN_NEW in text


def test_status_names_the_repository_once_where_there_is_one(shown: Shown) -> None:
    text = shown(
        present_status.show_status,
        status(workload("deployment/a", NEW, ready=1, desired=2), workload("cronjob/b", NEW)),
    )

    assert cells(text)[2] == ["deployment/a", "other", SHOWN_NEW, "1/2"]
    assert cells(text)[3] == ["cronjob/b", "other", SHOWN_NEW]
    assert "repository  " + REPOSITORY in text
    assert "all components run the same image" in text


def test_status_names_each_image_in_full_where_repositories_differ(shown: Shown) -> None:
    text = shown(
        present_status.show_status, status(workload("a", NEW), workload("b", "apache/airflow:3.3.2"), passed=False)
    )

    assert REPOSITORY + SHOWN_NEW in text
    assert "apache/airflow:3.3.2" in text
    assert "components DISAGREE" in text


def test_status_shows_a_workload_of_several_images_with_each_in_a_line(shown: Shown) -> None:
    text = shown(present_status.show_status, status(workload("a", OLD, NEW, differ=("a-1", "a-2"))))

    assert cells(text)[2] == ["a", "other", SHOWN_OLD, "a-1,", "a-2"]
    assert cells(text)[3] == [SHOWN_NEW]


def test_status_shows_releases_and_a_rollout_that_is_unfinished(shown: Shown) -> None:
    releases = (
        Release(
            number=1, kind="rollout", image=NEW, dag_version="3f9c", who="octocat", job="https://ci.example/7",
            when="2026-01-01T00:00:00", moves=(),
        ),
        Release(number=0, kind="found", image="", when="2026-01-01T00:00:00", moves=()),
    )  # fmt: skip
    text = shown(
        present_status.show_status, status(workload("a", NEW), releases=releases, unfinished=journal(image=""))
    )

    assert ["1", "2026-01-01T00:00:00", "rollout", SHOWN_NEW, "3f9c", "octocat", "https://ci.example/7"] in cells(text)
    assert ["0", "2026-01-01T00:00:00", "found", "what", "dagship", "found"] in cells(text)
    assert "a rollout to an earlier state by octocat is unfinished (left)" in text


def test_status_says_what_the_release_that_runs_changed(shown: Shown) -> None:
    changes = KeptDocument(since=6, document=release_documents.nothing(), back="")
    last = Release(number=7, kind="rollout", image=NEW, when="2026-01-01T00:00:00", changes=changes)
    text = shown(present_status.show_status, status(workload("a", NEW), releases=(last,)))

    assert "by release 7: Nothing changes for Airflow; packages: 1 up." in text
    assert "by release" not in shown(present_status.show_status, status(workload("a", NEW)))


def synced(pod: str, state: str = "current", **more: object) -> SyncReport:
    return SyncReport.model_validate({"pod": pod, "state": state, "current": "1" * 40, "ref": "branch main", **more})


def test_syncs_that_are_all_current_are_one_line(shown: Shown) -> None:
    found = status(workload("a", NEW), git=(synced("w-0"), synced("w-1"), synced("s-0")))
    text = shown(present_status.show_status, found)

    assert ["git", "111111111111", "of", "branch", "main,", "3", "pods"] in rows(text)
    assert "why" not in text
    assert "all components run the same image\n" in text


def test_an_error_that_is_the_reason_is_said_once(shown: Shown) -> None:
    findings = ({"file": "broken.py", "error": "ImportError: acme"},)
    bad = synced("w-1", "refused", reason="broken.py: ImportError: acme", findings=findings)
    text = shown(present_status.show_status, status(workload("a", NEW), git=(bad,), passed=False))

    assert 1 == text.count("ImportError")


def test_a_commit_that_was_refused_is_named_with_its_files(shown: Shown) -> None:
    findings = ({"file": "broken.py", "error": "ModuleNotFoundError: acme"},)
    bad = synced("w-1", "refused", candidate="2" * 40, reason="A DAG file cannot be imported.", findings=findings)
    text = shown(present_status.show_status, status(workload("a", NEW), git=(synced("w-0"), bad), passed=False))

    (row,) = (line.split() for line in text.splitlines() if line.startswith("w-1"))
    assert row[:4] == ["w-1", "refused", "1" * 12, "2" * 12]
    assert "broken.py: ModuleNotFoundError: acme" in text
    assert "\nw-0" not in text
    assert "but 1 of 2 pods do NOT SERVE what git has" in text


def test_syncs_that_serve_different_commits_are_told_apart(shown: Shown) -> None:
    text = shown(
        present_status.show_status,
        status(workload("a", NEW), git=(synced("w-0"), synced("w-1", current="2" * 40), synced("w-2", "starting", current="", ref=""))),
    )  # fmt: skip

    assert "111111111111 of branch main, 1 pod; 222222222222 of branch main, 1 pod; nothing yet, 1 pod" in text


def test_syncs_that_cannot_be_asked_are_no_failure(shown: Shown) -> None:
    found = status(workload("a", NEW), git_unseen="Cannot run cat in Pod w-0: pods is forbidden.")
    text = shown(present_status.show_status, found)

    assert "cannot be looked at: Cannot run cat in Pod w-0: pods is forbidden.\n" in text
    assert "all components run the same image" in text


def test_a_release_of_the_chart_is_named(shown: Shown) -> None:
    text = shown(present_status.show_status, status(workload("a", NEW), installed="airflow (airflow-0.1.0)"))

    assert ["release", "airflow", "(airflow-0.1.0)"] in rows(text)


def test_status_says_what_runs_need_and_what_the_image_holds(shown: Shown) -> None:
    runs = [{"version": letter * 12, "state": "running", "runs": 1} for letter in "ac"]
    live = {"runs": runs, "held": ["a" * 12, "b" * 12], "current": "b" * 12, "baked": True, "running": 2}
    text = shown(present_status.show_status, status(workload("x", NEW), live=live))

    assert "unfinished: 1 on aaaaaaaaaaaa, 1 on cccccccccccc" in text
    assert "2 running, 0 queued" in text
    assert "in the image: aaaaaaaaaaaa, bbbbbbbbbbbb (current); packages, plugins and configuration are" in text
    assert "runs are pinned to what the image does not hold: cccccccccccc" in text
    assert "cannot be asked for: There is no scheduler." in shown(
        present_status.show_status, status(workload("x", NEW), live_unseen="There is no scheduler.")
    )


def announced_status(**more: Any) -> StatusReport:
    said = {"config_map": "dagship-dags", "current": thin.announcement(), "bytes": 9000, "packages": PACKAGES}
    return status(workload("deployment/a", NEW)).model_copy(
        update={
            "announced": AnnouncedReport(**said | more),
            "live": Activity(airflow="3.3.2", baked=True, held=(thin.BASE,), runs=(RUN,), current=thin.BASE),
            "releases": (Release(number=3, kind="rollout", image=NEW, when=""),),
        }
    )


PACKAGES = {version: thin.packaged(version) for version in (thin.V5, thin.V6)}
RUN = RunCount(version=thin.V5, state="running", runs=2)


def test_what_is_announced_is_told_with_its_room_and_runs_on_packages_are_not_missing(shown: Shown) -> None:
    text = " ".join(shown(present_status.show_status, announced_status()).split())

    assert f"announced {thin.V6}, one layer above what runs, served; 2 packages, 9 KiB of 512 runs" in text
    assert f"unfinished: 2 on {thin.V5}" in text
    assert "MISSING" not in text
    assert "NOT SERVED" not in text
    assert "MISSING" in shown(present_status.show_status, announced_status(packages={}))


def test_what_is_not_served_or_gone_is_not_to_be_overlooked(shown: Shown) -> None:
    late = shown(present_status.show_status, announced_status(why_not="It serves nothing yet."))
    lost = shown(present_status.show_status, announced_status(current=None, packages={}, lost=thin.V6))

    assert "NOT SERVED: It serves nothing yet; 2 packages" in late
    assert "but what was announced is NOT SERVED" in late
    assert f"release 3 announced {thin.V6}" in lost
    assert "but what was announced is NOT SERVED" in lost


def test_what_somebody_else_announced_is_told_with_what_became_of_it(shown: Shown) -> None:
    text = " ".join(shown(present_status.show_status, announced_status(lost=thin.V5, why_not="It is damaged.")).split())

    assert f"ANNOUNCED {thin.V6}, one layer above what runs, NOT SERVED: It is damaged; 2 packages" in text
    assert f"and release 3 announced {thin.V5}: the ConfigMap dagship-dags does not say it any more." in text
    assert "Somebody else has written it. deploy, rollout or rollback announces it again" in text


def test_packages_without_an_announcement_are_told_and_no_mention_is_made_of_none(shown: Shown) -> None:
    assert "nothing besides the image's own DAGs; 2 packages" in shown(
        present_status.show_status, announced_status(current=None)
    )
    assert "announced" not in shown(present_status.show_status, announced_status(current=None, packages={}))


def test_a_version_of_the_image_that_is_announced_is_no_layer_above_it(shown: Shown) -> None:
    of_image = thin.announcement(thin.V5, image="")
    text = shown(present_status.show_status, announced_status(current=of_image))

    assert f"{thin.V5}, in the image that runs, served; 2 packages" in text
    assert "one layer above" not in text


def served(shown: Shown, **more: Any) -> str:
    report = status(workload("a", NEW), passed=True)
    return shown(present_status.show_status, report.model_copy(update={"served": ServedReport(**more)}))


def test_what_is_served_is_shown_with_each_file_that_cannot_be_imported(shown: Shown) -> None:
    broken = (BrokenFile(file="[b]a.py", line=7, error="KeyError: [red]x", traceback=""),)
    text = served(shown, version="5" * 12, since="2026-11-29T10:00:00+00:00", dags=1, broken=broken)

    assert ["[b]a.py", "7", "KeyError:", "[red]x"] in cells(text)
    assert f"{'5' * 12} since 2026-11-29T10:00:00+00:00; 1 DAG; 1 file CANNOT BE IMPORTED" in text
    assert "cannot be asked for: No pod is ready." in served(shown, why_not="No pod is ready.")
    assert "no DAG version of ours; 0 DAGs" in served(shown)


def test_what_differs_from_a_checkout_is_shown_file_by_file(shown: Shown) -> None:
    against = Difference(place="../main", version="6" * 12, same=False, added=("new.py",), changed=("[b]a.py",))
    text = served(shown, version="5" * 12, against=against)

    assert [["added", "new.py"], ["changed", "[b]a.py"]] == [
        row for row in cells(text) if row[:1] in (["added"], ["changed"])
    ]
    assert f"../main would be {'6' * 12}: 1 changed, 1 added, 0 removed" in text
    assert "but what is served DIFFERS from ../main" in text


def test_of_many_files_some_are_shown_and_all_are_counted(shown: Shown) -> None:
    many = tuple(f"{number}.py" for number in range(40))
    text = served(shown, against=Difference(place=".", version="6" * 12, same=False, changed=many))

    assert "40 changed, 0 added, 0 removed; 10 more than shown" in text
    assert "29.py" in text


def test_a_checkout_that_is_served_is_the_same(shown: Shown) -> None:
    text = served(shown, against=Difference(place=".", version="6" * 12, same=True))

    assert ".: the same" in text
    assert "DIFFERS" not in text
    unknown = Difference(place=".", version="6" * 12, same=False, why_not="It is gone.")
    assert "which files they are is not known: It is gone." in served(shown, against=unknown)
