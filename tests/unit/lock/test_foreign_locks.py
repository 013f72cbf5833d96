"""Locks of other tools: which of their versions hold here, and which formats are not known."""

import tomllib

import pytest

from dagship.errors import UsageError
from dagship.lock.foreign_locks import Preferred, as_source, preferred
from dagship.lock.freshness import environment

HERE = environment("3.11.9", "linux/amd64")

UV = """\
version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.test/simple" }
resolution-markers = ["python_full_version >= '3.13'", "sys_platform == 'win32'"]

[[package]]
name = "numpy"
version = "2.2.6"
source = { registry = "https://index.test/simple" }
resolution-markers = ["python_full_version < '3.11'", "python_full_version == '3.11.*'"]

[[package]]
name = "our-dags"
version = "0.1.0"
source = { virtual = "." }
"""

POETRY = """\
[[package]]
name = "NumPy"
version = "1.26.4"
python-versions = ">=3.9"
groups = ["main"]
markers = "python_version >= \\"3.12\\""

[[package]]
name = "numpy"
version = "2.2.6"
python-versions = ">=3.10"
groups = ["main", "dev"]
markers = {main = "python_version < \\"3.12\\"", dev = "sys_platform == \\"win32\\""}

[[package]]
name = "old"
version = "1.0"
python-versions = "<3.11"

[[package]]
name = "old"
version = "2.0"
python-versions = ">=3.11, !=3.12.*"

[[package]]
name = "ours"
version = "1.0"
python-versions = "*"

[package.source]
type = "directory"
url = "libs/ours"

[metadata]
lock-version = "2.1"
"""

PYLOCK = """\
lock-version = "1.0"
created-by = "test"

[[packages]]
name = "numpy"
version = "1.26.4"
marker = "python_version >= '3.12'"

[[packages]]
name = "numpy"
version = "2.2.6"
marker = "python_version < '3.12'"

[[packages]]
name = "pytest"
version = "8.0"
marker = "'tests' in dependency_groups"

[[packages]]
name = "our-dags"
directory = {path = "."}
"""


def versions(text: str, name: str, *groups: str) -> dict[str, str]:
    return {one.name: one.version for one in preferred(tomllib.loads(text), name, name, HERE, groups)}


def test_of_a_package_that_is_there_twice_the_one_whose_marker_holds_counts() -> None:
    assert versions(UV, "uv.lock")["numpy"] == "2.2.6"
    assert versions(POETRY, "poetry.lock") == {"numpy": "2.2.6", "old": "2.0", "ours": "1.0"}
    assert versions(PYLOCK, "pylock.toml")["numpy"] == "2.2.6"


def test_what_comes_from_no_index_is_marked_as_such() -> None:
    found = preferred(tomllib.loads(UV), "uv.lock", "uv.lock", HERE) + preferred(
        tomllib.loads(POETRY), "poetry.lock", "poetry.lock", HERE
    )

    assert {one.name: one.source for one in found if one.source} == {"our-dags": "virtual", "ours": "directory"}


def test_groups_of_a_lock_are_those_that_are_asked_for() -> None:
    assert "pytest" not in versions(PYLOCK, "pylock.toml")
    assert versions(PYLOCK, "pylock.toml", "tests")["pytest"] == "8.0"


def test_a_lock_that_does_not_say_what_it_was_asked_for_asks_for_all_it_has() -> None:
    source = as_source(preferred(tomllib.loads(PYLOCK), "pylock.toml", "pylock.toml", HERE), "pylock.toml")

    assert [(str(line.requirement), line.place) for line in source.lines] == [("numpy", "pylock.toml")]
    assert source.preferences == {"numpy": "2.2.6"}

    with pytest.raises(UsageError, match=r"^pylock\.toml: ours comes from a vcs"):
        as_source([Preferred(name="ours", version="", source="vcs")], "pylock.toml")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("uv.lock", "version = 2\n", "uv.lock has the format 2, and formats up to 1 are known"),
        ("poetry.lock", '[metadata]\nlock-version = "3.0"\n', "poetry.lock has the format 3.0, and formats up to 2"),
        ("pylock.toml", 'lock-version = "2.0"\n', "pylock.toml has the format 2.0, and formats up to 1 are known"),
        ("uv.lock", "", "uv.lock does not say which format it has (version)"),
        ("poetry.lock", "metadata = 3\n", "poetry.lock does not say which format it has (lock-version)"),
        ("uv.lock", "version = 1\npackage = 3\n", "has a package without a name"),
        ("uv.lock", 'version = 1\n[[package]]\nversion = "1"\n', "has a package without a name"),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "a"\nmarker = "x y"\n', "'x y' is no marker"),
    ],
)
def test_a_lock_that_cannot_be_read_is_told_in_one_sentence(name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        versions(text, name)

    assert says in caught.value.message
