"""`.dagship/`: where tasks hand over to one another, and what need not be done twice.

.dagship/base.json, image.json, report.json, push.json     artifacts
.dagship/cache/                                            content-addressed; safe to delete
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from dagship.errors import UsageError, of_system
from dagship.model.frozen import Artifact
from dagship.untrusted import boundary, files

NAME = ".dagship"
# A report holds a traceback for each file of each version.
_MOST = 256 * 1024 * 1024

_Artifact = TypeVar("_Artifact", bound=Artifact)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Gives a file to write that takes the place of `path` at the end, and is gone if the end is not reached.

    Raises:
        OSError: It cannot be written.

    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Says which place cannot be written, and what to do."""
    try:
        yield
    except OSError as failed:
        raise of_system(failed)(
            f"{path} cannot be written: {failed.strerror}.", "Free space or fix its permissions."
        ) from failed


class Workspace:
    """The `.dagship/` directory of a project.

    Args:
        root: The project's directory.
        name: What it is called there.

    """

    def __init__(self, root: Path, *, name: str = NAME) -> None:
        self.root = root
        self.directory = root / name

    def write(self, name: str, artifact: Artifact) -> Path:
        """Writes an artifact whole or not at all, and returns its path."""
        path = self.directory / f"{name}.json"
        self.write_text(path, artifact.model_dump_json(indent=2) + "\n")
        return path

    def read(self, name: str, kind: type[_Artifact]) -> _Artifact | None:
        """Reads an artifact; None when there is none.

        Raises:
            UsageError: The file is not what `kind` describes, or there is a link in `.dagship`.

        """
        boundary.refuse_links(self.directory)
        path = self.directory / f"{name}.json"
        try:
            return kind.model_validate_json(files.read(path, limit=_MOST))
        except FileNotFoundError:
            return None
        except OSError as failed:
            raise UsageError(
                f"{path} cannot be read as what an earlier task wrote: {failed.strerror}.",
                "Fix its permissions, or delete it and run that task again.",
            ) from failed
        except ValidationError as broken:
            raise UsageError(
                f"{path} cannot be read as what an earlier task wrote.", "Delete it and run that task again."
            ) from broken

    def forget(self, name: str) -> None:
        """Removes an artifact that no longer holds.

        Raises:
            UsageError: There is a link in `.dagship`, or it is one.

        """
        boundary.refuse_links(self.directory)
        (self.directory / f"{name}.json").unlink(missing_ok=True)

    def cache(self, kind: str) -> Path:
        """Returns the directory of one kind of cached thing, made if need be.

        Raises:
            UsageError: It cannot be made, or there is a link in `.dagship`.

        """
        self._make()
        path = self.directory / "cache" / kind
        with _writing(path):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def write_text(self, path: Path, text: str) -> None:
        """Writes a file whole or not at all: a reader sees the old text or the new.

        Raises:
            UsageError: The directory cannot be written, or there is a link in `.dagship`.
            OutsideError: The disk is full.

        """
        self._make()
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as file:
                file.write_text(text, encoding="utf-8")

    def _make(self) -> None:
        """Makes the directory, invisible to git; another task may be doing so at this moment."""
        boundary.refuse_links(self.directory)
        with _writing(self.directory):
            self._make_directory()

    def _make_directory(self) -> None:
        hidden = self.directory / ".gitignore"
        if not hidden.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            with whole(hidden) as file:
                file.write_text("*\n", encoding="utf-8")
