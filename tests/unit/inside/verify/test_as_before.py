"""Which DAG files need not be imported again."""

import pytest

from dagship.inside.verify.as_before import unaffected

TREE = {"one.py": "1", "two.py": "2", "lone.py": "3", "shared/words.py": "4", "load.sql": "5", "../lib/deep.py": "6"}
FILES = {"one.py": ["shared/words.py", "two.py"], "two.py": ["../lib/deep.py"], "lone.py": []}


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, {"one.py", "two.py", "lone.py"}),
        ({"lone.py": "x"}, {"one.py", "two.py"}),
        ({"shared/words.py": "x"}, {"two.py", "lone.py"}),
        ({"../lib/deep.py": "x"}, {"one.py", "lone.py"}),
        ({"two.py": "x"}, {"lone.py"}),
        ({"one.py": "x"}, {"two.py", "lone.py"}),
        ({"load.sql": "x"}, set()),
        ({"lone.py": "x", "load.sql": "x"}, set()),
        ({"new.py": "x"}, set()),
    ],
)
def test_a_file_is_as_it_was_with_all_that_it_imports(changed: dict[str, str], same: set[str]) -> None:
    assert unaffected(TREE | changed, TREE, FILES) == same


def test_where_a_file_went_or_no_file_is_known_all_are_looked_at() -> None:
    less = {path: digest for path, digest in TREE.items() if path != "lone.py"}

    assert unaffected(less, TREE, FILES) == set()
    assert unaffected({}, {}, FILES) == set()


def test_what_something_was_found_in_is_looked_at_and_what_imports_who_knows_what() -> None:
    assert unaffected(TREE, TREE, {"lone.py": [], "two.py": ["?"], "gone.py": []}) == {"lone.py"}
