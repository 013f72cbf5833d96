"""What is announced, as a pod reads it, and whether it is for its image."""

import json

import pytest

from dagship.inside.versions.thin import announcement
from dagship.inside.versions.thin.announcement import Wrong
from tests.builders.mounts import announcement as said
from tests.builders.packages import FOUNDATION, tree

BASE, NEW = tree(a="1"), tree(a="2")


def test_a_pod_reads_what_dagship_announces() -> None:
    found = announcement.read(said(NEW, BASE, serial=7))

    assert (found.serial, found.version, found.tree) == (7, NEW.version, NEW.digest)
    assert (found.foundation, found.base) == (FOUNDATION, BASE.version)


def changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(said(NEW, BASE)), **changes}).encode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "What is announced is no JSON."),
        (b"[" * 60_000, "What is announced is no JSON."),
        (b"\xff", "What is announced is no JSON."),
        (b"[]", "What is announced is no JSON object."),
        (changed(form=2), "What is announced has the form 2, and this image knows 1."),
        (changed(serial="1"), "What is announced lacks what it has to say."),
        (changed(serial=True), "What is announced lacks what it has to say."),
        (changed(base=None), "What is announced lacks what it has to say."),
        (changed(version="../../etc"), "What is announced names no DAG version."),
        (changed(version="0" * 12), "What is announced names no DAG version."),
        (changed(tree="x"), "What is announced names no DAG version."),
        (changed(foundation=""), "What is announced names no DAG version."),
    ],
)
def test_what_is_no_announcement_is_said(text: bytes, sentence: str) -> None:
    with pytest.raises(Wrong) as refused:
        announcement.read(text)

    assert str(refused.value) == sentence


def test_an_announcement_is_for_images_of_its_foundation_whose_own_version_is_its_base() -> None:
    found = announcement.read(said(NEW, BASE))

    assert announcement.why_not(found, foundation=FOUNDATION, current=BASE.version) == ""
    assert announcement.why_not(found, foundation="0" * 64, current=BASE.version) == (
        "What is announced is for an image that is built on something else than this one."
    )
    assert announcement.why_not(found, foundation=FOUNDATION, current=NEW.version) == (
        f"What is announced is for an image whose own version is {BASE.version}, and here it is {NEW.version}."
    )
