"""Which image an install gets, and from whom."""

from typing import Any

import pytest

from dagship.chart import image_choice
from dagship.errors import UsageError
from dagship.model.artifacts import Target

DIGEST, OTHER = (f"sha256:{digit * 64}" for digit in "12")
PUSHED = Target(image=f"localhost:5000/team/airflow@{DIGEST}", digest=DIGEST, airflow="3.3.2")


def image(**parts: str) -> dict[str, Any]:
    return {"image": {"repository": "", "tag": "", "digest": "", **parts}}


IN_FILES = image(repository="mine", tag="1")
IN_RELEASE = {**image(repository="theirs", digest=OTHER), "airflowVersion": "3.2.2"}


@pytest.mark.parametrize(
    ("named", "files", "release", "origin", "pushed", "who"),
    [
        ("x:1", IN_FILES, IN_RELEASE, "the values", True, "--image"),
        # A release that is there keeps its image, unless it has it from the files.
        ("", IN_FILES, IN_RELEASE, "push", True, "the release"),
        ("", IN_FILES, IN_RELEASE, "", False, "the release"),
        ("", IN_FILES, IN_RELEASE, "the values", True, "the values"),
        ("", {}, IN_RELEASE, "the values", True, "the release"),
        ("", image(repository="mine"), IN_RELEASE, "the values", False, "the release"),
        # Before, or where it has none, what was pushed counts.
        ("", IN_FILES, None, "", True, "push"),
        ("", IN_FILES, image(), "", True, "push"),
        ("", IN_FILES, None, "", False, "the values"),
    ],
)
def test_who_names_the_image(  # noqa: PLR0917 - a row of the table
    named: str, files: dict[str, Any], release: dict[str, Any] | None, origin: str, pushed: bool, who: str
) -> None:
    assert image_choice.source(image=named, files=files, release=release, origin=origin, pushed=pushed) == who


def test_where_an_image_is_from_is_kept_over_installs_that_repeat_it() -> None:
    first = image_choice.description("the values", "")
    again = image_choice.description("the release", image_choice.origin([first]))
    by_hand = "Upgrade complete"

    assert image_choice.origin([by_hand, again, image_choice.description("push", "")]) == "the values"
    assert image_choice.origin([by_hand]) == ""
    assert image_choice.origin([image_choice.description("push", "the values")]) == "push"
    assert image_choice.description("the release", "").endswith("the release")


@pytest.mark.parametrize("files", [{}, {"image": None}, {"image": "x:1"}, image(tag="1"), image(repository="mine")])
def test_without_any_image_it_is_refused(files: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Nothing says which image to install"):
        image_choice.source(image="", files=files, release=None, origin="", pushed=False)


def test_a_new_image_takes_the_place_of_tag_and_version_too() -> None:
    given = image_choice.overrides("push", target=PUSHED, files=image(tag="old"), release=None)

    assert given == {
        "image": {"repository": "localhost:5000/team/airflow", "tag": "", "digest": DIGEST},
        "airflowVersion": "3.3.2",
    }


def test_an_image_of_unknown_version_leaves_the_version_to_the_values() -> None:
    unknown = PUSHED.model_copy(update={"airflow": ""})

    assert "airflowVersion" not in image_choice.overrides("--image", target=unknown, files={}, release=None)
    assert "the chart takes its default" in image_choice.warnings("--image", target=unknown, files={})[0]
    assert (
        "the values say 2.11.2"
        in image_choice.warnings("--image", target=unknown, files={"airflowVersion": "2.11.2"})[0]
    )


def test_an_install_over_a_release_repeats_its_image() -> None:
    """Its chart keeps the image that a rollout has moved to, as long as its values name the same as before."""
    given = image_choice.overrides("the release", target=None, files={}, release=IN_RELEASE)

    assert given == {
        "image": {"repository": "theirs", "tag": "", "digest": OTHER},
        "airflowVersion": "3.2.2",
    }
    assert "airflowVersion" not in image_choice.overrides(
        "the release", target=None, files={"airflowVersion": "3.3.2"}, release=IN_RELEASE
    )


def test_an_image_in_the_values_is_left_to_helm() -> None:
    assert image_choice.overrides("the values", target=None, files=IN_FILES, release=IN_RELEASE) == {}


def test_what_does_not_fit_is_said() -> None:
    assert image_choice.warnings("push", target=PUSHED, files={}) == ()
    assert "the image has 3.3.2" in image_choice.warnings("push", target=PUSHED, files={"airflowVersion": "3.1.8"})[0]
    assert image_choice.warnings("the release", target=None, files=IN_FILES, release=IN_RELEASE) == (
        f"the values files name mine:1, and the release keeps theirs@{OTHER}; --image mine:1 changes it",
    )
    assert image_choice.warnings("the release", target=None, files=IN_FILES, release=IN_FILES) == ()


def test_values_are_put_together_as_helm_does_it() -> None:
    first = {"a": {"b": 1, "c": 2}, "d": [1], "e": 1, "f": {"g": 1}}
    second = {"a": {"b": 3, "c": None}, "d": [2], "e": {"h": 1}, "f": None}

    assert image_choice.merged([first, second]) == {"a": {"b": 3}, "d": [2], "e": {"h": 1}}
    assert image_choice.merged([]) == {}
    assert first["a"] == {"b": 1, "c": 2}
