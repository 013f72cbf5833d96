"""Push: what is refused, and what is tried again. The registry itself is in tests/engine."""

import pytest

from dagship import push
from dagship.errors import OutsideError, Refused, Transient
from dagship.model.artifacts import BuiltImage
from dagship.model.verify_report import VerifyReport

IMAGE = BuiltImage(
    reference="a/b:1", id="sha256:1", digest="", dag_version="3f9c2a71d0b4", airflow="3.3.2", base="c:1",
    platforms=("linux/amd64",), size=1, layers=(), seconds={}, reused=False,
)  # fmt: skip


def report(*, image_id: str = "sha256:1", passed: bool = True) -> VerifyReport:
    return VerifyReport(
        image="a/b:1", id=image_id, passed=passed, airflow="3.3.2", python="3.11.2", files=(), findings=(), seconds=1.0
    )


def test_the_very_image_that_passed_may_be_pushed() -> None:
    push.check_tested(IMAGE, report())


@pytest.mark.parametrize(
    ("found", "why"),
    [(None, "not tested"), (report(image_id="sha256:2"), "not tested"), (report(passed=False), "did not pass")],
)
def test_any_other_is_refused(found: VerifyReport | None, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        push.check_tested(IMAGE, found)

    assert "--untested" in refused.value.hint


def test_an_image_that_the_engine_does_not_have_was_not_tested() -> None:
    assert not push.was_tested(IMAGE.model_copy(update={"id": ""}), report(image_id=""))


def test_what_may_pass_is_tried_again_with_growing_pauses() -> None:
    tries, pauses = iter([Transient("x"), Transient("y"), None]), []

    def act() -> str:
        if (failed := next(tries)) is not None:
            raise failed
        return "digest"

    assert push._with_retries(act, lambda _: None, pauses.append) == "digest"
    assert pauses == [1.0, 3.0]


def test_a_refusal_is_not_tried_again() -> None:
    tries = []

    def act() -> str:
        tries.append(1)
        raise OutsideError("denied")

    with pytest.raises(OutsideError, match="denied"):
        push._with_retries(act, lambda _: None, lambda _: None)
    assert tries == [1]


def test_trying_ends() -> None:
    pauses: list[float] = []

    def act() -> str:
        raise Transient("down")

    with pytest.raises(Transient):
        push._with_retries(act, lambda _: None, pauses.append)
    assert len(pauses) == 3
