"""What `deploy` says of the way that an edit takes."""

import pytest

from dagship.model.artifacts import BuiltImage
from dagship.model.thin import Thin
from dagship.pipeline import deploy
from tests.builders import results, thin

WHOLE = BuiltImage(
    reference="registry.example/team/airflow:1-2", id="", digest="", dag_version="a" * 12, airflow="3.3.2", base="",
    platforms=(), size=0, layers=(), seconds={}, reused=False,
)  # fmt: skip
ALONE = WHOLE.model_copy(update={"thin": Thin(onto=thin.RUNS, base=thin.BASE, tree="a" * 64, foundation="f" * 64)})
ANNOUNCES = results.result(moves=(thin.announcing(None, thin.value()),), way="it is announced")
MOVES = results.result(moves=(results.move(results.image()),), way="every pod moves, since there is no room")


@pytest.mark.parametrize(
    ("image", "said", "result", "way"),
    [
        (ALONE, "alone, since all else stays", ANNOUNCES, "alone, since all else stays"),
        (ALONE, "alone, since all else stays", MOVES, "every pod moves, since there is no room"),
        (WHOLE, "whole, since a package is new", results.result(), "whole, since a package is new"),
        (WHOLE, "", MOVES, "the whole image, since it is not known what runs in the cluster"),
    ],
)
def test_the_way_is_what_the_build_said_unless_the_rollout_could_not_keep_to_it(
    image: BuiltImage, said: str, result: results.RolloutResult, way: str
) -> None:
    assert way == deploy.way_taken(image, said, result)
