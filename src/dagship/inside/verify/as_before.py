"""Which DAG files are what they were in a test before, with all that they import: nobody imports them again. Pure.

What a file of Python is may depend on others that it imports, and on files of any other kind that it may read. So where
one of those changed, or a file came or went, nothing is taken to be as before.
"""

from collections.abc import Mapping, Sequence


def unaffected(
    tree: Mapping[str, str], tree_before: Mapping[str, str], files: Mapping[str, Sequence[str]]
) -> "frozenset[str]":
    """Returns those files.

    Args:
        tree: All files of the DAG version, each with its SHA-256; paths are relative to the DAG directory.
        tree_before: Those of the version before.
        files: DAG files of that in which nothing was found, each with the files of the tree that it imports.

    """
    if not tree or tree.keys() != tree_before.keys():
        return frozenset()
    changed = {path for path, digest in tree.items() if digest != tree_before[path]}
    if not all(path.endswith(".py") for path in changed):
        return frozenset()
    # A DAG that a file makes for another to show is lost when that one does so no more: both are looked at.
    looked_at = changed.union(*(files[path] for path in changed if path in files))
    return frozenset(file for file, imports in files.items() if file not in looked_at and changed.isdisjoint(imports))
