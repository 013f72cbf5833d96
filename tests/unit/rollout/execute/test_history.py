"""What goes into the record of a rollout: before it, and when it succeeded."""

import pytest

from dagship.airflow.activity import Activity
from dagship.model.artifacts import Target
from dagship.record.model import Change, Hold, Journal, Move, Record, Release, Signature
from dagship.rollout.execute import history
from dagship.rollout.execute.history import is_last, journal_of, released
from dagship.rollout.plan.model import Planned

OLD, NEW = (f"airflow@sha256:{digit * 64}" for digit in "ab")
TARGET = Target(image=NEW, digest=f"sha256:{'b' * 64}", dag_version="3f9c2a71d0b4", airflow="3.3.2")
SIGNED = Signature("octocat", "https://github.com/acme/dags/actions/runs/77", "2026-01-02T03:04:05+00:00")


def planned(target: Target = TARGET, **more: object) -> Planned:
    changes = (
        Change(field="image", container="scheduler", before=OLD, after=target.image or OLD),
        Change(field="env", container="scheduler", name="TAG", before=None, after="b"),
    )
    moves = (Move(kind="Deployment", name="scheduler", role="scheduler", step=1, changes=changes),)
    return Planned(**{"kind": "rollout", "target": target, "moves": moves, **more})  # type: ignore[arg-type]


def release(number: int, image: str = NEW) -> Release:
    return Release(number=number, kind="rollout", image=image, when="", moves=())


def test_the_cluster_is_told_who_moves_what_before_anything_moves() -> None:
    journal = journal_of(planned(), None, SIGNED)

    assert (journal.state, journal.kind, journal.image) == ("moving", "rollout", NEW)
    assert (journal.dag_version, journal.airflow) == ("3f9c2a71d0b4", "3.3.2")
    assert (journal.who, journal.job) == ("octocat", "https://github.com/acme/dags/actions/runs/77")
    assert journal.began == SIGNED.when
    assert journal.moves == planned().moves


def test_what_was_broken_before_is_written_down_as_far_as_it_is_known_and_has_room() -> None:
    many = tuple(f"{number}.py" for number in range(2000))

    assert journal_of(planned(), None, SIGNED).broken is None
    assert journal_of(planned(), None, SIGNED, broken=()).broken == ()
    assert journal_of(planned(), None, SIGNED, broken=many).broken == many[:1000]


def test_a_release_has_when_it_was_served() -> None:
    served = released(Record(), planned(), None, SIGNED, served="2026-01-02T03:05:00+00:00").releases
    unknown = released(Record(), planned(), None, SIGNED).releases

    assert [one.served for one in (*served, *unknown)] == ["", "2026-01-02T03:05:00+00:00", "", ""]


def test_the_cluster_is_told_of_all_that_unfinished_rollouts_before_may_have_written() -> None:
    (to_new,) = planned().moves
    to_newer, to_newest = (to_new.model_copy(update={"name": name}) for name in ("newer", "newest"))

    first = journal_of(planned(), None, SIGNED)
    again = journal_of(planned(), first, SIGNED)
    second = journal_of(planned(moves=(to_newer,)), again, SIGNED)
    third = journal_of(planned(moves=(to_newest,)), second, SIGNED)

    assert (first.earlier, again.earlier) == ((), ())
    assert (second.earlier, third.earlier) == ((to_new,), (to_newer, to_new))


def test_the_first_rollout_leaves_what_it_found_as_release_0() -> None:
    found, first = released(Record(), planned(), None, SIGNED).releases

    assert (found.number, found.kind, found.image, found.who) == (0, "found", "", "")
    assert [(change.before, change.after) for change in found.moves[0].changes] == [(OLD, OLD), (None, None)]
    assert (first.number, first.kind, first.image) == (1, "rollout", NEW)
    assert found.when == SIGNED.when


def test_airflow_says_which_dag_version_was_found_and_which_the_image_held() -> None:
    live = Activity(airflow="3.3.2", baked=True, current="a" * 12, held=("a" * 12, "b" * 12))

    found = released(Record(), planned(), live, SIGNED).releases[0]
    elsewhere = released(Record(), planned(), live.model_copy(update={"baked": False}), SIGNED).releases[0]
    unfinished = journal_of(planned(), None, SIGNED)
    cut_off = released(Record(), planned(), live, SIGNED, unfinished=unfinished).releases[0]

    assert (found.dag_version, found.dag_versions, found.airflow) == (live.current, live.held, "3.3.2")
    assert (elsewhere.dag_version, elsewhere.dag_versions) == ("", ())
    # Who was asked may have been moved already.
    assert (cut_off.dag_version, cut_off.airflow) == ("", "")


def test_a_release_says_who_and_when_and_what_everything_says_since() -> None:
    release = released(Record(), planned(), None, SIGNED).releases[-1]

    assert (release.who, release.job) == ("octocat", "https://github.com/acme/dags/actions/runs/77")
    assert (release.dag_version, release.airflow) == ("3f9c2a71d0b4", "3.3.2")
    assert release.when == SIGNED.when
    assert [(change.before, change.after) for change in release.moves[0].changes] == [(None, NEW), (None, "b")]
    assert (release.moves[0].role, release.moves[0].step) == ("scheduler", 1)


def test_later_ones_are_counted_on_and_the_journal_ends() -> None:
    began = Journal(
        state="moving", kind="rollout", image=NEW, dag_version="", airflow="", who="", job="", began="", moves=()
    )
    after = released(Record(releases=(release(7), release(8)), journal=began), planned(kind="rollback"), None, SIGNED)

    assert [(one.number, one.kind) for one in after.releases] == [(7, "rollout"), (8, "rollout"), (9, "rollback")]
    assert after.journal is None


def test_twenty_are_kept_and_numbers_go_on() -> None:
    after = released(Record(releases=tuple(release(number) for number in range(20))), planned(), None, SIGNED)

    assert [one.number for one in after.releases] == list(range(1, 21))


@pytest.mark.parametrize(
    ("releases", "target", "last"),
    [
        ((), TARGET, False),
        ((release(1, OLD),), TARGET, False),
        ((release(1, NEW),), TARGET, True),
        ((release(1, NEW), release(2, OLD)), TARGET, False),
        ((release(1, ""),), TARGET, False),
        ((release(1, ""),), Target(image="", digest=""), False),
        (
            (release(1, "").model_copy(update={"moves": planned(Target(image="", digest="")).moves}),),
            Target(image="", digest=""),
            True,
        ),
    ],
)
def test_a_rollout_to_the_last_release_is_no_new_one(
    releases: tuple[Release, ...], target: Target, *, last: bool
) -> None:
    assert is_last(Record(releases=releases), planned(target)) is last


HOLD = Hold(since=1.5, dags=("a", "b"))


def test_a_rollout_that_succeeded_does_not_forget_it():
    planned = Planned(kind="rollout", target=Target(image="r@sha256:0", digest="sha256:0"), moves=())

    assert HOLD == history.released(Record(hold=HOLD), planned, None, Signature("ada", "", "")).hold
