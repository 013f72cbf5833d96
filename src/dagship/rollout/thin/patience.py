"""What a deployment sets so that its dag-processor takes longer to serve a version than it would by its image. Pure."""

from collections.abc import Mapping

from dagship.workloads import pod_environment
from dagship.workloads.objects import Raw

STORE = "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL"
MOST = 600.0
"""Seconds; nobody waits longer than this for what does not come."""

_LOOK = "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL"
# Seconds between two looks at a bundle, as the image sets them. They count where nothing in an image looks oftener, and
# for who wants to know how far a long delivery is.
_AS_IN_THE_IMAGE = 2.0


def longer(container: Raw, config_maps: Mapping[str, Raw]) -> tuple[float, str]:
    """Returns the seconds that a dag-processor may take besides, and what to say of them; none and nothing mostly.

    Args:
        container: Its container.
        config_maps: The namespace's.

    """
    seconds = _seconds(container, _LOOK, config_maps)
    if seconds <= _AS_IN_THE_IMAGE:
        return 0.0, ""
    longest = min(seconds, MOST)
    return longest, f"the dag-processor may take {longest:g} s longer to serve it, since it has {_LOOK}={seconds:g}"


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
