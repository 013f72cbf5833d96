"""What fields say against what dagship may have written there."""

from typing import Any

import pytest

from dagship.errors import Refused
from dagship.rollout.plan import drift
from tests.builders.moves import (
    NEW,
    NEWER,
    OLD,
    component,
    env,
    image,
    journal,
    move,
)


def test_a_field_may_say_what_any_of_our_plans_had_in_it() -> None:
    known = drift.own_values(
        [move("x", image(OLD, NEWER))], journal(move("x", image(OLD, NEW)), move("y", image(of="y")))
    )

    assert known["deployment/x", image().key] == {OLD, NEW, NEWER}
    assert known["deployment/y", image(of="y").key] == {OLD, NEW}
    earlier = journal(move("x", image(OLD, NEWER))).model_copy(update={"earlier": (move("x", image(OLD, NEW)),)})
    assert drift.own_values([], earlier)["deployment/x", image().key] == {OLD, NEW, NEWER}
    assert drift.own_values([], None) == {}


def test_what_is_done_already_is_not_done_again() -> None:
    one = move("x", image(OLD, NEW))
    own = drift.own_values([one], None)

    assert drift.outstanding(one, component("x", NEW), own) == ()
    assert drift.outstanding(one, component("x", OLD), own) == one.changes
    assert drift.says(one, component("x", NEW))
    assert not drift.says(one, component("x", OLD))
    assert not drift.says(one, None)


def test_what_an_earlier_run_began_is_ours_to_move_on() -> None:
    one = move("x", image(OLD, NEWER))

    assert (
        drift.outstanding(one, component("x", NEW), drift.own_values([one], journal(move("x", image(OLD, NEW)))))
        == one.changes
    )


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (component("x", "theirs:1"), "x says theirs:1 instead of "),
        (component("x", ""), "x says nothing instead of "),
        (component("x", "a\n::error::b"), "x says a ::error::b instead of "),
    ],
)
def test_what_somebody_else_wrote_is_not_overwritten(made: dict[str, Any], says: str) -> None:
    one = move("x", image(OLD, NEW))

    with pytest.raises(Refused, match="deployment/x was changed by someone else meanwhile") as refused:
        drift.outstanding(one, made, drift.own_values([one], None))

    assert refused.value.message.endswith(f"{says}{OLD}.")


def test_fields_of_somebody_else_can_be_left_out() -> None:
    one = move("x", image(OLD, NEW), env(None, "r"))
    own = drift.own_values([one], None)

    assert drift.without_foreign(one, component("x", "theirs:1"), own).changes == (one.changes[1],)
    assert drift.without_foreign(one, component("x", NEW), own) == one


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (NEW, "registry.example:5000/team/airflow@bbbbbbbbbbbb"),
        ("registry.example:5000/team/airflow:1", "registry.example:5000/team/airflow:1"),
        (f"airflow:1@sha256:{'c' * 64}", "airflow:1@cccccccccccc"),
        ("", ""),
        (None, ""),
        ("a\n::error::b\x1b", r"'a\n::error::b\x1b'"),
    ],
)
def test_a_digest_is_cut_to_what_people_compare(text: str | None, short: str) -> None:
    assert drift.short(text) == short
