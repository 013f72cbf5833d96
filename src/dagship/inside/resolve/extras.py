"""Extras that lines ask for and the base's package does not have: resolvers warn at most, and take it without."""

import difflib
from collections.abc import Collection, Sequence
from typing import Any, Optional

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def unknown(
    lines: Sequence["dict[str, Any]"], distributions: Sequence["dict[str, Any]"], moving: Collection[str]
) -> "Optional[dict[str, Any]]":
    """Returns what the host tells of the first line with such an extra, and the nearest that there is.

    Args:
        lines: The lines of a job.
        distributions: What the base has, as `installed` describes it.
        moving: Packages of it that become another version, whose extras nobody knows yet.

    """
    known = {one["name"]: [canonicalize_name(extra) for extra in one["extras"]] for one in distributions}
    for line in lines:
        if line["name"] not in known or line["name"] in moving:
            continue
        asked = Requirement(line["text"])
        has = known[line["name"]]
        lacking = sorted(extra for extra in asked.extras if canonicalize_name(extra) not in has)
        if lacking and (asked.marker is None or asked.marker.evaluate()):
            near = difflib.get_close_matches(canonicalize_name(lacking[0]), has, n=1)
            return {"kind": "no-extra", "lines": [line["line"]], "names": lacking, "versions": near}
    return None
