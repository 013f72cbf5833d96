"""What is included of the project: where it lies in a version, and what cannot be."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.image.tree import beside, reader
from dagship.image.tree.model import Tree
from tests.builders.dag_directory import DAG, LIMIT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in {
        "dags/dag.py": DAG,
        "dags/helpers/__init__.py": "",
        "lib/include/sql/q.sql": "select 1",
        "lib/include/words.py": "WORD = 1\n",
        "lib/include/.env": "PASSWORD=x",
        "lib/include/venv/pyvenv.cfg": "",
        "settings.py": "A = 1\n",
        "my-sql/q.sql": "select 2",
        "my-lib/a.py": "",
        "helpers/a.py": "",
        "data.csv": "1",
        "empty/__pycache__/a.pyc": "",
        "src/pkg/dags/dag.py": DAG,
        "src/pkg/core.py": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "leads-out").symlink_to("..")
    (root / "linked").mkdir()
    (root / "linked" / "out.py").symlink_to("../settings.py")
    (tmp_path / "outside").mkdir()
    return root


def read(project: Path, *include: str, dags: str = "dags", ignore: tuple[str, ...] = ()) -> Tree:
    tree = reader.read(project / dags, ignore=(), max_file_size=LIMIT)
    return beside.added(
        tree, project, [Path(path) for path in include], ignore=ignore, secret_files=(), max_file_size=LIMIT
    )


def paths(tree: Tree) -> list[str]:
    return [file.path for file in tree.files]


def test_each_lies_beside_the_dag_directory_by_its_last_name(project: Path) -> None:
    tree = read(project, "lib/include", "my-sql", "settings.py")

    assert sorted(paths(tree)) == paths(tree)
    assert set(paths(tree)) == {
        "dag.py", "helpers/__init__.py", "../include/sql/q.sql", "../include/words.py", "../my-sql/q.sql",
        "../settings.py",
    }  # fmt: skip


def test_what_is_included_is_part_of_the_id(project: Path) -> None:
    ids = [read(project).digest, read(project, "lib/include").digest]
    (project / "lib/include/words.py").write_text("WORD = 2\n")
    ids.append(read(project, "lib/include").digest)

    assert len(set(ids)) == 3


def test_what_no_image_should_hold_stays_out_and_what_may_be_missed_is_told(project: Path) -> None:
    tree = read(project, "lib/include", ignore=("*.sql",))

    assert "../include/sql/q.sql" not in paths(tree)
    assert dict(tree.left_out) == {
        "lib/include/.env": "may hold passwords",
        "lib/include/venv": "is an environment with packages",
    }


def test_a_package_around_the_dag_directory_may_be_included(project: Path) -> None:
    tree = read(project, "src/pkg", dags="src/pkg/dags")

    assert set(paths(tree)) == {"dag.py", "../pkg/core.py", "../pkg/dags/dag.py"}


def test_a_dag_directory_of_another_name_keeps_it_by_a_link(project: Path) -> None:
    (project / "dags").rename(project / "flows")
    linked = read(project, dags="flows")
    (project / "flows").rename(project / "dags")

    assert (linked.link, read(project).link) == ("flows", "")
    assert linked.digest != read(project).digest


def test_a_dag_directory_elsewhere_makes_the_same_version_wherever_it_lies(project: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dag.py").write_text(DAG)
    one, two = (read(project, "settings.py", dags=f"../{name}") for name in ("one", "two"))

    assert (one.digest, one.link) == (two.digest, "")


@pytest.mark.parametrize(
    ("include", "sentence"),
    [
        ("nowhere", "The setting include names nowhere, which does not exist."),
        ("../outside", "The setting include names ../outside, which lies outside the project."),
        ("leads-out/outside", "The setting include names leads-out/outside, which lies outside the project."),
        ("data.csv", "The setting include names data.csv, which is neither a directory nor a Python module."),
        ("empty", "The setting include names empty, where no file is that goes into an image."),
        ("my-lib", "The setting include names my-lib, which holds Python files, and Python imports nothing that is"),
        ("helpers", "The setting include names helpers, and the DAG directory has helpers/__init__.py, which Python"),
        ("linked", "The link 'out.py' leads outside"),
        ("dags", "The setting include names dags, which lies in the DAG directory"),
        (".", "The setting include names the whole project"),
    ],
)
def test_what_cannot_be_included_is_one_sentence(project: Path, include: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(project, include)

    assert refused.value.message.startswith(sentence)
    assert "\n" not in refused.value.message


def test_all_that_is_included_counts_for_the_size_of_a_version(project: Path) -> None:
    from dagship.image.tree import walk

    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "data").write_text("x" * 600)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walk, "_ALWAYS_ALLOWED", 1000)
        patched.setattr(walk, "_MOST_OF_THE_LARGEST", 1)
        read(project, "one")
        with pytest.raises(UsageError, match="more than 1000 bytes together"):
            read(project, "one", "two")


def test_with_the_top_of_the_project_as_dag_directory_nothing_more_can_be_included(project: Path) -> None:
    (project / "leads-out").unlink()
    assert read(project, dags=".").link == ""
    with pytest.raises(UsageError, match="lies in the DAG directory"):
        read(project, "lib/include", dags=".")
