"""An empty database for Airflow 2, as its dag-processor has one: without tables each question to it is an error.

It lies in the file that the test is told of, and nowhere else. Nothing can be written to it, so that no file finds what
another has put there; and it is there again for the next file when one has tidied up.
"""

import contextlib
import importlib
import os


class Tables:
    """The database; made once, before the forks."""

    def __init__(self) -> None:
        from airflow import settings
        from airflow.models import import_all_models
        from airflow.models.base import Base
        from sqlalchemy import create_engine

        url = settings.engine.url
        self._path = url.database if url.get_backend_name() == "sqlite" and url.database else ""
        self._content = b""
        if not self._path:
            return
        import_all_models()
        with contextlib.suppress(ImportError):  # Airflow's tables refer to those of its users, who may be there or not
            importlib.import_module("airflow.providers.fab.auth_manager.models")
        made = self._beside()
        try:
            engine = create_engine("sqlite:///" + made)
            Base.metadata.create_all(engine)
            engine.dispose()
            with open(made, "rb") as file:
                self._content = file.read()
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(made)
        self.put()

    def put(self) -> None:
        """Puts it where Airflow looks for it, whole or not at all, unless it is there."""
        if not self._path or os.path.exists(self._path):
            return
        made = self._beside()
        with open(made, "wb") as file:
            file.write(self._content)
        os.chmod(made, 0o444)
        os.rename(made, self._path)

    def _beside(self) -> str:
        return "%s.%d" % (self._path, os.getpid())
