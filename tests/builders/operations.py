"""Operations and ledgers on a namespace of plain data, which is the gateway, the feed and the lease at once."""

import io
from typing import Any

from dagship.airflow.activity import Activity
from dagship.airflow.drain import Drains
from dagship.model.artifacts import Target
from dagship.record import form
from dagship.record.ledger import Ledger
from dagship.record.model import Move, Record
from dagship.rollout.execute.operation import Moving, Notes, Observed, Operation
from dagship.rollout.options import RolloutOptions
from dagship.rollout.plan.model import Planned
from dagship.rollout.survey import Survey
from dagship.terminal.console import Console
from dagship.workloads.inventory import Inventory


def operation(
    namespace: Any, plan: Planned, survey: Survey | None = None, *, activity: Activity | None = None, **options: Any
) -> Operation:
    """An operation that asked Airflow for its activity."""
    return Operation(
        cluster=namespace,
        options=RolloutOptions(**options),
        notes=Notes(console=Console(stderr=io.StringIO())),
        survey=survey or Survey(inventory=Inventory(objects={}, workloads=()), record=Record()),
        plan=plan,
        meant=frozenset(move.key for move in plan.moves),
        observed=Observed(activity=activity),
    )


def ledger(namespace: Any, operation: Operation) -> Ledger:
    """The ledger of an operation, whose record was read when the namespace was."""
    record = operation.survey.record
    read = None
    if record != Record():
        read = namespace.create("ConfigMap", {"metadata": {"name": form.NAME}, "data": form.dump(record)})
    return Ledger(namespace, namespace, read, warn=lambda said: operation.notes.warn([said]))


def moving(namespace: Any, target: Target, *moves: Move, record: Record | None = None) -> Moving:
    """A rollout that moves things."""
    survey = Survey(inventory=Inventory(objects={}, workloads=()), record=record or Record())
    plan = Planned(kind="rollout", target=target, moves=moves)
    begun = operation(namespace, plan, survey, timeout=20)
    drains = Drains(None, lambda: None)
    return Moving(operation=begun, ledger=ledger(namespace, begun), feed=namespace, drains=drains)
