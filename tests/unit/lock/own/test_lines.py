"""Lines that name a package of the project by its directory, and those that look like it."""

import pytest

from dagship.lock.own.lines import Named, Own, of_line


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("-e .", Named(path=".")),
        ("-e.", Named(path=".")),
        (".", Named(path=".")),
        (".[spark]", Named(path=".", extras=("spark",))),
        ("--editable ./libs/ours[spark, s3]", Named(path="./libs/ours", extras=("spark", "s3"))),
        ("--editable=libs/ours", Named(path="libs/ours")),
        ("libs/ours", Named(path="libs/ours")),
        ("../ours", Named(path="../ours")),
        ("/opt/ours", Named(path="/opt/ours")),
        ("file:libs/ours", Named(path="libs/ours")),
        ("file:./libs/ours", Named(path="./libs/ours")),
        ("file://./libs/ours", Named(path="./libs/ours")),
        ("file:///opt/ours", Named(path="/opt/ours")),
        ("file://localhost/opt/ours", Named(path="/opt/ours")),
        ("file:libs/our%73", Named(path="libs/ours")),
        ("ours[s3] @ file:libs/ours", Named(path="libs/ours", extras=("s3",))),
        ("ours @ file:libs/ours ; os_name == 'posix'", Named(path="libs/ours", marker="os_name == 'posix'")),
        ("./libs/ours ; python_version > '3.9'", Named(path="./libs/ours", marker="python_version > '3.9'")),
        ("-e ./libs/ours#egg=ours[s3]", Named(path="./libs/ours", extras=("s3",))),
    ],
)
def test_a_directory_is_known_however_it_is_written(line: str, named: Named) -> None:
    assert of_line(line) == named


@pytest.mark.parametrize(
    "line",
    [
        "pandas",
        "pandas[s3]>=2 ; python_version > '3.9'",
        "-e git+https://x.test/ours.git",
        "git+https://x.test/ours",
        "https://x.test/ours/",
        "ours @ https://x.test/ours.whl",
        "./wheels/ours-1-py3-none-any.whl",
        "file:dist/ours-1.tar.gz",
        "requirements/more.txt",
        "-r more/ours",
        "-r ./more/ours",
        "--index-url=https://x.test/simple",
        "./libs/ours --no-deps",
        "-e",
        "--extra-index-url /simple",
        "file:",
    ],
)
def test_what_names_no_directory_is_left_to_others(line: str) -> None:
    assert of_line(line) is None


def test_a_lock_is_made_of_the_place_the_extras_and_the_sources() -> None:
    one = Own(path="libs/ours", extras=("s3", "a"), place="dags.in:1", archive=b"1")
    other = Own(path="libs/ours", extras=("a", "s3"), place="dags.in:2", archive=b"1")

    assert str(one) == str(other)
    assert str(one).startswith("-e libs/ours[a,s3] sha256:")
    assert str(one) != str(Own(path="libs/ours", extras=("s3", "a"), place="dags.in:1", archive=b"2"))
