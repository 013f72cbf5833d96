"""`.dockerignore` in Docker's meaning. tests/engine has the same patterns tried by a real build."""

import time

import pytest

from dagship.image.tree import dockerignore
from tests.builders.dockerignores import CASES, FILES


def kept(text: str) -> set[str]:
    """The files that are left, found as a walk finds them."""
    ignore = dockerignore.parse(text)
    found = set()
    for file in FILES:
        above: dockerignore.Matches = ()
        parts = file.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            out, above = ignore.asked(path, above)
            if out and depth < len(parts) and not ignore.takes_in_below(path):
                break
        if not out:
            found.add(file)
    return found


@pytest.mark.parametrize("text", CASES)
def test_a_file_is_left_out_where_docker_leaves_it_out(text: str) -> None:
    assert kept(text) == set(FILES) - set(CASES[text])


@pytest.mark.parametrize("text", ["!", "a[", "[]a]", "[z-a]", "x\\", "[a-]"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"takes nothing in|set of characters|backslash"):
        dockerignore.parse(f"good\n{text}\n")


def test_a_line_that_is_no_pattern_is_told_by_its_number_alone() -> None:
    with pytest.raises(ValueError, match=r"^line 3 is no pattern: ") as refused:
        dockerignore.parse("# one\ngood\npassword pass[word\n")

    assert "password" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "path", "out"),
    [
        ("*a*a*a*a*a*a*ab", "a" * 250, False),
        ("*a*a*a*a*a*a*ab", "a" * 250 + "b", True),
        ("**/a**/a**/a**/a**/a**/a**/ab", "a/" * 120 + "b", False),
        ("**/a/**/a/**/a/**/b", "a/" * 120 + "b", True),
        ("a/*b*c*/d*", "a/xbxcx/de", True),
        ("a/*b*c*/d*", "a/xbx/cx/de", False),
        ("*a*[^a]*a*/**", "a/ba/c", True),
    ],
)
def test_a_line_of_many_stars_is_answered_at_once(line: str, path: str, out: bool) -> None:
    began = time.process_time()

    assert dockerignore.parse(line).asked(path, ())[0] is out
    assert time.process_time() - began < 1
