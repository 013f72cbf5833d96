"""The labels of origin: git revision and remote of the DAGs, and the time of the build."""

import datetime as dt
import os
import re
from pathlib import Path

from dagship.image.tree.checkout import Checkout, around

_DIGITS = 11  # of a second that a calendar has


def labels(dags: Path) -> dict[str, str]:
    """Returns `org.opencontainers.image.{source,revision,created}`; what git does not know is left out.

    `created` is SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else now.
    """
    checkout = around(dags)
    found = {
        "source": without_credentials(checkout.remote()) if checkout else "",
        "revision": _revision(checkout) if checkout else "",
        "created": _created().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {f"org.opencontainers.image.{name}": value for name, value in found.items() if value}


def without_credentials(url: str) -> str:
    """Returns a remote's address without user and password; what is not one is left out."""
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/]*@", r"\1", url) if re.fullmatch(r"[!-~]+", url) else ""


def _revision(checkout: Checkout) -> str:
    """The commit, and whether tracked files differ from it; nothing where that cannot be known."""
    commit, changed = checkout.commit(), checkout.changed()
    return "" if not commit or changed is None else f"{commit}-dirty" if changed else commit


def _created() -> dt.datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal() and len(epoch) <= _DIGITS:
        return dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC)
    return dt.datetime.now(tz=dt.UTC)
