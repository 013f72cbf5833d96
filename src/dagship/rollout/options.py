"""The options of a rollout, a rollback and an undo, as the flags give them."""

from dataclasses import dataclass

from dagship.model.access import Access


@dataclass(frozen=True, kw_only=True)
class RolloutOptions:
    """The options of the three actions that move an Airflow.

    Attributes:
        selector: Label selector that workloads must match, or empty.
        names: `kind/name` of the workloads to move; empty for all that run the image.
        from_image: Repository whose place the image takes, or empty.
        timeout: Seconds that a workload may stand still.
        served_timeout: Seconds in which Airflow may read no further DAG file, until it serves what moved.
        dry_run: Whether to stop before the first change.
        undo: Whether to go back on failure.
        wait: Whether to wait for another rollout to end.
        force_ownership: Whether to take the image from another tool that owns it.
        allow_airflow_change: Whether Airflow's own version may change.
        hold: Seconds to wait, on Airflow 2, until no run of a DAG that changes is under way; None not to hold them.
        wait_for_runs: Seconds to wait for runs that need a DAG version which the image lacks; None not to wait.
        interrupt_tasks: Whether running tasks and unfinished runs may be lost.
        max_unavailable: Worker pods of a StatefulSet that may be away at a time.
        full: Whether every pod moves, also where what runs can take the DAG version alone.
        smoke: DAGs of which a run is to end well once Airflow serves them.
        access: Where Airflow's REST API is, and the token for it; None to ask in the scheduler.

    """

    selector: str = ""
    names: tuple[str, ...] = ()
    from_image: str = ""
    timeout: float = 600.0
    served_timeout: float = 120.0
    dry_run: bool = False
    undo: bool = True
    wait: bool = True
    force_ownership: bool = False
    allow_airflow_change: bool = False
    hold: float | None = None
    wait_for_runs: float | None = None
    interrupt_tasks: bool = False
    max_unavailable: int = 1
    full: bool = False
    smoke: tuple[str, ...] = ()
    access: Access | None = None
