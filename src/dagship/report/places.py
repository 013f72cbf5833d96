"""Paths of files from the repository's root, by which a pull request shows them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places of files in a repository, each relative to its root.

    Attributes:
        dags: The DAG directory; `.` for the root itself, or when unknown.
        beside: What lies beside it in a DAG version, by the name that it has there: `{"tables": "src/tables"}`.
        tests: The directory of the user's own tests, which names of tests start from.
        project: The directory that dagship ran in: where a finding is shown that is about no file.

    """

    dags: str = "."
    beside: Mapping[str, str] = field(default_factory=dict)
    tests: str = "."
    project: str = "."

    def of(self, file: str) -> str:
        """Returns the path of a file that is named relative to the DAG tree, or of a test by pytest's name of it."""
        path, is_test, _ = file.partition("::")
        if is_test:
            return _inside(self.tests, path)
        first, _, rest = path.partition("/")
        if first in self.beside:
            return _inside(self.beside[first], rest)
        return _inside(self.dags, path)

    @property
    def of_image(self) -> str:
        """The path for what is about no file: the settings, which say what an image is made of."""
        return _inside(self.project, "dagship.toml")


def _inside(directory: str, path: str) -> str:
    """Joins two, and keeps the result below the root: a path that would leave it is cut to what lies in there."""
    whole = normpath(join("/", directory, path.lstrip("/"))).lstrip("/")
    return whole or "."
