"""How plans, failures and results look to people, and what text from a cluster cannot do."""

import io
from collections.abc import Callable

import pytest

from dagship.airflow.activity import Activity
from dagship.airflow.sync_report import SyncReport
from dagship.artifacts import Target
from dagship.console import Console
from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from dagship.record.model import Change, Journal, Move, Release
from dagship.rollout import present, present_status
from dagship.rollout.results import RolloutResult, StatusReport, WorkloadReport

REPOSITORY = "registry.example/airflow"
OLD, NEW = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "ab")
PORT = "registry.example:5000/team/airflow"
SHOWN_OLD, SHOWN_NEW = "@aaaaaaaaaaaa", "@bbbbbbbbbbbb"

Shown = Callable[..., str]


@pytest.fixture
def shown() -> Shown:
    def show(how: Callable[..., None], *arguments: object) -> str:
        stderr = io.StringIO()
        how(Console(stderr=stderr), *arguments)
        return stderr.getvalue()

    return show


def move(*changes: Change, name: str = "worker", step: int = 0) -> Move:
    return Move(kind="StatefulSet", name=name, step=step, changes=changes)


def image(before: str | None = OLD, after: str | None = NEW, *, of: str = "worker", init: bool = False) -> Change:
    return Change(field="image", container=of, init=init, before=before, after=after)


def journal(**more: str) -> Journal:
    values = {"state": "left", "kind": "rollout", "image": NEW, "who": "octocat", "began": "2026-01-01T00:00:00"}
    return Journal.model_validate({"dag_version": "", "airflow": "", "job": "", "moves": (), **values, **more})


def result(**more: object) -> RolloutResult:
    values = {"passed": True, "outcome": "moved", "namespace": "prod", "context": "", "image": NEW, "seconds": {}}
    return RolloutResult.model_validate({**values, **more})


def status(*workloads: WorkloadReport, **more: object) -> StatusReport:
    values = {"passed": True, "namespace": "prod", "context": "kind", "workloads": workloads, "releases": ()}
    return StatusReport.model_validate({**values, **more})


def workload(name: str, *images: str, **more: object) -> WorkloadReport:
    return WorkloadReport.model_validate({"workload": name, "role": "other", "images": images, **more})


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_a_plan_shows_what_changes_and_not_the_repository_that_stays(shown: Shown) -> None:
    moves = [
        move(image(), image(of="groomer"), image(of="wait", init=True)),
        move(image("apache/airflow:3.3.2", NEW), name="other", step=2),
    ]
    text = shown(present.show_plan, moves, None)

    assert cells(text)[2] == ["1", "statefulset/worker", "worker,", "groomer,", "wait", "(init)", SHOWN_OLD, SHOWN_NEW]
    assert cells(text)[3] == ["3", "statefulset/other", "worker", "apache/airflow:3.3.2", REPOSITORY + SHOWN_NEW]
    assert "warning" not in text


def test_a_plan_in_which_all_go_one_way_says_it_once(shown: Shown) -> None:
    text = shown(present.show_plan, [move(image()), move(image(of="x"), name="other", step=1)], None)

    assert cells(text)[2:] == [
        ["1", "statefulset/worker", "worker"],
        ["2", "statefulset/other", "x"],
        [REPOSITORY + SHOWN_OLD, "→", REPOSITORY + SHOWN_NEW],
    ]


def test_containers_that_go_another_way_have_a_row_of_their_own(shown: Shown) -> None:
    variable = Change(field="env", container="worker", name="TAG", before=None, after="b")
    text = shown(present.show_plan, [move(image(), image("x:1", of="second"), variable)], None)

    assert [row[2:] for row in cells(text)[2:]] == [
        ["worker", SHOWN_OLD, SHOWN_NEW],
        ["second", "x:1", REPOSITORY + SHOWN_NEW],
        ["worker", "TAG", "-", "b"],
    ]


def test_a_plan_says_whose_unfinished_rollout_it_goes_on_from(shown: Shown) -> None:
    text = shown(present.show_plan, [], journal())

    assert f"a rollout to {REPOSITORY}{SHOWN_NEW} by octocat, begun 2026-01-01T00:00:00, is unfinished" in text
    assert "a rollout to an earlier state by octocat" in shown(present.show_plan, [], journal(image=""))


def test_a_failure_says_where_why_and_what_to_do_in_this_order(shown: Shown) -> None:
    failure = Failure(
        workload="statefulset/worker", pod="worker-0", container="worker", reason="CrashLoopBackOff",
        message="it ended 2 times", meaning="The module acme is missing.", hint="Add it to requirements/dags.in.",
        events=("Pulled: x", "BackOff: y"), log=("Traceback", "ModuleNotFoundError"),
    )  # fmt: skip
    text = shown(show_failure, failure)
    found = [
        text.index(part)
        for part in (
            "✗ statefulset/worker pod worker-0 container worker: CrashLoopBackOff", "The module acme is missing.",
            "it ended 2 times", "Pulled: x", "BackOff: y", "Traceback", "ModuleNotFoundError",
            "→ Add it to requirements/dags.in.",
        )
    ]  # fmt: skip

    assert found == sorted(found)


def test_a_failure_without_a_pod_says_no_more_than_there_is(shown: Shown) -> None:
    text = shown(show_failure, Failure(workload="deployment/x", reason="TimedOut"))

    assert text.split("\n") == ["", "✗ deployment/x: TimedOut", "", ""]


def test_what_the_meaning_says_already_is_not_said_again(shown: Shown) -> None:
    said = "someone deleted it"
    failure = Failure(workload="deployment/x", reason="Deleted", message=said, meaning=f"Here {said}.")

    assert shown(show_failure, failure).count(said) == 1


HOSTILE = "\x1b[2Jx\r\x9b31m\u202e\x00"


@pytest.mark.parametrize(
    ("how", "arguments"),
    [
        (present.show_plan, ([move(image(HOSTILE, HOSTILE))], journal(who=HOSTILE))),
        (
            show_failure,
            (
                Failure(
                    workload="w", pod=HOSTILE, reason=HOSTILE, message=HOSTILE, meaning=HOSTILE, hint=HOSTILE,
                    events=(HOSTILE,), log=(HOSTILE,),
                ),
            ),
        ),
        (present.show_result, (result(state=HOSTILE, context=HOSTILE, failure=Failure(workload="w", reason=HOSTILE)),)),
        (
            present_status.show_status,
            (
                status(
                    workload("w", HOSTILE, differ=(HOSTILE,)),
                    releases=(Release(number=1, kind="rollout", image=HOSTILE, who=HOSTILE, job=HOSTILE, when="", moves=()),),
                    unfinished=journal(who=HOSTILE),
                ),
            ),
        ),
    ],
    ids=["plan", "failure", "result", "status"],
)  # fmt: skip
def test_nothing_in_a_cluster_drives_a_terminal(
    shown: Shown, how: Callable[..., None], arguments: tuple[object, ...]
) -> None:
    text = shown(how, *arguments)

    assert not {"\x1b", "\r", "\x9b", "\u202e", "\x00"} & set(text)
    assert "\N{REPLACEMENT CHARACTER}[2Jx" in text


def test_markup_in_a_cluster_is_text(shown: Shown) -> None:
    text = shown(present_status.show_status, status(workload("w", "[bold]x[/bold]:1", differ=("[red]p",))))

    assert "[bold]x[/bold]:1" in text
    assert "[red]p" in text


def test_no_log_line_is_a_command_of_the_ci_system(shown: Shown) -> None:
    line = "::add-mask::password"
    text = shown(show_failure, Failure(workload="w", reason="r", log=(line,), events=(line,)))

    assert text.count(line) == 2
    assert not any(shown_line.lstrip().startswith("::") for shown_line in text.splitlines())


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"outcome": "moved", "release": 7}, ["rollout moved", "release 7"]),
        ({"outcome": "unchanged"}, ["rollout was there already; nothing moved"]),
        ({"outcome": "planned"}, ["rollout dry run; nothing was changed"]),
        ({"outcome": "undone"}, ["rollout went back"]),
        (
            {"outcome": "undone", "passed": False, "failure": Failure(workload="w", reason="r")},
            ["rollout FAILED, and went back", "cause w: r"],
        ),
        (
            {"outcome": "left", "passed": False, "failure": Failure(workload="w", reason="r", meaning="m")},
            ["rollout FAILED", "cause w: m"],
        ),
        ({"context": "kind", "dag_version": "3f9c"}, ["namespace prod (kind)", "DAG version 3f9c"]),
        ({"image": ""}, ["rollout moved", "namespace prod"]),
        ({"seconds": {"preflight": 0.26, "workers": 12.04}}, ["seconds preflight 0.3, workers 12.0"]),
    ],
)
def test_the_closing_lines_say_what_came_of_it(shown: Shown, values: dict[str, object], says: list[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(present.show_result, result(**values)).splitlines()]

    assert set(says) <= set(lines)
    assert (f"image {NEW}" in lines) is (values.get("image") != "")


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


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


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


def test_runs_and_tasks_under_way_are_told_by_version_and_host(shown: Shown) -> None:
    task = {"dag_id": "d", "run_id": "r", "task_id": "t"}
    runs = [{"version": version, "state": "running", "runs": count} for version, count in (("a" * 12, 2), ("", 1))]
    live = Activity.model_validate(
        {"runs": runs, "tasks": [{**task, "host": "worker-0"}], "running": 3, "queued": 4, "baked": True}
    )
    target = Target(image=NEW, digest="", dag_versions=("b" * 12,))
    text = shown(present.show_activity, live, target)

    assert "unfinished runs: 1 on the newest code, 2 on aaaaaaaaaaaa (NOT IN THE IMAGE)" in text
    assert "running tasks: 1 on worker-0, 2 more; 4 queued" in text
    assert "" == shown(present.show_activity, None, target)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"running": 0, "interrupted": ()}, "0 ran when it began, 0 interrupted"),
        ({"running": 3, "interrupted": None}, "3 ran when it began, nobody knows how many were interrupted"),
        (
            {"running": 1, "interrupted": ({"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": 2},)},
            "1 ran when it began, 1 interrupted: d.t[2] of r",
        ),
        (
            {"running": 1, "interrupted": (), "draining": 41.4},
            "1 ran when it began, 0 interrupted; workers took 41 s to end",
        ),
    ],
)
def test_the_summary_says_what_became_of_tasks(shown: Shown, report: dict[str, object], said: str) -> None:
    text = shown(present.show_result, result(tasks={**report, "runs": {"a" * 12: 2, "": 1}}))

    assert f"tasks      {said}\n" in text
    assert "unfinished: 2 on aaaaaaaaaaaa, 1 on the newest code" in text


def test_status_says_what_runs_need_and_what_the_image_holds(shown: Shown) -> None:
    runs = [{"version": letter * 12, "state": "running", "runs": 1} for letter in "ac"]
    live = {"runs": runs, "held": ["a" * 12, "b" * 12], "current": "b" * 12, "baked": True, "running": 2}
    text = shown(present_status.show_status, status(workload("x", NEW), live=live))

    assert "unfinished: 1 on aaaaaaaaaaaa, 1 on cccccccccccc" in text
    assert "2 running, 0 queued" in text
    assert "in the image: aaaaaaaaaaaa, bbbbbbbbbbbb (current)" in text
    assert "runs are pinned to what the image does not hold: cccccccccccc" in text
    assert "cannot be asked for: There is no scheduler." in shown(
        present_status.show_status, status(workload("x", NEW), live_unseen="There is no scheduler.")
    )
