"""What the test of an image saw, for that of a thin image on it: what did not change keeps its verdict. Pure.

All layers of a thin image but one are those of the image that it is put on, and of the DAG version in the one layer all
is as it was but for an edit. So files in which nothing was found, and which are what they were with all that they
import, are not imported again.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from dagship.model.snapshot import Snapshot, SnapshotFile
from dagship.model.verify_report import Finding
from dagship.verify.observation import Observation, Seen, SeenDag, SeenFile


def how(program: Mapping[str, bytes], environment: Mapping[str, str], platform: str) -> str:
    """Returns the SHA-256 of all by which one test of an image may come to another verdict than the next one, hex.

    Args:
        program: The code that imports, by its path.
        environment: The variables that the test sets, none of them secret.
        platform: `os/architecture` of the image.

    """
    variables = {f"${name}": value.encode() for name, value in environment.items()}
    digest = hashlib.sha256(f"{version('dagship')}\0{platform}".encode())
    for name, content in sorted({**variables, **program}.items()):
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def job(before: Snapshot) -> dict[str, Any]:
    """Returns what the code inside is to know of the test before."""
    return {"tree": before.tree, "files": {file: list(seen.imports) for file, seen in _sound(before).items()}}


def of_packages(before: Snapshot) -> tuple[Finding, ...]:
    """Returns what was found of the packages, which are the same: nobody looks at them again."""
    return tuple(one for one in before.findings if one.kind == "pip-check")


def whole(seen: Observation, before: Snapshot) -> Observation:
    """Returns an observation with the files that were not imported, as the test before saw them."""
    imported = {one.file for one in seen.files}
    sound = _sound(before)
    names = tuple(file for file in seen.before if file in sound and file not in imported)
    files = (*seen.files, *(_file(sound[name], seen.root) for name in names))
    ordered = tuple(sorted(files, key=lambda one: one.file)) if names else files
    return seen.model_copy(update={"files": ordered, "before": names})


def _sound(before: Snapshot) -> dict[str, SnapshotFile]:
    """The files with DAGs that nothing was noticed in, and that no finding is about which takes all files."""
    if any(one.severity == "error" and not one.file for one in before.findings):
        return {}
    found = {one.file for one in before.findings}
    return {one.file: one for one in before.files if one.dags and one.clean and one.file not in found}


def _file(known: SnapshotFile, root: str) -> SeenFile:
    # Where another file shows a DAG of this one, that is the one to be told about.
    origin = f"{root}/{known.file}"
    dags = tuple(SeenDag(id=dag.dag_id, line=dag.line, origin=origin) for dag in known.dags)
    return SeenFile(
        file=known.file,
        seen=Seen(
            seconds=known.seconds, dags=dags, twice=(), errors=(), network=(), warnings=(), varying="",
            imports=known.imports,
        ),
    )  # fmt: skip
