"""What goes on from a rollout that was cut off."""

from dagship.rollout.plan import resume
from tests.builders.moves import NEW, NEWER, OLD, component, env, image, journal, move, objects


def test_a_rollout_that_goes_on_knows_what_was_there_before_the_first() -> None:
    began = journal(move("x", image(OLD, NEW), env(None, "r")))
    now = move("x", image(NEW, NEWER), env("r", "r2"), image("wait:1", NEWER, of="wait", init=True))
    (resumed,) = resume.resumed([now], began)

    assert [(change.before, change.after) for change in resumed.changes] == [
        (OLD, NEWER),
        (None, "r2"),
        ("wait:1", NEWER),
    ]
    assert resume.resumed([now], None) == (now,)


def test_what_an_unfinished_rollout_moved_and_the_next_does_not_goes_back() -> None:
    began = journal(move("x", image(), env(None, "r")), move("y", image(of="y")), move("z", image(of="z")))
    left = resume.left_out(
        [move("x", image(NEW, NEWER))], began, objects(*(component(name, NEW) for name in ("x", "y", "z")))
    )

    assert [(one.key, [(change.before, change.after) for change in one.changes]) for one in left] == [
        ("deployment/x", [(None, None)]),
        ("deployment/y", [(OLD, OLD)]),
        ("deployment/z", [(OLD, OLD)]),
    ]
    assert resume.left_out([], None, {}) == ()


def test_what_is_gone_since_an_unfinished_rollout_needs_no_way_back() -> None:
    began = journal(move("x", image(), image(of="gone")), move("gone", image(of="gone")))
    left = resume.left_out([], began, objects(component("x", NEW)))

    assert [(one.key, [change.container for change in one.changes]) for one in left] == [("deployment/x", ["x"])]
