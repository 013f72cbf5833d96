"""Decides whether a running Airflow can take a DAG version without another image, and says why not.

Its words follow on "since". What of it is to be seen in a cluster is in the words of the cluster's answer
(`Receiver.why_not`).
"""

from collections.abc import Collection, Mapping

from dagship.image.plan import Plan
from dagship.model import dag_versions
from dagship.model.thin import LABEL_FOUNDATION, MOST, Receiver

_KIB = 1024


def of_cluster(plan: Plan, receiver: Receiver) -> str:
    """Returns why what runs cannot take a DAG version, whatever is in its image; empty where it can.

    Args:
        plan: The plan of the whole image.
        receiver: What runs.

    """
    if not plan.recipe.bundles:
        return f"Airflow {plan.base.airflow} pins no run to a DAG version; Airflow 3 does"
    return receiver.why_not or ("" if receiver.onto else "no image of this repository runs there")


def of_image(plan: Plan, receiver: Receiver, labels: Mapping[str, str]) -> str:
    """Returns why the DAGs cannot be put on the image that runs; empty where they can.

    Args:
        plan: The plan of the whole image.
        receiver: What runs.
        labels: The labels of its image.

    """
    digests, foundation = dag_versions.digests_of(labels), labels.get(LABEL_FOUNDATION, "")
    if not digests or not foundation:
        return "the image that runs does not say what its DAGs are on: an older dagship built it"
    if foundation != plan.foundation:
        return (
            "more than the DAGs is another than in the image that runs: the base, packages, plugins, a setting of the "
            "image, or dagship itself"
        )
    announced = receiver.announcement
    if announced is not None and (announced.foundation, announced.base) != (
        foundation,
        dag_versions.version_id(digests[0]),
    ):
        announced = None  # it is for another image, and counts for nothing in this one
    if plan.tree.digest == digests[0] and announced is None:
        return "the image that runs has these DAGs"
    return ""


def takes_all(package: bytes, version: str, receiver: Receiver) -> bool:
    """Whether there is room for a package beside all that are there."""
    return _together(package, version, receiver, receiver.packages) <= MOST


def of_room(package: bytes, version: str, receiver: Receiver, needed: Collection[str] | None) -> str:
    """Returns why there is no room for a package even when those leave that no run needs; empty where there is.

    Args:
        package: The package.
        version: The DAG version that it brings.
        receiver: What has the others.
        needed: The DAG versions that unfinished runs began on; None where nobody could say.

    """
    staying = set(receiver.packages if needed is None else needed)
    if receiver.announcement is not None:
        staying.add(receiver.announcement.version)
    together = _together(package, version, receiver, staying)
    if together <= MOST:
        return ""
    if len(package) > MOST:
        return f"what differs takes {len(package) // _KIB:,} KiB, and {MOST // _KIB} KiB can be announced at most"
    return (
        f"what differs takes {len(package) // _KIB:,} KiB, with what unfinished runs need {together // _KIB:,} KiB, "
        f"and {MOST // _KIB} KiB can be announced at most"
    )


def _together(package: bytes, version: str, receiver: Receiver, staying: Collection[str]) -> int:
    others = (one.bytes for name, one in receiver.packages.items() if name in staying and name != version)
    return len(package) + sum(others)
