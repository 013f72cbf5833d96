"""What the labels of an image say of a thin one."""

from dagship.image import sidebyside
from dagship.model import thin
from dagship.model.thin import Thin

ONTO = f"registry.example/team/airflow@sha256:{'1' * 64}"
THIN = Thin(onto=ONTO, base="b" * 12, tree="a" * 64, foundation="c" * 64)
LABELS = sidebyside.labels([THIN.tree, "b" * 64], {}) | thin.labels(THIN)


def test_a_thin_image_is_known_by_its_labels() -> None:
    assert thin.of(LABELS, thin.content(ONTO, THIN.tree)) == THIN


def test_its_content_is_what_it_is_put_on_and_the_dags_wherever_that_is_called() -> None:
    mirrored = ONTO.replace("registry.example", "mirror.example")

    assert thin.content(ONTO, THIN.tree) == thin.content(mirrored, THIN.tree)
    assert (
        len({thin.content(ONTO, THIN.tree), thin.content(ONTO, "b" * 64), thin.content(ONTO[:-1] + "2", THIN.tree)})
        == 3
    )


def test_what_is_built_on_a_thin_image_inherits_its_labels_and_is_none() -> None:
    assert thin.of(LABELS, "d" * 64) is None
    assert thin.of(LABELS | sidebyside.labels(["e" * 64], {}), thin.content(ONTO, THIN.tree)) is None


def test_an_image_without_such_labels_is_none() -> None:
    assert thin.of({}, "") is None
