"""Which DAG files are what they were in a test before, with all that they import: nobody imports them again. Pure.

A file depends on those of the tree that it imports, and it may read any that is not Python's in a way that nobody sees.
So where one of those changed, or a file came or went, nothing is taken to be as before.
"""

from collections.abc import Mapping, Sequence


def unaffected(
    tree: Mapping[str, str], tree_before: Mapping[str, str], files: Mapping[str, Sequence[str]]
) -> "frozenset[str]":
    """Returns those files.

    Args:
        tree: All files of the DAG version, each with its SHA-256; paths are relative to the DAG directory.
        tree_before: Those of the version before.
        files: DAG files of that in which nothing was found, each with the files that it imports; one that is not in the
            tree may be any.

    """
    if not tree or tree.keys() != tree_before.keys():
        return frozenset()
    changed = {path for path, digest in tree.items() if digest != tree_before[path]}
    if not all(path.endswith(".py") for path in changed):
        return frozenset()
    same = tree.keys() - changed
    return frozenset(file for file, imports in files.items() if file in same and same.issuperset(imports))
