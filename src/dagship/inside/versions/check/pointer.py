"""What git leaves in the place of a file that it keeps elsewhere."""

# The first line of every pointer (github.com/git-lfs/git-lfs, docs/spec.md).
_FIRST = b"version https://git-lfs.github.com/spec/v1\n"
LONGEST = 1024
"""Bytes that no pointer has."""


def is_pointer(content: bytes) -> bool:
    """Whether the content of a file is a pointer of Git LFS, and not what it stands for."""
    return len(content) < LONGEST and content.startswith(_FIRST) and b"\noid " in content
