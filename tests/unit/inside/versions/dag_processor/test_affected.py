"""Which files are read anew when a bundle takes another version, and which of them first."""

import pytest

from dagship.inside.versions.dag_processor.affected import Affected, affected

THERE = {"dags/a.py", "dags/b.py", "dags/helper.py", "dags/pack.zip", "lib/c.py", "dags/.airflowignore"}
WITH_DAGS = {"a.py", "b.py", "pack.zip"}


@pytest.mark.parametrize(
    ("differing", "found"),
    [
        ([], Affected((), all=False)),
        (["dags/a.py"], Affected(("a.py",), all=False)),
        (["dags/a.py", "dags/new.py", "dags/pack.zip"], Affected(("a.py", "new.py", "pack.zip"), all=False)),
        # What has no DAGs may be imported or read by any file.
        (["dags/a.py", "dags/helper.py"], Affected(("a.py",), all=True)),
        (["lib/c.py"], Affected((), all=True)),
        (["lib/new.py"], Affected((), all=True)),
        (["dags/.airflowignore"], Affected((), all=True)),
        (["dags/new.yaml"], Affected((), all=True)),
        (["flows"], Affected((), all=True)),
    ],
)
def test_files_with_dags_are_read_alone_and_what_may_be_anybodys_with_all_others(
    differing: list[str], found: Affected
) -> None:
    assert affected(differing, before=THERE, after={*THERE, *differing}, with_dags=WITH_DAGS) == found


def test_a_file_that_is_gone_is_not_read_and_where_it_had_no_dags_all_others_are() -> None:
    def gone(path: str) -> Affected:
        return affected([path], before=THERE, after=THERE - {path}, with_dags=WITH_DAGS)

    assert gone("dags/a.py") == Affected((), all=False)
    assert gone("dags/helper.py") == Affected((), all=True)


def test_a_file_below_a_directory_is_told_by_its_whole_path() -> None:
    paths = ["dags/team/a.py"]
    found = affected(paths, before=paths, after=paths, with_dags={"team/a.py"})

    assert found == Affected(("team/a.py",), all=False)
