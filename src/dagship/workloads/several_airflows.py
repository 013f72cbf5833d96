"""Whether what is selected is more than one Airflow: one of them alone would be asked for its runs and tasks. Pure.

An Airflow has one scheduler workload, whatever its replicas. Two of them are of two Airflows where the labels that
charts give their releases say so, and are taken for two where nothing says anything and nobody has chosen. What has
the name of a scheduler and starts something else counts only where nothing starts one.
"""

from collections.abc import Collection, Iterable

from dagship.errors import UsageError
from dagship.workloads.spec import Workload

_RELEASES = ("release", "app.kubernetes.io/instance")


def refusal(selected: Iterable[Workload], *, selector: str, names: Iterable[str]) -> UsageError | None:
    """Returns why what is selected cannot be dealt with at once; None where it is one Airflow.

    Args:
        selected: Workloads that run Airflow's image.
        selector: Label selector that they were chosen by, or empty.
        names: Names that they were chosen by.

    """
    named = [workload for workload in selected if workload.role == "scheduler"]
    schedulers = [workload for workload in named if workload.is_started] or named
    label = next((label for label in _RELEASES if _differs(schedulers, label)), "")
    if len(schedulers) < 2 or (not label and (_is_one(schedulers) or selector or tuple(names))):  # noqa: PLR2004 - one, or more
        return None
    shown = (one.key + (f" ({label}={one.labels[label]})" if label in one.labels else "") for one in schedulers)
    value = next((one.labels[label] for one in schedulers if one.labels.get(label)), "")
    return UsageError(
        f"The namespace has more than one Airflow that this is for: {', '.join(shown)}. Only one of them would be "
        "asked for its runs and tasks.",
        f"Choose one, as --selector {label}={value}; then the next."
        if label
        else "Choose one by a label that its workloads have (--selector), or name its workloads (--workloads).",
    )


def _is_one(schedulers: Collection[Workload]) -> bool:
    """Whether all have the label of one release."""
    return any(all(one.labels.get(label) for one in schedulers) for label in _RELEASES)


def _differs(schedulers: Iterable[Workload], label: str) -> bool:
    return len({one.labels[label] for one in schedulers if one.labels.get(label)}) > 1
