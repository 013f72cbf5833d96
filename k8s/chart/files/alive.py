"""Says whether a component of Airflow that has no port is alive: alive.py JOB_TYPE

It is when its job in the database had a heartbeat lately. `airflow jobs check` says the same, and takes ten times the
processor's time.
"""

import os
import socket
import sys

_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# Heartbeats come every 5 seconds.
_LATELY = 120


def is_alive(job_type: str) -> bool:
    """Whether a job of this type on this host had a heartbeat lately."""
    import datetime as dt

    import sqlalchemy

    engine = sqlalchemy.create_engine(os.environ[_URL], poolclass=sqlalchemy.pool.NullPool)
    job = sqlalchemy.table("job", *map(sqlalchemy.column, ("job_type", "state", "hostname", "latest_heartbeat")))
    lately = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=_LATELY)
    # As Airflow may call the host: [core] hostname_callable.
    names = {socket.getfqdn(), socket.gethostname(), socket.gethostbyname(socket.gethostname())}
    query = (
        sqlalchemy.select(sqlalchemy.func.count())
        .select_from(job)
        .where(job.c.job_type == job_type, job.c.state == "running", job.c.hostname.in_(names))
        .where(sqlalchemy.type_coerce(job.c.latest_heartbeat, sqlalchemy.DateTime(timezone=True)) > lately)
    )
    with engine.connect() as connection:
        return connection.execute(query).scalar() > 0


if __name__ == "__main__":
    if not os.environ.get(_URL):  # the database's address comes from elsewhere, where only Airflow looks
        os.execvp("airflow", ["airflow", "jobs", "check", "--job-type", sys.argv[1], "--local"])
    if not is_alive(sys.argv[1]):
        sys.exit("no %s of this host had a heartbeat in the last %d seconds" % (sys.argv[1], _LATELY))
