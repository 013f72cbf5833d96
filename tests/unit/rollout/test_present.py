"""How plans and results look to people, and what text from a cluster cannot do."""

from collections.abc import Callable

import pytest

from dagship.airflow.activity import Activity
from dagship.diagnosis.failure import Failure
from dagship.diagnosis.present import show_failure
from dagship.model.artifacts import PushedImage, Target
from dagship.model.kept_document import KeptDocument
from dagship.record import announced
from dagship.record.model import Change, Move, Release
from dagship.rollout import present, present_status
from dagship.rollout.results import Deployed
from tests.builders import release_documents, thin
from tests.builders.results import (
    NEW,
    REPOSITORY,
    SHOWN_NEW,
    SHOWN_OLD,
    Shown,
    cells,
    image,
    journal,
    move,
    result,
    rows,
    status,
    workload,
)


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


CHANGES = KeptDocument(since=6, document=release_documents.nothing(), back="")


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
        ({"changes": CHANGES}, ["changes Nothing changes for Airflow; packages: 1 up."]),
        ({"changes_unknown": "nobody knows"}, ["changes not known: nobody knows"]),
        ({"seconds": {"preflight": 0.26, "workers": 12.04}}, ["seconds preflight 0.3, workers 12.0"]),
    ],
)
def test_the_closing_lines_say_what_came_of_it(shown: Shown, values: dict[str, object], says: list[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(present.show_result, result(**values)).splitlines()]

    assert set(says) <= set(lines)
    assert (f"image {NEW}" in lines) is (values.get("image") != "")


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


def test_what_is_announced_is_told_by_its_version_and_not_by_its_json(shown: Shown) -> None:
    before, after = (announced.value(thin.announcement(version, thin.T6)) for version in (thin.V5, thin.V6))
    change = Change(field="announced", name="current", before=before, after=after)
    announcing = Move(kind="ConfigMap", name="dagship-dags", role="announcement", step=3, changes=(change,))
    text = shown(present.show_plan, [announcing], None)

    assert f"DAG version {thin.V5} → DAG version {thin.V6}" in text
    assert cells(text)[2] == ["4", "configmap/dagship-dags", "current"]


def test_a_version_that_was_announced_ends_with_when_it_was_served(shown: Shown) -> None:
    served = result().model_copy(update={"served": 1.25})
    push = PushedImage(reference="x:1", digest="sha256:1", dag_version=thin.V6, tested=True)
    seconds = {"build": 1.0, "push": 0.5, "rollout": 2.0}
    deployed = Deployed(passed=True, way="alone", image=push, rollout=served, seconds=seconds)
    last = [rows(shown(*one))[-2:] for one in ((present.show_result, served), (present.show_deployed, deployed))]

    assert "by Airflow after 1.2 s" in shown(present.show_result, served)
    assert "by Airflow after 2.8 s" in shown(present.show_deployed, deployed)
    assert ["served", "by", "Airflow", "after", "1.2", "s"] == last[0][-1]
    assert [
        ["deploy", "build", "1.0", "s,", "push", "0.5", "s,", "rollout", "2.0", "s"],
        ["served", "by", "Airflow", "after", "2.8", "s"],
    ] == last[1]
    assert "by Airflow" not in shown(present.show_result, result())


def test_a_dry_run_of_deploy_begins_with_the_way_and_says_what_was_left_out(shown: Shown) -> None:
    planned = result(outcome="planned", image="registry.example/airflow:1-2")

    def lines(*stages: str) -> list[str]:
        seconds = {**dict.fromkeys(stages, 1.0), "rollout": 0.5}
        deployed = Deployed(passed=True, way="the whole image, since so", image=None, rollout=planned, seconds=seconds)
        text = shown(present.show_deployed, deployed)
        return [" ".join(line.split()) for line in text.splitlines() if line.strip()]

    here = lines("build", "test-image")
    assert here[:2] == ["way the whole image, since so", "rollout dry run; nothing was changed"]
    assert "image registry.example/airflow:1-2 (not pushed yet)" in here
    assert here[-1] == "deploy build 1.0 s, test-image 1.0 s, rollout 0.5 s"
    assert "test-image left out: it would send the files to the cluster" in lines("build")
