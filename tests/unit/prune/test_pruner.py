"""What of an image in the registry decides whether it stays."""

from dagship.image import sidebyside
from dagship.model import thin
from dagship.model.thin import Thin
from dagship.prune import pruner
from dagship.registry.repository import RegistryFacts

THIN = Thin(onto=f"r/a@sha256:{'1' * 64}", base="b" * 12, tree="a" * 64, foundation="c" * 64)
VERSIONS = sidebyside.labels([THIN.tree, "b" * 64, "e" * 64], {})


def versions(labels: dict[str, str]) -> tuple[str, ...]:
    facts = RegistryFacts(digest="sha256:2", labels=labels, created="", parts=(), blobs={})
    return pruner._image(facts, ["tag"]).dag_versions


def test_an_image_stays_for_the_runs_of_every_version_in_it() -> None:
    assert versions(VERSIONS) == ("a" * 12, "b" * 12, "e" * 12)


def test_a_thin_image_stays_for_the_runs_of_its_own_version_alone() -> None:
    labels = VERSIONS | thin.labels(THIN) | {"io.dagship.content": thin.content(THIN.onto, THIN.tree)}

    assert versions(labels) == ("a" * 12,)
