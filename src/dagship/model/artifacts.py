"""Frozen values that the stages hand to one another, each a JSON file in `.dagship/` when a CI job ends.

Data runs one way: Settings → LockFile → Tree (image/tree/model.py) → BuiltImage → VerifyReport → PushedImage.
"""

from typing import Any

from pydantic import Field

from dagship.model.frozen import Artifact
from dagship.model.thin import Thin

_FACTS = ("dag_version", "dag_versions", "dag_digests", "dag_changes", "dags", "airflow", "platforms", "thin")


class DagImage(Artifact):
    """An image of DAGs, from its build to the record of its rollout.

    What is known of the image has the same name in each, and each has what it needs of that: its JSON is flat, and its
    keys stay where they are.
    """

    def facts(self, kind: "type[DagImage]") -> dict[str, Any]:
        """Returns what is known of the image as far as `kind` has fields for it, to make one of `kind` with."""
        here, there = type(self).model_fields, kind.model_fields
        return {name: getattr(self, name) for name in _FACTS if name in here and name in there}


class Directory(Artifact):
    """A directory as the base image has it: layers of ours that pass through it must say the same.

    Attributes:
        path: Absolute path.
        mode: Permission bits.
        uid: Owner.
        gid: Group.

    """

    path: str
    mode: int
    uid: int
    gid: int


class BaseImage(Artifact):
    """An image that holds Airflow, and where in it Airflow's environment lies.

    Attributes:
        reference: As the user named it.
        pinned: The same by digest, where the builder can resolve it; what `FROM` gets.
        id: The engine's image id, or the digest.
        platform: `os/architecture`.
        python: Absolute path of the interpreter that runs Airflow.
        python_version: Its version, `3.11.2`.
        prefix: `sys.prefix` of that interpreter: packages go there.
        purelib: Directory in which its packages lie.
        user_base: Where the image's user has further packages of their own (`~/.local`), or empty.
        airflow: Version of apache-airflow.
        user: The image's user, `uid[:gid]`, empty for root.
        packages: Every installed distribution, canonical name to version.
        directories: The directories on the way to the DAG versions and to `purelib` that the image already has.
        layers: Digests of its uncompressed layers, lowest first: an image built on it starts with them.

    """

    reference: str
    pinned: str
    id: str
    platform: str
    python: str
    python_version: str
    prefix: str
    purelib: str
    user_base: str = ""
    airflow: str
    user: str
    packages: dict[str, str]
    directories: tuple[Directory, ...]
    layers: tuple[str, ...]


class BuiltBase(Artifact):
    """The base image that `base` built: `lock` and `build` take it as their base.

    Attributes:
        reference: Image reference in the local engine.
        id: The engine's image id.
        airflow: Version of apache-airflow in it.

    """

    reference: str
    id: str
    airflow: str


class Moved(Artifact):
    """A package of the base image that another version takes the place of.

    Attributes:
        name: Canonical name.
        was: The version that the base has.
        now: The version in its place.
        by: What asks for that: a file, and its line.

    """

    name: str
    was: str
    now: str
    by: str

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.name} {self.was} → {self.now}, asked for by {self.by}"


class OwnPackage(Artifact):
    """A package of the project itself, as a lock has it.

    Attributes:
        path: Its directory in the project; `.` for the project.
        name: Canonical name.
        version: Its version.
        digest: SHA-256 of its sources, hex.

    """

    path: str
    name: str
    version: str
    digest: str


class LockFile(Artifact):
    """A lock: exact versions and hashes.

    Attributes:
        path: Where it came from, as shown to people.
        text: Its text, empty when there is nothing to install.
        digest: SHA-256 of the text, hex.
        written: Whether the file was made or changed.
        moved: The packages of the base that it moves.
        own: The packages of the project that are built and installed beside what it has.

    """

    path: str
    text: str
    digest: str
    written: bool = False
    moved: tuple[Moved, ...] = ()
    own: tuple[OwnPackage, ...] = ()


class Layer(Artifact):
    """A layer or a run of layers of an image.

    Attributes:
        what: What it holds, for people.
        bytes: What it takes on the engine's disk.

    """

    what: str
    bytes: int


class BuiltImage(DagImage):
    """An image that `build` made.

    Attributes:
        reference: Repository and content-addressed tag.
        id: The engine's image id; empty when the image was pushed by a builder and is not in the local engine.
        digest: The registry's digest when it was pushed, or empty.
        content: SHA-256 of all that went in, hex, or empty when the image does not say it.
        dag_version: The version id of the DAG tree.
        dag_versions: The ids of all DAG versions in the image: the current one, then from newest to oldest.
        dag_digests: Their whole digests, in the same order; none when the image does not say them.
        dag_changes: For each older version the files in which the current one differs from it, None when too many.
        airflow: Version of apache-airflow in the base.
        base: The base image, by digest where known.
        moved: The packages of the base that it has in another version.
        platforms: `os/architecture`, one or more.
        size: What the layers take on the engine's disk, bytes; 0 when it is not in the local engine.
        layers: What makes up the size.
        seconds: Seconds by build stage; empty when nothing was built.
        reused: Whether the image was there already.
        thin: The image that it is, but for one DAG version; None for one that was built whole.

    """

    reference: str
    id: str
    digest: str
    content: str = ""
    dag_version: str
    dag_versions: tuple[str, ...] = ()
    dag_digests: tuple[str, ...] = ()
    dag_changes: dict[str, tuple[str, ...] | None] = Field(default_factory=dict)
    airflow: str
    base: str
    moved: tuple[Moved, ...] = ()
    platforms: tuple[str, ...]
    size: int
    layers: tuple[Layer, ...]
    seconds: dict[str, float]
    reused: bool
    thin: Thin | None = None


class LocalAirflow(Artifact):
    """A local Airflow that ran until Ctrl-C.

    Attributes:
        image: The image.
        airflow: Version of Airflow.
        address: Where it answered.
        volume: The volume with its database and logs; empty when they went with it.

    """

    image: str
    airflow: str
    address: str
    volume: str


class PushedImage(DagImage):
    """An image that the registry has.

    Attributes:
        reference: Repository and tag.
        digest: The registry's digest, `sha256:…`: the identity from here on.
        dag_version: The version id of the DAG tree, or empty when the image is not one of ours.
        dag_versions: The ids of all DAG versions in it: the current one, then from newest to oldest.
        dag_digests: Their whole digests, in the same order; none when the image does not say them.
        dag_changes: For each older version the files in which the current one differs from it, None when too many.
        dags: The DAGs of its current version, and the file of each in the tree; empty when it was not tested.
        tested: Whether `test-image` passed on exactly this image.
        airflow: Version of apache-airflow in it, or empty.
        platforms: `os/architecture` it is for.
        thin: The image that it is, but for one DAG version; None for one that was built whole.

    """

    reference: str
    digest: str
    dag_version: str
    dag_versions: tuple[str, ...] = ()
    dag_digests: tuple[str, ...] = ()
    dag_changes: dict[str, tuple[str, ...] | None] = Field(default_factory=dict)
    dags: dict[str, str] = Field(default_factory=dict)
    tested: bool
    airflow: str = ""
    platforms: tuple[str, ...] = ()
    thin: Thin | None = None


class Target(DagImage):
    """The image to move to.

    Attributes:
        image: Repository and digest; its tag where no registry has it yet, in a dry run.
        digest: `sha256:…`.
        dag_version: DAG version, empty when unknown.
        airflow: Version of Airflow, empty when unknown.
        platforms: `os/architecture` it is for; empty when unknown.
        dag_versions: DAG versions that it holds, the current one first; empty when unknown.
        dag_digests: Their whole digests, in the same order; empty when unknown.
        dag_changes: For each older version the files in which the current one differs from it, None when too many.
        dags: Its DAGs, and the file of each in the DAG tree, as they were tested; empty when unknown.
        dag_pointer: DAG version that it is to announce instead of its current one, or empty.
        thin: The image that it is, but for one DAG version; None for one that was built whole.

    """

    image: str
    digest: str
    dag_version: str = ""
    airflow: str = ""
    platforms: tuple[str, ...] = ()
    dag_versions: tuple[str, ...] = ()
    dag_digests: tuple[str, ...] = ()
    dag_changes: dict[str, tuple[str, ...] | None] = Field(default_factory=dict)
    dags: dict[str, str] = Field(default_factory=dict)
    dag_pointer: str = ""
    thin: Thin | None = None

    @property
    def is_to_come(self) -> bool:
        """Whether no registry has it yet."""
        return bool(self.image) and "@" not in self.image

    @property
    def held(self) -> tuple[str, ...]:
        """The DAG versions that it holds; empty when unknown."""
        return self.dag_versions or ((self.dag_version,) if self.dag_version else ())
