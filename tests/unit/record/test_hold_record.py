"""What is held is in the record until it is let go."""

from dagship.artifacts import Target
from dagship.record import config_map
from dagship.record.model import Hold, Record, Signature
from dagship.rollout.execute import history
from dagship.rollout.plan.model import Planned

HOLD = Hold(since=1.5, dags=("a", "b"))


def test_a_hold_is_read_as_it_was_written():
    assert HOLD == config_map.parse({"data": config_map.dump(Record(hold=HOLD))}).hold


def test_a_record_without_one_has_no_key_for_it():
    assert "hold" not in config_map.dump(Record())


def test_a_rollout_that_succeeded_does_not_forget_it():
    planned = Planned(kind="rollout", target=Target(image="r@sha256:0", digest="sha256:0"), moves=())

    assert HOLD == history.released(Record(hold=HOLD), planned, None, Signature("ada", "", "")).hold
