"""Collects what commands left in a directory, as a tar archive of files and links; it may be anything."""

import os
import stat
import tarfile


class Wrong(Exception):  # noqa: N818 - what was left is
    """What was left cannot be taken.

    Args:
        kind: As dagship.image knows it.
        path: Where, or empty.

    """

    def __init__(self, kind: str, path: str = "") -> None:
        super().__init__(kind)
        self.kind, self.path = kind, path


def pack(root: str, target: str, *, most_bytes: int, most_files: int) -> None:
    """Writes the archive; directories are not in it.

    Args:
        root: The directory.
        target: The archive.
        most_bytes: Bytes that all files may have together.
        most_files: How many there may be.

    Raises:
        Wrong: There is more than may be, or what is neither a file nor a link nor a directory.

    """
    left = most_bytes
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in files(root, most_files):
            place = os.path.join(root, path)
            status = os.lstat(place)
            member = tarfile.TarInfo(path)
            member.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
            if stat.S_ISLNK(status.st_mode):
                member.type, member.linkname = tarfile.SYMTYPE, os.readlink(place)
                archive.addfile(member)
            elif stat.S_ISREG(status.st_mode):
                # By what it says and before it is read: a file with holes in it has more than a disk.
                left -= status.st_size
                if left < 0:
                    raise Wrong("large")
                member.size = status.st_size
                with open(place, "rb") as file:
                    archive.addfile(member, file)
            else:
                raise Wrong("special", path)


def files(root: str, most: int) -> "list[str]":
    """Returns all that is no directory below `root`, sorted; no link is followed.

    Raises:
        Wrong: There is more than `most`, directories counted.

    """
    found: "list[str]" = []
    ahead = [""]
    seen = 0
    while ahead:
        below = ahead.pop()
        with os.scandir(os.path.join(root, below)) as entries:
            for entry in entries:
                seen += 1
                if seen > most:
                    raise Wrong("many")
                (ahead if entry.is_dir(follow_symlinks=False) else found).append(os.path.join(below, entry.name))
    return sorted(found)
