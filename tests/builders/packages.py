"""Packages of thin delivery, made by hand: as ours are, and as none of ours is."""

import io
import json
import tarfile
import zlib
from pathlib import Path
from typing import Any

from dagship.image.tree.model import Tree, TreeFile
from dagship.inside.versions.thin import package

FOUNDATION = "f" * 64


def tree(*, link: str = "", executable: tuple[str, ...] = (), **files: str) -> Tree:
    """A tree of Python files, `deep__a="text"` for deep/a.py; `beside__NAME__…` lies beside the DAG directory."""
    made = []
    for name, text in files.items():
        path = f"{name.replace('__', '/')}.py"
        path = f"../{path.removeprefix('beside/')}" if path.startswith("beside/") else path
        made.append(TreeFile(path=path, executable=name in executable, content=text.encode()))
    return Tree(source=Path("/x"), files=tuple(sorted(made, key=lambda file: file.path)), link=link)


def head(new: Tree, base: Tree, /, **changes: Any) -> tuple[tarfile.TarInfo, bytes]:
    """The member that comes first."""
    document = {
        "form": package.FORM,
        "version": new.version,
        "tree": new.digest,
        "base": base.version,
        "foundation": FOUNDATION,
        "removed": [],
        "link": new.link,
    }
    return file(package.HEAD, json.dumps({**document, **changes}).encode())


def file(path: str, content: bytes = b"", mode: int = 0o444) -> tuple[tarfile.TarInfo, bytes]:
    """A member with a file."""
    member = tarfile.TarInfo(path)
    member.mode, member.size = mode, len(content)
    return member, content


def packed(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """The package of some members, as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return gzip(buffer.getvalue())


def gzip(data: bytes) -> bytes:
    """Some bytes in gzip."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packing.compress(data) + packing.flush()
