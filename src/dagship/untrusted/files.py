"""Files that others may have laid: only regular ones are read, and no more of them than is good.

A name in a project may be a pipe, which is waited for without end, or a link to a device that has none.
"""

import errno
import os
import stat
from pathlib import Path

TEXT_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that a person writes: settings, requirements and their lock, patterns."""


def read(path: Path, *, limit: int = TEXT_LIMIT) -> bytes:
    """Reads a regular file.

    Raises:
        OSError: It is not there, cannot be read, is no regular file, or has more than `limit` bytes: `strerror` says
            which.

    """
    # Not waited for where it is a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it has more than {limit} bytes", str(path))
    return content
