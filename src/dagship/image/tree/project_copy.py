"""The files of a DAG version laid as the project has them, which is how commands know them; and back again.

What comes back may be anything: it is laid where it can be read as a project is, and what lies elsewhere is refused.
"""

import io
import posixpath
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dagship.errors import OutsideError, UsageError
from dagship.image.tree import beside
from dagship.image.tree.archive import TIME
from dagship.image.tree.ignored import IGNORE_FILE
from dagship.image.tree.model import Tree
from dagship.untrusted import files

MOST_FILES = 100_000
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the parts of a version lie in the project; paths with `/`, the project itself is empty.

    Attributes:
        dags: The DAG directory.
        beside: What lies beside it in the version: name there to path.

    """

    dags: str
    beside: Mapping[str, str]

    def of(self, path: str) -> str:
        """Returns where a file of the tree lies in the project."""
        if not path.startswith("../"):
            return posixpath.join(self.dags, path)
        name, slash, rest = path.removeprefix("../").partition("/")
        return self.beside[name] + slash + rest

    def hold(self, path: str) -> bool:
        """Whether a file of the project belongs to the version."""
        return any(not top or path == top or path.startswith(f"{top}/") for top in (self.dags, *self.beside.values()))


def places(project: Path, tree: Tree, include: tuple[Path, ...]) -> Places:
    """Returns where the parts of a tree lie in a project.

    Raises:
        UsageError: Its DAG directory is not in the project.

    """
    directory = Path(tree.source)
    dags = beside.within(project, directory)
    if dags is None:
        raise UsageError(
            f"The setting prepare works on files of the project, and the DAG directory {tree.source} is not in it.",
            f"Name a directory in {project} with --dags, or call dagship in the project that it is of.",
        )
    return Places(dags=dags, beside=beside.named(directory, project, include))


def laid(project: Path, tree: Tree, where: Places) -> dict[str, tuple[bool, bytes]]:
    """Returns the files of a tree by their place in the project, each with its executable bit.

    What says which files stay out is with them: it counts for those that commands make, too.
    """
    found = {where.of(file.path): (file.executable, file.content) for file in tree.files}
    for top in {where.dags, *where.beside.values()}:
        directory = top if (project / top).is_dir() else posixpath.dirname(top)
        rules = project / directory / IGNORE_FILE
        if rules.is_file():
            found[posixpath.join(directory, IGNORE_FILE)] = (False, files.read(rules))
    return found


def pack(laid: Mapping[str, tuple[bool, bytes]]) -> bytes:
    """Returns files as a tar archive, the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, (executable, content) in sorted(laid.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(content), 0o755 if executable else 0o644, TIME
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def unpack(archive: Path, into: Path, where: Places, given: Mapping[str, object]) -> None:
    """Lays what commands left.

    Args:
        archive: Files and links.
        into: A directory that is not there yet.
        where: The places that belong to the version.
        given: What the commands were given.

    Raises:
        UsageError: There is a file elsewhere.
        OutsideError: The archive is none of this kind.

    """
    try:
        # What is packed, or has holes, may be larger than any disk.
        with tarfile.open(archive, "r:") as opened:
            members = opened.getmembers()
            _check_kind(members)
            outside = [each.name for each in members if each.name not in given and not where.hold(each.name)]
            if outside:
                raise _outside(outside, where)
            if any(each.name == where.dags for each in members):  # a link there would be followed
                raise UsageError(
                    f"The commands of prepare put something else in the place of the directory {where.dags}.",
                    "Have them write into it.",
                )
            for member in members:
                _lay(opened, member, into / member.name)
        (into / where.dags).mkdir(parents=True, exist_ok=True)
    except (OSError, tarfile.TarError, EOFError) as broken:
        raise OutsideError("The commands of prepare left no files that can be read.", "", str(broken)) from broken


def _check_kind(members: list[tarfile.TarInfo]) -> None:
    """Refuses what is no list of files and links, each once and none below another."""
    names = {member.name for member in members}
    for member in members:
        parts = member.name.split("/")
        above = {"/".join(parts[:count]) for count in range(1, len(parts))}
        is_ours = (member.isreg() and not member.issparse()) or member.issym()
        if {"", ".", ".."} & set(parts) or above & names or not is_ours:
            raise tarfile.TarError(f"{member.name!r} is not what dagship writes")
    if len(names) != len(members):
        raise tarfile.TarError("a name is there twice")


def _lay(opened: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content = opened.extractfile(member) if member.isreg() else None
    if content is None:
        target.symlink_to(member.linkname)  # where it leads is looked at by who reads the tree
        return
    with target.open("xb") as file:
        shutil.copyfileobj(content, file)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _outside(paths: list[str], where: Places) -> UsageError:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return UsageError(
        f"The commands of prepare wrote to places that are not of the DAG version: {', '.join(paths[:_SHOWN])}{more}.",
        f"They may write below {', '.join((where.dags, *where.beside.values()))}. Have them write there, or to "
        "$TMPDIR what nobody needs; or name the directory in the setting include.",
    )


def difference(before: Tree, after: Tree) -> str:
    """Returns what commands did to a tree, in words."""
    was = {file.path: (file.executable, file.content) for file in before.files}
    now = {file.path: (file.executable, file.content) for file in after.files}
    return ", ".join(_counted(was, now)) or "no file is another than before"


def _counted(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    changed = sum(now[path] != was[path] for path in now.keys() & was.keys())
    for count, what in (
        (len(now.keys() - was.keys()), "new"),
        (changed, "changed"),
        (len(was.keys() - now.keys()), "gone"),
    ):
        if count:
            yield f"{count} {what}"
