"""What is told of the image that the probe runs in; here, of the Python of these tests."""

import sys
from importlib import metadata
from pathlib import Path

from dagship.inside import probe


def test_packages_are_told_by_their_canonical_names_with_their_versions() -> None:
    told = probe.packages()

    assert told["pydantic-settings"] == metadata.version("pydantic_settings")
    assert {name for name in told if name != name.lower() or "_" in name or "." in name} == set()


def test_the_directories_on_the_way_to_packages_are_told_each_with_mode_and_owner() -> None:
    told = {one["path"]: one for one in probe.directories()}
    above = [str(path) for path in Path(probe.purelib()).parents if str(path) != "/"]
    own = Path(probe.purelib()).stat()

    assert {probe.purelib(), *above} <= told.keys()
    assert told[probe.purelib()] == {
        "path": probe.purelib(), "mode": own.st_mode & 0o7777, "uid": own.st_uid, "gid": own.st_gid,
    }  # fmt: skip


def test_a_python_without_airflow_says_so_by_an_empty_version() -> None:
    told = probe.facts()

    assert (told["airflow"], told["prefix"]) == ("", sys.prefix)
    assert told["python_version"] == ".".join(map(str, sys.version_info[:3]))
