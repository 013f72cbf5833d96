"""Finds a release, and what it was installed with."""

from typing import TYPE_CHECKING, Any

from dagship.chart import facts
from dagship.cluster.failures import Forbidden, NotFound
from dagship.errors import UsageError
from dagship.helm.api import Helm, Release

if TYPE_CHECKING:
    from dagship.cluster.api import Cluster


def find(helm: Helm, name: str) -> Release | None:
    """Returns the release of that name, if there is one."""
    return next((one for one in helm.releases() if one.name == name), None)


def values(helm: Helm, release: Release, namespace: str) -> dict[str, Any]:
    """Returns the values of a release that is there.

    Raises:
        UsageError: It is of another chart: Airflow's own has the same name.

    """
    found = helm.values(release.name)
    if not facts.is_ours(found):
        raise UsageError(
            f"The release {release.name} in the namespace {namespace} is of another chart ({release.chart}).",
            "Name another release with --release, or another namespace; rollout moves any chart's Airflow.",
        )
    return found


def namespace_exists(cluster: "Cluster") -> bool:
    """Whether the namespace is there; who may not ask may not make it either."""
    try:
        cluster.get("Namespace", cluster.namespace)
    except NotFound:
        return False
    except Forbidden:
        return True
    return True
