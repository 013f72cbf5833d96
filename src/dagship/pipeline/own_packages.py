"""Reads packages of the project itself, for the lock that names them and the image that they are built into."""

from collections.abc import Callable
from functools import cache

from dagship.pipeline.project import Project


def reader(project: Project) -> Callable[[str], bytes]:
    """Returns what reads the sources of a package, by its directory in the project: each is read once.

    The directory of DAGs is no part of one that it lies in: an edit of a DAG would make the lock stale.
    """
    settings = project.settings

    @cache
    def archive(path: str) -> bytes:
        from dagship.image.tree import package
        from dagship.lock.given import source_and_lock

        _, lock = source_and_lock(project.path(settings.requirements))
        apart = (settings.dags, settings.baseline, *settings.secret_files())
        return package.read(
            project.root,
            path,
            ignore=settings.ignore,
            left_out=[lock, *map(project.path, apart)],
            max_file_size=settings.max_file_size,
        )

    return archive
