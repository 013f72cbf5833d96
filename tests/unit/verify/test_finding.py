"""Findings: how long their sentences are."""

from dagship.verify import verdict
from dagship.verify.finding import finding
from tests.builders.observations import failed, image, only, traced


def test_a_secret_across_the_cut_of_a_message_is_masked() -> None:
    for before in range(390, 401):
        (found,) = verdict.ordered(
            [finding("test-failed", f"{'x' * before}hunter2{' tail' * 9}")],
            mask=lambda text: text.replace("hunter2", "***"),
        )

        assert "h" not in found.message
        assert found.message.endswith("…")


def test_a_message_has_the_length_of_a_sentence() -> None:
    assert len(only(image(failed(traced(f"ValueError: {'x' * 5000}")))).message) < 500
