"""Fingerprints of issues: the same issue has the same one in the next commit, wherever its line went. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from dagship.report.issues import Issue

# Seconds that an import took, addresses of objects, lines of helpers: another each time, and no other issue.
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)*", re.IGNORECASE)


def fingerprints(issues: Sequence[Issue]) -> tuple[str, ...]:
    """Returns 32 hex digits for each issue, made from its kind, path and words, without numbers.

    Two that are alike in a file are told apart by their order.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for issue in issues:
        key = (issue.kind, issue.path, _NUMBER.sub("0", issue.message))
        made.append(hashlib.sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "replace")).hexdigest()[:32])
        seen[key] += 1
    return tuple(made)
