"""DAG versions side by side: what is kept, what changed, and what the labels say of it."""

import json
from pathlib import Path

import pytest

from dagship.image import sidebyside
from dagship.image.tree.model import Tree, TreeFile

NOW, A, B, C, D = "000000000000", "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd"


def digests(*versions: str) -> tuple[str, ...]:
    return tuple(version + "0" * 52 for version in versions)


def tree(executable: tuple[str, ...] = (), **files: str) -> Tree:
    found = [
        TreeFile(path=name.replace("__", "/") + ".py", executable=name in executable, content=text.encode())
        for name, text in sorted(files.items())
    ]
    return Tree(source=Path("/x"), files=tuple(found))


@pytest.mark.parametrize(
    ("known", "pinned", "keep", "expected"),
    [
        ((), (), 5, ()),
        ((A, B, C, D), (), 5, (A, B, C, D)),
        ((A, B, C, D), (), 3, (A, B)),
        ((A, B, C, D), (), 1, ()),
        ((A, B, C, D), (D,), 3, (A, B, D)),
        ((A, B, C, D), (D,), 1, (D,)),
        ((A, B), (D, C), 3, (A, B, C, D)),
        ((NOW, A, B), (NOW,), 2, (A,)),
        ((A, NOW, B), (), 3, (A, B)),
        ((A,), ("0123456789" * 4,), 5, (A,)),
    ],
)
def test_the_last_versions_stay_and_those_that_runs_need(
    known: tuple[str, ...], pinned: tuple[str, ...], keep: int, expected: tuple[str, ...]
) -> None:
    assert sidebyside.kept(NOW, known, pinned, keep=keep) == expected


def test_a_file_that_is_new_gone_edited_or_made_executable_has_changed() -> None:
    then = tree(same="1", edited="1", gone="1", run="1", deep__er="1")
    now = tree(("run",), same="1", edited="2", new="1", run="1", deep__er="2")

    changed = sidebyside.changes(now, [then])

    assert changed == {then.version: ("deep/er.py", "edited.py", "gone.py", "new.py", "run.py")}


def test_too_many_changes_are_not_listed() -> None:
    then = tree(**{f"f{number}": "1" for number in range(201)})
    fewer = tree(**{f"f{number}": "1" for number in range(200)})
    now = tree(other="1")

    assert sidebyside.changes(now, [then])[then.version] is None
    assert sidebyside.changes(tree(), [fewer])[fewer.version] == tuple(sorted(f"f{number}.py" for number in range(200)))


def test_labels_fit_an_argument() -> None:
    long = tuple(f"{number:04}-{'x' * 1000}" for number in range(200))
    labels = sidebyside.labels(digests(NOW, A, B), {A: long, B: ("a.py",)})

    assert json.loads(labels["io.dagship.dag.changes"]) == {A: None, B: ["a.py"]}
