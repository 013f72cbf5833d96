"""What is run in the scheduler of an Airflow 2 to hold DAGs: Python for `asking.run`.

A paused DAG of Airflow 2 starts no tasks, of runs under way neither: those would never end. So a DAG is paused in a
moment when none of its runs is under way, and until then no further run of it begins: its limit of active runs is 0 in
the database, which the parsing of its file puts right within half a minute, whatever becomes of us.

Each pause is in Airflow's audit log, in the transaction that makes it: so exactly what was paused is let go.
"""

_COMMON = """
def given():
    import base64, zlib
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(sys.argv[1])))
def alone(session, ids):
    # First in a transaction: who holds and who lets go come one after the other, and each sees what the other did.
    from airflow.models import DagModel as D
    from sqlalchemy import select
    session.execute(select(D.dag_id).where(D.dag_id.in_(ids)).order_by(D.dag_id).with_for_update()).all()
def limit(session, dag_id):
    from airflow.configuration import conf
    from airflow.models.serialized_dag import SerializedDagModel
    row = SerializedDagModel.get(dag_id, session=session)
    own = row.dag.max_active_runs if row else None
    return conf.getint("core", "max_active_runs_per_dag") if own is None else own
"""

LOOK = (
    _COMMON
    + """
def ask():
    import time
    import airflow
    if not airflow.__version__.startswith("2."):
        return {"airflow": airflow.__version__}
    from airflow.configuration import conf
    from airflow.models import DagModel as D, DagRun as R
    from airflow.utils.session import create_session
    from sqlalchemy import func, select
    root = os.path.realpath(conf.get("core", "dags_folder"))
    with create_session() as s:
        alive(s)
        on = dict(s.execute(select(R.dag_id, func.count()).where(R.state == "running").group_by(R.dag_id)).all())
        rows = s.execute(select(D.dag_id, D.fileloc, D.is_paused).where(D.is_active.is_(True)).order_by(D.dag_id)).all()
    name = os.path.basename(root)
    dags = [[i, os.path.relpath(os.path.realpath(f or root), root), bool(p), on.get(i, 0)] for i, f, p in rows]
    return {"airflow": airflow.__version__, "asked": time.time(), "dags": dags,
        "version": name if re.fullmatch("[0-9a-f]{12}", name) else "",
        "there": [p for p in given() if os.path.exists(os.path.join(root, p))]}
answer(ask)
"""
)

HOLD = (
    _COMMON
    + """
def ask():
    import time
    from datetime import datetime, timezone
    from airflow.models import DagModel as D, DagRun as R, Log
    from airflow.utils.session import create_session
    from sqlalchemy import func, select, update
    from sqlalchemy.exc import OperationalError
    say = given()
    ids, end = say["dags"], time.time() + say["seconds"]
    since = datetime.fromtimestamp(say["since"], timezone.utc)
    on = select(R.dag_id, func.count()).where(R.dag_id.in_(ids), R.state == "running").group_by(R.dag_id)
    under_way = select(R.id).where(R.dag_id == D.dag_id, R.state == "running").correlate(D).exists()
    released = select(func.max(Log.id)).where(Log.event == "dagship release")
    with create_session() as s:
        alive(s)
        began = s.scalar(released)
        ours = set(s.scalars(select(Log.dag_id).where(
            Log.event == "dagship hold", Log.dttm >= since, Log.dag_id.in_(ids))))
    quiet = None
    def step(s, ours):
        alone(s, ids)
        # Whoever asked may be gone, and another may have let the DAGs go.
        stop = s.scalar(released) != began
        running = dict(s.execute(on).all())
        rows = s.execute(select(D.dag_id, D.is_paused, D.max_active_runs).where(
            D.dag_id.in_(ids), D.is_active.is_(True))).all()
        frozen = []
        for dag_id, paused, most in [] if stop else rows:
            own = update(D).where(D.dag_id == dag_id).execution_options(synchronize_session=False)
            if paused and dag_id in running:
                # A run began in the moment when its DAG was paused: it goes on.
                if dag_id in ours:
                    s.execute(own.values(is_paused=False, max_active_runs=0))
                    ours.discard(dag_id)
                else:
                    frozen.append(dag_id)
            elif not paused and dag_id in running and most != 0:
                s.execute(own.values(max_active_runs=0))
            elif not paused and dag_id not in running:
                held = s.execute(own.where(D.is_paused.is_(False), ~under_way).values(is_paused=True))
                if held.rowcount:
                    s.add(Log("dagship hold", owner="dagship", extra="held for a rollout", dag_id=dag_id))
                    ours.add(dag_id)
                    if most == 0:
                        s.execute(own.values(max_active_runs=limit(s, dag_id)))
        return ours, stop, running, rows, frozen
    while True:
        try:
            with create_session() as s:
                found = step(s, set(ours))
        except OperationalError:  # a deadlock, and this was chosen to end it
            if time.time() >= end:
                raise
            time.sleep(0.5)
            continue
        ours, stop, running, rows, frozen = found
        now = time.time()
        # The scheduler's own transaction may begin a run that is not seen yet.
        quiet = (quiet or now) if not running and all(p or i in ours for i, p, _ in rows) else None
        if stop or now >= end or frozen or (quiet and now - quiet >= 3):
            return {"held": sorted(ours), "running": running, "frozen": frozen, "stopped": stop,
                "done": bool(quiet and now - quiet >= 3)}
        time.sleep(0.5)
answer(ask)
"""
)

LET_GO = (
    _COMMON
    + """
def ask():
    from datetime import datetime, timezone
    from airflow.models import DagModel as D, Log
    from airflow.models.dataset import DagScheduleDatasetReference as Wants, DatasetDagRunQueue, DatasetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import func, select, update
    say = given()
    ids, since = say["dags"], datetime.fromtimestamp(say["since"], timezone.utc)
    let_go = []
    with create_session() as s:
        alive(s)
        alone(s, ids)
        s.add(Log("dagship release", owner="dagship"))
        held = dict(s.execute(select(Log.dag_id, func.max(Log.dttm)).where(
            Log.event == "dagship hold", Log.dttm >= since, Log.dag_id.in_(ids)).group_by(Log.dag_id)).all())
        for dag_id, most in s.execute(select(D.dag_id, D.max_active_runs).where(D.dag_id.in_(ids))).all():
            own = update(D).where(D.dag_id == dag_id).execution_options(synchronize_session=False)
            if most == 0:
                s.execute(own.values(max_active_runs=limit(s, dag_id)))
            if dag_id in held and s.execute(own.where(D.is_paused.is_(True)).values(is_paused=False)).rowcount:
                let_go.append(dag_id)
                # Airflow does not queue a dataset's event for a DAG that is paused.
                for data in s.scalars(select(Wants.dataset_id).where(Wants.dag_id == dag_id)).all():
                    if s.scalar(select(func.count()).select_from(DatasetEvent).where(
                            DatasetEvent.dataset_id == data, DatasetEvent.timestamp >= held[dag_id])):
                        s.merge(DatasetDagRunQueue(dataset_id=data, target_dag_id=dag_id))
    return {"let_go": sorted(let_go)}
answer(ask)
"""
)
