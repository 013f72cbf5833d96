"""What the record knows of the image that a scheduler runs, where nobody is asked in its container. Pure."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from dagship.airflow.activity import OfImage
from dagship.workloads.image_identity import same_image

if TYPE_CHECKING:
    from dagship.rollout.survey import Survey


def of(survey: "Survey", meant: Collection[str] = ()) -> OfImage:
    """Returns the DAG versions in the image, as the last release of it tells; nothing where no release was of it.

    Args:
        survey: The namespace.
        meant: Workloads of the Airflow that is meant; empty where there is one alone.

    """
    schedulers = [one for one in survey.inventory.workloads if one.role == "scheduler"]
    for workload in [one for one in schedulers if one.key in meant] or schedulers:
        image = workload.main.image
        for release in reversed(survey.record.releases):
            thin, versions = release.thin, release.dag_versions
            if thin is not None and same_image(thin.onto, image):
                held = tuple(version for version in versions if version != release.dag_version)
                return OfImage(held=held, current=thin.base, foundation=thin.foundation)
            if thin is None and release.image and versions and same_image(release.image, image):
                return OfImage(held=versions, current=versions[0])
    return OfImage()
