"""Where earlier DAG versions come from, as far as no engine is needed: what was built here is kept here."""

import io
import os
from pathlib import Path

import pytest

from dagship.errors import OutsideError, Refused
from dagship.image import earlier
from dagship.image import kept as kept_here
from dagship.image.tree.model import Tree, TreeFile
from dagship.terminal.console import Console
from dagship.workspace import Workspace
from tests.builders.trees import colliding


def tree(text: str) -> Tree:
    return Tree(source=Path("/x"), files=(TreeFile(path="a.py", executable=False, content=text.encode()),))


class Here:
    """A workspace, and builds in it one after the other."""

    def __init__(self, root: Path) -> None:
        self.workspace, self.output = Workspace(root), io.StringIO()
        self.last: tuple[str, ...] = ()
        self.held: dict[str, str] = {}

    def build(self, text: str, *, keep: int = 5, pinned: tuple[str, ...] = (), announced: str = "") -> tuple[str, ...]:
        made, since = tree(text), [tree(one) for one in announced]
        for one in since:
            kept_here.keep(self.workspace.cache("versions"), one)
        recent = [earlier.Source(reference="x/y:thin", versions={one.version: one.digest}) for one in since]
        sources = [earlier.Source(reference="x/y:1", versions=self.held)] if self.held else []
        console = Console(stderr=self.output)
        kept = earlier.gather(self.workspace, console, made, sources, pinned, keep=keep, recent=recent)
        assert all(each.version != made.version for each in kept)
        self.last = (made.version, *(each.version for each in kept))
        self.held = {each.version: each.digest for each in (made, *kept)}
        return self.last

    @property
    def files(self) -> dict[str, Path]:
        return {path.stem: path for path in self.workspace.cache("versions").glob("*.tar")}


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def versions(texts: str) -> tuple[str, ...]:
    return tuple(tree(text).version for text in texts)


def digests(texts: str) -> tuple[str, ...]:
    return tuple(tree(text).digest for text in texts)


def test_what_was_announced_since_comes_after_the_version_before_and_before_those_below_it(here: Here) -> None:
    for text in "ABC":
        here.build(text)

    assert here.build("D", announced="TS") == versions("DCTSB")
    assert here.build("E", announced="TD", keep=3) == versions("EDT")


def test_what_was_announced_since_is_kept_where_no_image_is_known(here: Here) -> None:
    assert here.build("A", announced="T") == versions("AT")


def test_a_build_keeps_the_versions_of_those_before(here: Here) -> None:
    assert [here.build(text) for text in "ABC"] == [versions("A"), versions("BA"), versions("CBA")]


def test_the_oldest_leave(here: Here) -> None:
    for text in "ABCD":
        here.build(text, keep=3)

    assert here.last == versions("DCB")


def test_a_version_that_a_run_needs_stays_beyond_the_number(here: Here) -> None:
    for text in "ABC":
        here.build(text)

    assert here.build("D", keep=2, pinned=versions("A")) == versions("DCA")


def test_to_go_back_to_a_version_keeps_the_one_that_was_newer(here: Here) -> None:
    for text in "ABA":
        here.build(text)

    assert here.last == versions("AB")


def test_the_same_tree_again_keeps_the_same(here: Here) -> None:
    for text in "ABB":
        here.build(text)

    assert here.last == versions("BA")


def test_a_version_that_runs_need_and_nobody_has_is_named(here: Here) -> None:
    assert here.build("A", pinned=("0123456789ab",)) == versions("A")
    assert "0123456789ab" in here.output.getvalue()


def test_an_image_of_before_that_holds_what_runs_need_is_the_only_one_asked(here: Here) -> None:
    here.build("A")
    a, b = versions("AB")
    # The second is nowhere: to ask for it would be an error.
    sources = [
        earlier.Source(reference="x/y:1", versions={a: tree("A").digest}),
        earlier.Source(reference="x/y:2", explicit=True),
    ]
    kept = earlier.gather(here.workspace, Console(stderr=here.output), tree("B"), sources, (a, b), keep=5)

    assert [each.version for each in kept] == [a]


def test_other_dags_under_the_id_of_those_before_are_refused(here: Here) -> None:
    one, other = colliding()
    before = [earlier.Source(reference="x/y:1", versions={one.version: one.digest})]

    with pytest.raises(Refused, match=f"other DAGs under the id {one.version}"):
        earlier.gather(here.workspace, Console(stderr=here.output), other, before, (), keep=5)


@pytest.mark.parametrize("came_last", [True, False])
def test_a_tree_that_was_kept_here_is_not_taken_for_another_of_its_id(here: Here, came_last: bool) -> None:
    """As after the build of somebody's branch: what it left here must not come into the next image."""
    one, other = colliding()
    console = Console(stderr=here.output)
    for left in (other, one) if came_last else (one, other):
        earlier.gather(here.workspace, console, left, [], (), keep=5)
    before = [earlier.Source(reference="x/y:1", versions={one.version: one.digest})]

    (kept,) = earlier.gather(here.workspace, console, tree("next"), before, (), keep=5)

    assert kept.files == one.files


def test_a_version_that_no_image_is_known_to_hold_is_not_taken_by_its_id_alone(here: Here) -> None:
    here.build("A")
    here.held = {}

    assert here.build("B", pinned=versions("A")) == versions("B")


def test_nothing_but_whole_trees_is_left(here: Here) -> None:
    for text in "AB":
        here.build(text)

    assert sorted(path.name for path in here.workspace.cache("versions").iterdir()) == sorted(
        f"{digest}.tar" for digest in digests("AB")
    )


def test_a_commit_that_git_delivery_pins_is_not_looked_for(here: Here) -> None:
    here.build("A", pinned=("0123456789" * 4,))

    assert here.output.getvalue() == ""


def test_what_was_not_used_for_long_is_forgotten_here(here: Here) -> None:
    for number in range(40):
        here.build(f"old {number}", keep=1)
        for age, path in enumerate(here.files.values()):
            os.utime(path, (1_000_000 + age, 1_000_000 + age))
    here.build("A", keep=1)

    assert len(here.files) == 30
    assert digests("A")[0] in here.files


@pytest.mark.parametrize(
    ("hint", "told"), [("docker login, if it needs one.", "docker login, if it needs one."), ("", "--previous")]
)
def test_what_a_named_image_lacks_is_not_answered_with_leaving_it_out(here: Here, hint: str, told: str) -> None:
    failed = OutsideError("Its registry refuses you.", hint)

    with pytest.raises(OutsideError, match=r"cannot be had\. Its registry refuses you") as caught:
        earlier._without(Console(stderr=here.output), earlier.Source(reference="x/y:1", explicit=True), failed)

    assert told in caught.value.hint
    assert "leave it out" not in caught.value.hint
