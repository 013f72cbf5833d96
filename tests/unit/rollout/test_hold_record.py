"""What is held is in the record until it is let go."""

from dagship.rollout import asked, record
from dagship.rollout.asked import Planned
from dagship.rollout.values import Hold, Record, Target

HOLD = Hold(since=1.5, dags=("a", "b"))


def test_a_hold_is_read_as_it_was_written():
    assert HOLD == record.parse({"data": record.dump(Record(hold=HOLD))}).hold


def test_a_record_without_one_has_no_key_for_it():
    assert "hold" not in record.dump(Record())


def test_a_rollout_that_succeeded_does_not_forget_it():
    planned = Planned(kind="rollout", target=Target(image="r@sha256:0", digest="sha256:0"), moves=())

    assert HOLD == asked.released(Record(hold=HOLD), planned, None).hold
