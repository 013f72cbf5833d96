"""What is run in a scheduler to ask Airflow: Python for `asking.run`, the same for 2.10 to 3.3."""

# Answers go through the same door in every script: one line, and why there is none.
ANSWER = """
import json, os, re, sys
def answer(ask):
    try:
        said = ask()
    except BaseException as why:
        lines = [line for line in str(why).splitlines() if line.strip()] or [""]
        said = {"error": re.sub(r"(://[^\\s:/@]*):[^\\s/]*@", r"\\1:***@", type(why).__name__ + ": " + lines[0])}
    sys.stdout.write("\\n@@DAGSHIP@@" + json.dumps(said) + "\\n")
    sys.stdout.flush()
    os._exit(0)
"""

LIVE = """
def ask():
    import time
    from datetime import datetime, timezone
    import airflow
    from airflow.configuration import conf
    from airflow.models import DagRun as R, TaskInstance as T
    from airflow.utils.session import create_session
    from sqlalchemy import func, or_, select
    text = lambda v: "" if v is None else str(getattr(v, "value", v))
    stamp = lambda v: v.timestamp() if v else None
    def task(r):
        return {"dag_id": r[0], "run_id": r[1], "task_id": r[2], "map_index": r[3], "try_number": r[4] or 0,
            "state": text(r[5]), "host": r[6] or "", "began": stamp(r[7]), "ended": stamp(r[8])}
    cols = T.dag_id, T.run_id, T.task_id, T.map_index, T.try_number, T.state, T.hostname, T.start_date, T.end_date
    pin = getattr(R, "bundle_version", None)
    by = [R.state] + ([] if pin is None else [pin])
    on = ["running", "restarting"]
    with create_session() as s:
        runs = s.execute(select(*by, func.count()).where(R.state.in_(["queued", "running"])).group_by(*by)).all()
        tasks = s.execute(select(*cols).where(T.state.in_(on)).order_by(T.start_date).limit(1000)).all()
        counts = dict((text(a), b) for a, b in s.execute(select(T.state, func.count()).where(
            T.state.in_(["queued"] + on)).group_by(T.state)))
        changed = []
        if len(sys.argv) > 1:
            since = datetime.fromtimestamp(float(sys.argv[1]), timezone.utc)
            odd = or_(T.state.is_(None), T.state.not_in(["success", "skipped", "removed"]), T.try_number > 1)
            began = T.start_date.is_not(None)
            changed = s.execute(select(*cols).where(T.updated_at >= since, began, odd).limit(1000)).all()
    root = "/opt/airflow/dag-versions"
    held = sorted(n for n in os.listdir(root) if re.match("[0-9a-f]+$", n)) if os.path.isdir(root) else []
    now = os.path.join(root, "CURRENT")
    return {"airflow": airflow.__version__, "asked": time.time(),
        "runs": [{"state": text(r[0]), "version": text(r[1]) if pin is not None else "", "runs": r[-1]} for r in runs],
        "tasks": [task(r) for r in tasks], "running": sum(counts.get(n, 0) for n in on),
        "queued": counts.get("queued", 0), "changed": [task(r) for r in changed], "held": held,
        "current": open(now).read().strip() if os.path.isfile(now) else "",
        "baked": "BakedDagBundle" in conf.get("dag_processor", "dag_bundle_config_list", fallback="")}
answer(ask)
"""
