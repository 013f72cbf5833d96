"""What uv says of an index that refuses and of a build that fails; its words were recorded with uv 0.13.9."""

import pytest

from dagship.model import uv_words

ABSENT = """\
error: No solution found when resolving dependencies
  cause: Because foo was not found in the package registry and you require foo==1.0, we can conclude that your requirements are unsatisfiable.
"""


@pytest.mark.parametrize(
    ("hint", "refuses"),
    [
        ("", False),
        (
            "hint: An index URL (http://127.0.0.1/simple/) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)",
            True,
        ),
        (
            "hint: An index (http://127.0.0.1/simple/) returned a 403 Forbidden error. Check that the index URL is correct and the credentials are valid.",
            True,
        ),
    ],
)
def test_an_index_that_refuses_is_told_from_one_that_lacks_a_package(hint: str, refuses: bool) -> None:
    assert refuses is (uv_words.refusal(f"{ABSENT}\n{hint}\n") is not None)


def test_a_disk_that_is_full_is_known_by_the_systems_words() -> None:
    assert uv_words.says_full("cause: failed to copy file: No space left on device (os error 28)")
    assert not uv_words.says_full(ABSENT)


def test_a_package_that_cannot_be_built_is_named() -> None:
    assert "broke==1.0" == uv_words.not_built("error: Failed to build `broke==1.0`\n  cause: The build backend")
    assert not uv_words.not_built(ABSENT)
