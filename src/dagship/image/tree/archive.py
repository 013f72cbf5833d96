"""The layers that carry DAGs and what serves them, as tar archives that are unpacked at `/`.

An archive says the owner, mode and time of everything in it, so that its layer has the same digest wherever and
whenever it is built, and no file's name ever appears in a Dockerfile.
"""

import io
import posixpath
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import PurePath, PurePosixPath

from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.layout import DAGS
from dagship.model.artifacts import Directory
from dagship.model.thin import PACKAGE

MOST = 1024 * 1024 * 1024
"""Bytes of an archive that is taken out of an image: no tree that was embedded has so many."""

START = (
    "import sys; sys.meta_path.append(type('DagshipFinder', (), {'find_spec': staticmethod(lambda name, path=None, "
    "target=None: None if path is not None or name == 'dagship_versions' or "
    "not any(str(each).endswith(('/dags', '/dags/')) for each in sys.path) else "
    "__import__('dagship_versions.finder', fromlist=['find']).find(name))}))\n"
)
"""What Python runs as it starts: the line of the file beside the package `dagship_versions`.

No file is read for it, also not when Python then looks for what is seldom there (`sitecustomize`). `sys` is that of the
module `site`, which runs it.
"""

# Any time does; this is the earliest that a zip archive made from these files can say.
TIME = 315532800


def version_archive(tree: Tree, root: str, directories: Sequence[Directory], *, package: bytes = b"") -> bytes:
    """Returns the tar archive of the layer that holds this version, to be unpacked at `/`.

    It says too that the version is current. So it is while no other layer lies above that says the same of another:
    the layer need not change when it comes to lie below, and there is no second one to push.

    Args:
        tree: The DAG tree.
        root: Absolute path of the version directories in the image.
        directories: Those directories above `root` that the base has.
        package: What a running image takes to assemble it; it comes before all files, for those who read it alone.

    """
    inner = sorted(
        {str(above) for file in tree.files for above in PurePosixPath(_place(file)).parents if str(above) != "."}
    )
    members = [_directory(f"{root}/{tree.version}"), *(_directory(f"{root}/{tree.version}/{path}") for path in inner)]
    members += [_link(f"{root}/{tree.version}/{tree.link}")] if tree.link else []
    files = [
        (
            _member(f"{root}/{tree.version}/{_place(file)}", tarfile.REGTYPE, 0o555 if file.executable else 0o444),
            file.content,
        )
        for file in tree.files
    ]
    current = _member(f"{root}/CURRENT", tarfile.REGTYPE, 0o444), f"{tree.version}\n".encode()
    first = [(_member(PACKAGE, tarfile.REGTYPE, 0o444), package)] if package else []
    return _archive(root, directories, members, [*first, *files, current])


def home_archive(tree: Tree, home: str, directories: Sequence[Directory]) -> bytes:
    """Returns the tar archive of the layer with what lies in Airflow's home, to be unpacked at `/`.

    Args:
        tree: Plugins and configuration.
        home: Airflow's home in the image.
        directories: The directories on the way that the base has.

    """
    inner = sorted(
        {str(above) for file in tree.files for above in PurePosixPath(file.path).parents if str(above) != "."}
    )
    members = [_directory(f"{home}/{path}") for path in inner]
    files = [
        (_member(f"{home}/{file.path}", tarfile.REGTYPE, 0o555 if file.executable else 0o444), file.content)
        for file in tree.files
    ]
    return _archive(home, directories, members, files)


def source_archive(files: Sequence[TreeFile]) -> bytes:
    """Returns files alone as a tar archive, which is the same for the same ones."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            member = _member(file.path, tarfile.REGTYPE, 0o755 if file.executable else 0o644)
            member.size = len(file.content)
            archive.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()


def pack(tree: Tree) -> bytes:
    """Returns a tree as a tar archive of its files alone, below its version id."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in tree.files:
            member = _member(f"{tree.version}/{_place(file)}", tarfile.REGTYPE, 0o555 if file.executable else 0o444)
            member.size = len(file.content)
            archive.addfile(member, io.BytesIO(file.content))
        if tree.link:
            archive.addfile(_link(f"{tree.version}/{tree.link}"))
    return buffer.getvalue()


def unpack(data: bytes, version: str, digest: str = "") -> Tree | None:
    """Reads the tree of a version from `pack`, or from the directory of an image; None when it is not that version.

    Args:
        data: The archive.
        version: The id that the tree must have.
        digest: The whole digest that it must have; empty where nobody knows it.

    """
    files: list[TreeFile] = []
    link = ""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                place = member.name.removeprefix("./").removeprefix(f"{version}/")
                if member.issym() and member.linkname == DAGS and not link:
                    link = place
                    continue
                # A version holds nothing else, and what a sparse file unpacks to has no limit.
                if not (member.isdir() or member.isreg()) or member.issparse():
                    return None
                content = archive.extractfile(member)
                if content is not None:
                    path = posixpath.relpath(place, DAGS)
                    files.append(TreeFile(path=path, executable=bool(member.mode & 0o100), content=content.read()))
    except (tarfile.TarError, EOFError):
        return None
    tree = Tree(source=PurePath(version), files=tuple(sorted(files, key=lambda file: file.path)), link=link)
    return tree if tree.version == version and digest in {"", tree.digest} else None


def of_layer(data: bytes, root: str, version: str, digest: str) -> Tree | None:
    """Reads the tree of a version from a layer that has it; None when that is not there, or another.

    Args:
        data: The archive of the layer.
        root: Absolute path of the version directories in the image.
        version: The id that the tree must have.
        digest: The whole digest that it must have.

    """
    above = f"{root.strip('/')}/"
    buffer = io.BytesIO()
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(data)) as layer,
            tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as found,
        ):
            for member in layer:
                if member.name.startswith(f"{above}{version}/"):
                    member.name = member.name.removeprefix(above)
                    found.addfile(member, layer.extractfile(member) if member.isreg() else None)
    except (tarfile.TarError, EOFError):
        return None
    return unpack(buffer.getvalue(), version, digest)


def package_archive(
    files: Mapping[str, str], purelib: str, directories: Sequence[Directory], *, below: str = ""
) -> bytes:
    """Returns the tar archive that holds the package `dagship_versions`, and what each Python starts of it.

    Args:
        files: Path in the package to text.
        purelib: Absolute path of the directory in which packages lie.
        directories: Those directories on the way to it that the base has.
        below: The directory at which it is to be unpacked, empty for `/`.

    """
    package = f"{purelib}/dagship_versions"
    inner = sorted({str(parent) for name in files for parent in PurePosixPath(name).parents if str(parent) != "."})
    members = [_directory(package), *(_directory(f"{package}/{path}") for path in inner)]
    content = [(_member(f"{package}/{name}", tarfile.REGTYPE, 0o444), text.encode()) for name, text in files.items()]
    content.append((_member(f"{package}.pth", tarfile.REGTYPE, 0o444), START.encode()))
    return _archive(purelib, directories, members, content, below=below)


def _place(file: TreeFile) -> str:
    """Where a file lies in the directory of its version."""
    return posixpath.normpath(f"{DAGS}/{file.path}")


def _archive(
    root: str,
    known: Sequence[Directory],
    members: Sequence[tarfile.TarInfo],
    files: Sequence[tuple[tarfile.TarInfo, bytes]],
    *,
    below: str = "",
) -> bytes:
    buffer = io.BytesIO()
    existing = {directory.path: directory for directory in known}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for parent in [*reversed(PurePosixPath(root).parents), PurePosixPath(root)]:
            if PurePosixPath(below or "/") in parent.parents:
                archive.addfile(_relative(_parent(str(parent), existing.get(str(parent))), below))
        for member in members:
            archive.addfile(_relative(member, below))
        for member, content in files:
            member.size = len(content)
            archive.addfile(_relative(member, below), io.BytesIO(content))
    return buffer.getvalue()


def _relative(member: tarfile.TarInfo, below: str) -> tarfile.TarInfo:
    member.name = member.name.removeprefix(f"{below.strip('/')}/") if below else member.name
    return member


def _parent(path: str, known: Directory | None) -> tarfile.TarInfo:
    """A directory on the way: as the base has it, since a layer that passes through it states its mode and owner."""
    member = _member(path, tarfile.DIRTYPE, known.mode if known else 0o755)
    if known is not None:
        member.uid, member.gid = known.uid, known.gid
    return member


def _directory(path: str) -> tarfile.TarInfo:
    return _member(path, tarfile.DIRTYPE, 0o555)


def _link(path: str) -> tarfile.TarInfo:
    member = _member(path, tarfile.SYMTYPE, 0o777)
    member.linkname = DAGS
    return member


def _member(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.lstrip("/"))
    member.type, member.mode, member.mtime = kind, mode, TIME
    return member
