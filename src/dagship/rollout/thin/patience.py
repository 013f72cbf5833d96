"""What a deployment sets so that its dag-processor takes longer to serve a version than it would by its image. Pure."""

from collections.abc import Mapping

from dagship.workloads import pod_environment
from dagship.workloads.objects import Raw

# Seconds between two looks at a bundle, and between two times that a DAG is stored, as the image sets them. The first
# counts where nothing in an image looks oftener, and for who wants to know how far a long delivery is.
_AS_IN_THE_IMAGE = {
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": 2.0,
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 0.0,
}
# Nobody waits longer than this for either.
_MOST = 600.0


def longer(container: Raw, config_maps: Mapping[str, Raw]) -> tuple[float, str]:
    """Returns the seconds that a dag-processor may take besides, and what to say of them; none and nothing mostly.

    Args:
        container: Its container.
        config_maps: The namespace's.

    """
    found = {
        name: seconds
        for name, usual in _AS_IN_THE_IMAGE.items()
        for source in pod_environment.sources(container, name, config_maps)[:1]
        if (seconds := _number(source.value)) > usual
    }
    if not found:
        return 0.0, ""
    said = " and ".join(f"{name}={seconds:g}" for name, seconds in found.items())
    longest = min(sum(found.values()), _MOST)
    return longest, f"the dag-processor may take {longest:g} s longer to serve it, since it has {said}"


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return 0.0
