"""The label that says what an image moved."""

from dagship.model import moved_packages
from dagship.model.artifacts import Moved

MOVED = (Moved(name="sqlalchemy", was="1.4.54", now="1.4.52", by="requirements.txt:18"),)


def test_the_label_says_what_moved_and_is_read_back() -> None:
    labels = moved_packages.labels(MOVED)

    assert list(labels) == ["io.dagship.moved"]
    assert moved_packages.of(labels) == MOVED


def test_an_image_that_moves_nothing_has_no_label_and_anothers_is_nothing_to_us() -> None:
    assert moved_packages.labels(()) == {}
    for text in ("", "{", '[{"name": 1}]', '["six"]'):
        assert moved_packages.of({"io.dagship.moved": text}) == ()
    assert moved_packages.of({}) == ()
