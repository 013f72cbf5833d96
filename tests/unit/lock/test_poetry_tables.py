"""Versions as poetry writes them, and as every index knows them."""

import pytest

from dagship.errors import UsageError
from dagship.lock.poetry_tables import dependencies, specifier


@pytest.mark.parametrize(
    ("constraint", "means"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.4", "~=1.4"),
        ("1.2.*", "==1.2.*"),
        ("=1.2", "==1.2"),
        ("1.2.3", "==1.2.3"),
        ("*", ""),
        (">=1.2,<2 , !=1.5", ">=1.2,<2,!=1.5"),
        (">= 1.2 <2", ">=1.2,<2"),
    ],
)
def test_a_constraint_is_written_as_a_specifier(constraint: str, means: str) -> None:
    assert specifier(constraint, "x") == means


@pytest.mark.parametrize(("constraint", "says"), [("^1 || ^2", "one of several ranges"), ("^new", "is no version")])
def test_what_no_specifier_says_is_refused(constraint: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        specifier(constraint, "pyproject.toml: pandas")


def test_two_entries_of_one_package_have_their_markers() -> None:
    table = {
        "dependencies": {
            "numpy": [
                {"version": "^1.26", "python": "<3.12"},
                {"version": "^2.1", "python": ">=3.12", "markers": "sys_platform == 'linux'", "platform": "linux"},
            ]
        }
    }

    assert [requirement for _, requirement in dependencies(table, (), (), "pyproject.toml")] == [
        'numpy>=1.26,<2 ; python_full_version < "3.12"',
        'numpy>=2.1,<3 ; (sys_platform == \'linux\') and sys_platform == "linux" and python_full_version >= "3.12"',
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"git": "https://x.test/a.git"}, "comes from a git"),
        ({"file": "libs/a-1.tar.gz"}, "comes from a file"),
        (3, "neither a"),
    ],
)
def test_what_comes_from_no_index_is_refused(given: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        list(dependencies({"dependencies": {"ours": given}}, (), (), "pyproject.toml"))
