"""What a deployment sets so that its dag-processor takes longer to serve a version than it would by its image. Pure."""

from collections.abc import Mapping

from dagship.workloads import pod_environment
from dagship.workloads.objects import Raw

STORE = "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL"
MOST = 600.0
"""Seconds; nobody waits longer than this for what does not come."""

# Seconds between two looks at a bundle, and between two times that a DAG is stored, as the image sets them. The first
# counts where nothing in an image looks oftener, and for who wants to know how far a long delivery is.
_AS_IN_THE_IMAGE = {"AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": 2.0, STORE: 0.0}


def longer(container: Raw, config_maps: Mapping[str, Raw]) -> tuple[float, str]:
    """Returns the seconds that a dag-processor may take besides, and what to say of them; none and nothing mostly.

    Args:
        container: Its container.
        config_maps: The namespace's.

    """
    said_to_be = {name: _seconds(container, name, config_maps) for name in _AS_IN_THE_IMAGE}
    found = {name: seconds for name, seconds in said_to_be.items() if seconds > _AS_IN_THE_IMAGE[name]}
    if not found:
        return 0.0, ""
    said = " and ".join(f"{name}={seconds:g}" for name, seconds in found.items())
    longest = min(sum(found.values()), MOST)
    return longest, f"the dag-processor may take {longest:g} s longer to serve it, since it has {said}"


def stores_every(container: Raw, config_maps: Mapping[str, Raw]) -> float:
    """Returns the seconds in which a dag-processor stores no DAG twice, as far as its pod says; 0 as in the image.

    Args:
        container: Its container.
        config_maps: The namespace's.

    """
    return _seconds(container, STORE, config_maps)


def _seconds(container: Raw, name: str, config_maps: Mapping[str, Raw]) -> float:
    first = pod_environment.sources(container, name, config_maps)[:1]
    return _number(first[0].value) if first else 0.0


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return 0.0
