"""What has to be there before a component of Airflow starts.

    prepare.py migrate      makes the tables, and the first user if ADMIN_USERNAME is set
    prepare.py wait         waits for the tables
    prepare.py dags ROOT    waits for the first DAG version below ROOT

Ends with status 1 and one sentence that names the cause.
"""

import os
import subprocess
import sys
import time

_URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# A database that only starts is there within this; seconds.
_PATIENCE = 40
# Others migrate meanwhile; a large database takes its time.
_TABLES = 1800
# From the first table on until those of all providers are there, or only Airflow can say what is missing.
_MOMENT = 30
_DAGS = 300


def wait_for_database() -> None:
    """Waits until the database lets us in."""
    import sqlalchemy
    from sqlalchemy.engine import make_url

    if not os.environ.get(_URL):
        return  # it comes from elsewhere (a command, a secrets backend), where only Airflow looks
    url = make_url(os.environ[_URL])
    patient = {"connect_timeout": 5} if url.get_backend_name() in ("postgresql", "mysql") else {}
    engine = sqlalchemy.create_engine(url, connect_args=patient, poolclass=sqlalchemy.pool.NullPool)
    place = "%s:%s" % (url.host, url.port) if url.port else str(url.host)
    until = time.monotonic() + _PATIENCE
    said = ""
    while True:
        try:
            engine.connect().close()
        except sqlalchemy.exc.SQLAlchemyError as failed:
            reason = " ".join(str(getattr(failed, "orig", None) or failed).split())
            if time.monotonic() > until or _is_final(reason):
                sys.exit("The database at %s cannot be reached: %s" % (place, reason))
            if reason != said:
                print("waiting for the database at %s: %s" % (place, reason), flush=True)
                said = reason
            time.sleep(1)
        else:
            return


def _is_final(reason: str) -> bool:
    """Whether waiting does not help: the server is there and says no."""
    final = ("password authentication failed", "does not exist", "no pg_hba.conf entry")
    return any(words in reason for words in final)


def migrate() -> None:
    """Makes the tables or brings them up to date, and makes the first user."""
    wait_for_database()
    done = subprocess.run(["airflow", "db", "migrate"], check=False)
    if done.returncode != 0:
        sys.exit("The tables could not be made: airflow db migrate ended with status %d." % done.returncode)
    if os.environ.get("ADMIN_USERNAME"):
        create_admin(os.environ["ADMIN_USERNAME"], os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])


def create_admin(name: str, email: str, password: str) -> None:
    """Makes the first user where FAB keeps the users and has none of that name."""
    from airflow.configuration import conf

    manager = conf.get("core", "auth_manager", fallback="FabAuthManager")
    if not manager.endswith("FabAuthManager"):
        print("users are not made here: the auth manager is %s" % manager)
        return
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    # In this process: a password in an argument list could be read by others.
    with get_application_builder() as builder:
        security = builder.sm
        if security.find_user(name):
            print("the user %s is there" % name)
        elif security.add_user(name, name, "", email, security.find_role("Admin"), password):
            print("the user %s was made" % name)
        else:
            sys.exit("The user %s could not be made; is %s another user's address?" % (name, email))


def wait_for_tables() -> None:
    """Waits until the tables are those of this Airflow."""
    wait_for_database()
    if are_tables_there():
        print("the tables are those of this Airflow")
        return
    os.environ["CONNECTION_CHECK_MAX_COUNT"] = "0"
    os.execvp("airflow", ["airflow", "db", "check-migrations", "--migration-wait-timeout=%d" % _TABLES])


def are_tables_there() -> bool:
    """Waits for any version of the tables, and a moment for that of this Airflow; says whether it is there for certain.

    Airflow's own check costs each component seconds of a processor.
    """
    import sqlalchemy
    from migrated import migrated

    if not os.environ.get(_URL):
        return False
    engine = sqlalchemy.create_engine(os.environ[_URL], poolclass=sqlalchemy.pool.NullPool)
    until, moment = time.monotonic() + _TABLES, None
    while time.monotonic() < (moment or until):
        try:
            with engine.connect() as connection:
                if connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).first():
                    moment = moment or time.monotonic() + _MOMENT
                    known = migrated(connection)
                    if known is not False:
                        return bool(known)
        except sqlalchemy.exc.SQLAlchemyError:
            pass  # no such table yet
        time.sleep(1)
    return False


def wait_for_dags(root: str) -> None:
    """Waits until the sync has published a version."""
    until = time.monotonic() + _DAGS
    while not os.path.exists(os.path.join(root, "CURRENT")):
        if time.monotonic() > until:
            sys.exit("No DAG version came within %d seconds; the log of the sync says why." % _DAGS)
        time.sleep(1)


if __name__ == "__main__":
    {"migrate": migrate, "wait": wait_for_tables, "dags": wait_for_dags}[sys.argv[1]](*sys.argv[2:])
