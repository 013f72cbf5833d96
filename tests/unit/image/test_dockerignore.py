"""`.dockerignore` in Docker's meaning. tests/engine has the same patterns tried by a real build."""

import pytest

from dagship.image import dockerignore
from tests.dockerignores import CASES, FILES


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
