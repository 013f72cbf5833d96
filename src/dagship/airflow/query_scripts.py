"""What is run in a scheduler to ask Airflow: Python for `asking.run`, the same for 2.10 to 3.3."""

# A command in a container has the container's environment. The scheduler may have another: a shell that starts it reads
# a file, an agent fetches secrets, the image's entrypoint sets what it finds. So the first thing is to become what the
# scheduler is: its interpreter, with its environment and in its directory. Where a process is given a title, by
# setproctitle, that overwrites its environment and blurs its command, unless SPT_NOENV is set, as it is in images of
# ours; then the container's environment is what there is, and `alive` sees whether it will do.
BEGIN = """
import base64, os, re, sys, zlib
script = zlib.decompress(base64.urlsafe_b64decode(sys.argv[1])).decode()
command, how, env, unread = os.fsencode(sys.argv[2][:8]), [sys.executable or "python"], dict(os.environb), b""
for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int) if command else ():
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as said:
            words = re.split(b"[\\0 ]", said.read())
        names = [os.path.basename(word)[:8] for word in words]
        if not names[0].startswith((b"python", b"pypy")) or (b"airflow", command) not in zip(names, names[1:]):
            continue
        with open("/proc/%s/environ" % pid, "rb") as said:
            found = dict(one.split(b"=", 1) for one in said.read().split(b"\\0") if b"=" in one)
        unread = b"" if found else b"overwritten"
        if found:
            how, env = [os.fsdecode(words[0])] + how, found
            os.chdir("/proc/%s/cwd" % pid)
            break
    except PermissionError:
        unread = unread or b"forbidden"
    except OSError:  # it has ended
        pass
for python in how:
    try:
        os.execvpe(python, [python, "-c", script] + sys.argv[3:], {**env, b"DAGSHIP_UNREAD": unread})
    except OSError:
        pass
"""

# Answers go through the same door in every script: one line, and why there is none.
ANSWER = """
import sys
sys.path[:] = [at for at in sys.path if at]  # Airflow does not import from the directory that it is started in
import json, os, re
class NoUse(Exception):
    pass
def redacted(text):
    def shown(m):
        known = m[2] is not None and not m[1].startswith("http")
        return m[1] + "://" + (m[2] + ":" if known else "") + "***@"
    long, known = r"\\S{4097,}", r"(?:([^\\s/:@]{0,256}):\\S{0,4096}|[^\\s/@'\\"]{0,4096})@"
    return re.sub(r"(\\w{0,20})://(?:%s|%s)" % (long, known), shown, text)
def answer(ask):
    try:
        said = ask()
    except NoUse as why:
        said = {"no_use": str(why), "unread": os.environ.get("DAGSHIP_UNREAD", "")}
    except BaseException as why:
        lines = [line for line in str(why).splitlines() if line.strip()] or [""]
        said = {"error": redacted(type(why).__name__ + ": " + lines[0])}
    sys.stdout.write("\\n@@DAGSHIP@@" + json.dumps(said) + "\\n")
    sys.stdout.flush()
    os._exit(0)
def alive(session):
    # Before anything is read or written: that it is Airflow's database, which is told by its schedulers' signs of life.
    import time
    from airflow.configuration import conf
    from airflow.jobs.job import Job
    from sqlalchemy import func, select
    url = session.get_bind().url
    where = "%s, %s" % (url.get_backend_name(), "/".join(filter(None, [url.host, url.database])))
    if url.get_backend_name() == "sqlite" and not os.path.exists(url.database or ""):
        raise NoUse("its database is not there (%s)" % where)  # a connection would make it
    beat = session.scalar(select(func.max(Job.latest_heartbeat)).where(Job.job_type == "SchedulerJob"))
    most = max(300, conf.getint("scheduler", "scheduler_health_check_threshold", fallback=30))
    if beat is None or time.time() - beat.timestamp() > most:
        since = "ever" if beat is None else "since %s" % beat.isoformat(timespec="seconds")
        raise NoUse("no scheduler has given a sign of life to its database %s (%s)" % (since, where))
"""

# A variable of the environment, and the version that is current in the image.
VARIABLE = """
def ask():
    now = "/opt/airflow/dag-versions/CURRENT"
    return {"value": os.environ.get(sys.argv[1]), "current": open(now).read().strip() if os.path.isfile(now) else ""}
answer(ask)
"""

LIVE = """
def ask():
    import time
    from datetime import datetime, timezone
    import airflow
    from airflow.configuration import conf
    from airflow.models import DagModel as D, DagRun as R, TaskInstance as T
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
    stale = hasattr(D, "is_stale")  # Airflow 3
    of = [R.dag_id, D.is_paused, D.is_stale if stale else D.is_active, D.relative_fileloc if stale else D.fileloc]
    # Not those of other bundles than the image's, which has the name of Airflow's own, nor of packages (examples).
    # A DAG that was deleted has no row: then all of it is NULL.
    ours = or_(D.bundle_name.is_(None), D.bundle_name == "dags-folder") if stale else or_(
        D.fileloc.is_(None), D.fileloc.not_like("%/site-packages/%"))
    of += [] if pin is None else [pin]
    unended = R.state.in_(["queued", "running"])
    on = ["running", "restarting"]
    with create_session() as s:
        alive(s)
        runs = s.execute(select(*by, func.count()).where(unended).group_by(*by)).all()
        dags = s.execute(select(*of, func.count()).select_from(R).outerjoin(D, D.dag_id == R.dag_id).where(
            unended, ours).group_by(*of).order_by(R.dag_id).limit(1000)).all()
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
        "dags": [{"dag_id": r[0], "paused": bool(r[1]), "gone": r[2] is None or bool(r[2]) == stale, "runs": r[-1],
            "file": text(r[3]) if stale else "", "version": "" if pin is None else text(r[-2])} for r in dags],
        "tasks": [task(r) for r in tasks], "running": sum(counts.get(n, 0) for n in on),
        "queued": counts.get("queued", 0), "changed": [task(r) for r in changed], "held": held,
        "current": open(now).read().strip() if os.path.isfile(now) else "",
        "folder": str(conf.get("core", "dags_folder", fallback="")),
        "baked": "BakedDagBundle" in conf.get("dag_processor", "dag_bundle_config_list", fallback="")}
answer(ask)
"""
