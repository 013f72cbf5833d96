"""What packages of the project need, beside the lines of a requirements file."""

import pytest

from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.lock import freshness
from dagship.lock.own.lines import Own
from dagship.lock.own.needs import Described, check_apart, packages, read, with_needs
from dagship.lock.requirements import Source
from tests.builders.locks import BASE

THERE = freshness.environment(BASE.python_version, BASE.platform)
OURS = Own(path="libs/ours", extras=("S3",), place="dags.in:1", archive=b"ours")
MORE = Own(path="libs/more", extras=(), place="dags.in:2", archive=b"more")


def needed(*described: Described, own: tuple[Own, ...] = (OURS, MORE)) -> list[tuple[str, str]]:
    source = Source(where="dags.in", text="\n\npandas", own=own[: len(described)])
    found = with_needs(source, described, BASE, THERE)
    return [(line.at(found.where), str(line.requirement)) for line in found.lines]


def test_what_a_package_needs_stands_beside_the_lines_and_says_whose_it_is() -> None:
    ours = Described(
        name="Ours",
        version="1.0",
        requires=(
            "boltons>=23",
            "boto3; extra == 's3'",
            "pyspark; extra == 'spark'",
            "pywin32; sys_platform == 'win32'",
            "More<2",
        ),
        extras=("s3", "spark"),
    )

    assert needed(ours, Described(name="more", version="1.5")) == [
        ("dags.in:3", "pandas"),
        ("libs/ours", "boltons>=23"),
        ("libs/ours", "boto3"),
    ]


@pytest.mark.parametrize(
    ("described", "kind", "says"),
    [
        ([Described(name="six", version="1")], Refused, r"^dags.in:1: libs/ours is six 1, and the base image has six 1\.17"),
        (
            [Described(name="ours", version="1", extras=("s3",)), Described(name="OURS", version="2")],
            Refused,
            r"^dags.in:2: libs/more is the second package named ours",
        ),
        (
            [
                Described(name="ours", version="1", extras=("s3",), requires=("more>=2",)),
                Described(name="more", version="1.5"),
            ],
            Refused,
            r"^libs/ours needs more>=2, and the project has more 1\.5",
        ),
        (
            [Described(name="ours", version="1", extras=("s3",), requires_python=">=3.12")],
            Refused,
            r"libs/ours is for Python >=3\.12, and example/airflow:3\.3\.2 has 3\.11",
        ),
        ([Described(name="ours", version="1", extras=("gcs",))], UsageError, "has no extra 'S3'"),
        ([Described(name="ours", version="1", extras=("s3",), requires=("=1",))], UsageError, "is no requirement"),
    ],
)  # fmt: skip
def test_packages_that_do_not_go_together_are_one_sentence(
    described: list[Described], kind: type[DagshipError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        needed(*described)


def test_an_address_that_a_package_needs_is_told_with_the_package() -> None:
    with pytest.raises(UsageError, match=r"^libs/more: 'x @ https://x\.test/x\.whl'"):
        needed(Described(name="more", version="1", requires=("x @ https://x.test/x.whl",)), own=(MORE,))


def test_a_package_of_the_index_with_the_name_of_one_of_the_projects_is_refused() -> None:
    check_apart({"ours": "libs/ours"}, {"pandas"})
    with pytest.raises(Refused, match=r"^ours is the project's own package libs/ours, and a line or a package"):
        check_apart({"ours": "libs/ours"}, {"pandas", "ours"})


def test_a_lock_has_the_canonical_name_and_the_digest_of_the_sources() -> None:
    (found,) = packages((OURS,), (Described(name="Our_s", version="1"),))

    assert (found.path, found.name, found.version, found.digest) == ("libs/ours", "our-s", "1", OURS.digest)


@pytest.mark.parametrize(
    "answer", [None, {}, [], [1], [{"name": "a"}], [{"name": "a\n", "version": "1"}], [{"name": "a", "version": "1 #"}]]
)
def test_what_is_no_description_is_one_sentence(answer: object) -> None:
    with pytest.raises(OutsideError, match="left no result"):
        read(answer, 1)
