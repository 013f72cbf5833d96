"""Asks the API server what it would say of a release's workloads, before any object of it is made.

Helm makes one object after the other, and what the server refuses of the last leaves the others there. Values that go
into a pod as they are (volumes, affinity, tolerations) may hold what no schema of the chart's knows better.
"""

from typing import TYPE_CHECKING, Any

from dagship.cluster.failures import BadRequest, Invalid, is_rule
from dagship.errors import OutsideError, UsageError
from dagship.untrusted import documents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dagship.cluster.api import Cluster

_WORKLOADS = ("StatefulSet", "Deployment", "Job")
# A namespace that is in every cluster.
_ANY = "default"

# Of a server that cannot read what it was sent; it says 400 for other things too.
_UNREADABLE = ("cannot be handled as a", "unmarshal", "strict decoding", "decode")


def workloads(rendered: str) -> tuple[dict[str, Any], ...]:
    """Returns the workloads in what Helm would make; none where that cannot be read, which Helm's own reader may."""
    try:
        found = documents.load_all(rendered)
    except ValueError:
        return ()
    return tuple(one for one in found if isinstance(one, dict) and one.get("kind") in _WORKLOADS)


def rehearse(cluster: "Cluster", objects: "Iterable[dict[str, Any]]", *, elsewhere: bool = False) -> None:
    """Has the server look at each workload.

    Args:
        cluster: The namespace.
        objects: Workloads that Helm would make.
        elsewhere: Whether that namespace is not there yet: another is asked, whose own rules do not count.

    Raises:
        UsageError: It would refuse one; nothing was changed.

    """
    where = cluster.beside(_ANY) if elsewhere else cluster
    for one in objects:
        name = one["metadata"]["name"]
        # Under a name of its own, since there may be one of that name.
        metadata = {"generateName": f"{name}-", "labels": one["metadata"].get("labels") or {}}
        try:
            where.create(one["kind"], {**one, "metadata": metadata}, dry_run=True)
        except (Invalid, BadRequest) as refused:
            if elsewhere and is_rule(refused):
                continue
            if isinstance(refused, Invalid) or any(words in refused.message for words in _UNREADABLE):
                raise UsageError(
                    f"The API server would refuse {one['kind'].lower()}/{name}. {refused.message}",
                    "Mend the values; docs/reference/chart-values.md explains each. Nothing was changed.",
                ) from refused
        except OutsideError:
            return  # that it cannot be asked is no reason: Helm meets the same, and says so
