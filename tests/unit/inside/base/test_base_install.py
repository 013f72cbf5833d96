"""What goes into the environment of a base: the packages of a release's day, and its constraints."""

import datetime as dt

import pytest

from dagship.inside.base import main as base_install

# Inside


@pytest.mark.parametrize(
    ("uploaded", "newest"),
    [
        (dt.datetime(2026, 9, 17, 8, 38, 26, tzinfo=dt.UTC), "2026-09-19T08:38:26Z"),
        (dt.datetime(2024, 2, 28, 12, 0, 0, tzinfo=dt.UTC), "2024-03-01T12:00:00Z"),
        (dt.datetime(2025, 12, 30, 23, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=-2))), "2026-01-02T01:00:00Z"),
    ],
)
def test_the_packages_are_those_of_the_release_and_two_days_more(uploaded: dt.datetime, newest: str) -> None:
    assert base_install.newest_allowed(uploaded) == newest


def test_the_release_s_time_is_that_of_its_first_file() -> None:
    lock = """
    [[packages]]
    name = "apache-airflow"
    sdist = { url = "a.tar.gz", upload-time = 2026-09-17T08:39:00Z }
    wheels = [{ url = "a.whl", upload-time = 2026-09-17T08:38:26Z }, { url = "b.whl" }]
    """

    assert base_install.upload_time(lock) == dt.datetime(2026, 9, 17, 8, 38, 26, tzinfo=dt.UTC)


def test_an_index_need_not_tell_times() -> None:
    assert base_install.upload_time('[[packages]]\nname = "a"\nwheels = [{ url = "a.whl" }]\n') is None


def test_the_constraints_in_the_image_are_what_is_installed_and_what_was_given_besides() -> None:
    given = "# of the release\nSix==1.16.0\nNot.Installed==2.0 ; python_version >= '3'\n\n"

    lines = base_install.merged({"six": "1.17.0", "attrs": "25.1"}, given)

    assert lines == ["attrs==25.1", "Not.Installed==2.0 ; python_version >= '3'", "six==1.17.0"]
