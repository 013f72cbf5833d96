"""Files that belong to the package: what runs inside the image, and the templates in `images/`."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """Returns the path of a file or directory that ships with dagship.

    Args:
        name: `inside/probe.py`, or `images/airflow/Dockerfile.j2`: in a wheel `images/` is in the package, in a
            checkout it is at the top.

    """
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parents[1] / name
