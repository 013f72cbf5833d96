"""Thin delivery: a DAG version that reaches a running Airflow without a new pod; frozen values and names.

A thin image is an image that runs, and one layer above it. What that layer brings is announced in a ConfigMap, which
the pods of the image have mounted (docs/explanation/thin-delivery.md).
"""

import hashlib
from collections.abc import Mapping

from pydantic import Field

from dagship.model import dag_versions
from dagship.model.frozen import Artifact

NAME = "dagship-dags"
"""The ConfigMap, unless the volume of the dag-processor names another: two Airflows can share a namespace."""
VOLUME = "dag-announced"
MOUNT = "/opt/airflow/dag-announced"
"""Where whatever reads DAGs has it mounted. The code in inside/, which imports nothing of the rest, has its own."""
CURRENT = "current"
PACKAGES = "packages"
"""Keys of its data."""
PACKAGE = f"{dag_versions.ROOT}/.package.tgz"
"""Where a thin image has the package of what it brings."""
MOST = 512 * 1024
"""Bytes of all packages together: an object of Kubernetes has 1 MiB at most, and base64 takes a third more."""
FORM = 1

LABEL_ONTO = "io.dagship.thin.onto"
LABEL_BASE = "io.dagship.thin.base"
LABEL_FOUNDATION = "io.dagship.foundation"
FOUNDATION = "DAGSHIP_FOUNDATION"
"""The variable of an image that says its foundation to what serves DAG versions in it."""


class Thin(Artifact):
    """What makes an image a thin one.

    Attributes:
        onto: The image that it adds a DAG version to, by digest.
        base: The id of the DAG version that is current in that image: what the package says is the difference from it.
        tree: The whole digest of the DAG version that it brings.
        foundation: What both are built on.

    """

    onto: str
    base: str
    tree: str
    foundation: str


def content(onto: str, tree: str) -> str:
    """Returns the SHA-256 of all that makes a thin image, hex.

    Args:
        onto: The image that it is put on, by digest.
        tree: The whole digest of the DAG version that it brings.

    """
    return hashlib.sha256(f"{onto.partition('@')[2]}\0{tree}".encode()).hexdigest()


def labels(thin: Thin) -> dict[str, str]:
    """Returns the labels by which a thin image is known for one, besides those that every image of ours has."""
    return {LABEL_ONTO: thin.onto, LABEL_BASE: thin.base, LABEL_FOUNDATION: thin.foundation}


def of(labels: Mapping[str, str], said: str) -> Thin | None:
    """Returns what the labels of an image say of a thin one; None where it is none.

    What is built on a thin image has its labels too, unless others took their place: the content tells.

    Args:
        labels: Labels of an image.
        said: What it says its content is.

    """
    onto, digests = labels.get(LABEL_ONTO, ""), dag_versions.digests_of(labels)
    if not digests or said != content(onto, digests[0]):
        return None
    foundation = labels.get(LABEL_FOUNDATION, "")
    return Thin(onto=onto, base=labels.get(LABEL_BASE, ""), tree=digests[0], foundation=foundation)


class Announcement(Artifact):
    """The DAG version that new runs are to get.

    Attributes:
        form: Number of the form of this document.
        serial: Goes up with each announcement; where nothing is announced, an image serves its current DAGs as of
            serial 0.
        version: The id of the DAG version: one of a package, or one that the image has.
        tree: Its whole digest.
        foundation: The foundation of the image that it is for.
        base: The DAG version that is current in that image.
        image: The thin image with it, by digest.

    """

    form: int = FORM
    serial: int
    version: str
    tree: str
    foundation: str
    base: str
    image: str


class Packaged(Artifact):
    """A DAG version that the ConfigMap has a package of.

    Attributes:
        tree: Its whole digest.
        base: The DAG version that the package is the difference from.
        foundation: The foundation of the image that it fits.
        image: The thin image with it, by digest.
        bytes: Of the package.

    """

    tree: str
    base: str
    foundation: str
    image: str
    bytes: int


class Receiver(Artifact):
    """What a running Airflow can take without a new pod.

    Attributes:
        onto: The one image of ours that whatever reads DAGs runs, by digest; empty where there is none such.
        config_map: Name of the ConfigMap that it has mounted.
        announcement: What is announced there; None where nothing is.
        packages: The DAG versions that it has packages of, those that were released last first.
        why_not: Why it takes nothing, a sentence for people; empty where it does.

    """

    onto: str = ""
    config_map: str = NAME
    announcement: Announcement | None = None
    packages: dict[str, Packaged] = Field(default_factory=dict)
    why_not: str = ""
