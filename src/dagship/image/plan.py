"""Plans an image: everything that is decided before the engine builds, its tag included.

The tag is made from the content: what goes in decides it, so the same input has the same tag everywhere.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from dagship.dockerfile import Recipe, compilers
from dagship.engine import images
from dagship.image import sidebyside
from dagship.image.tree import archive, at_home
from dagship.image.tree.model import Tree
from dagship.model import moved_packages
from dagship.model import thin as thin_
from dagship.model.artifacts import BaseImage, LockFile
from dagship.model.reference import Reference
from dagship.model.thin import LABEL_FOUNDATION, Thin
from dagship.resources import BESIDE_DAGS, programs, resource
from dagship.settings import Settings

LABEL_AIRFLOW = "io.dagship.airflow.version"
LABEL_LOCK = "io.dagship.lock"

_HASH_DIGITS = 12

# The name that Airflow gives its own: an Airflow that takes the image over keeps its DAGs. Nothing in an image changes,
# so the interval is no more than Airflow's own; and nothing in it may be cleaned up.
_BUNDLES = [
    {"name": "dags-folder", "classpath": "dagship_versions.bundle.BakedDagBundle", "kwargs": {"refresh_interval": 300}}
]

VIEW_URL = "DAGSHIP_VIEW_URL_TEMPLATE"
"""The variable of an image that tells the bundle in it; the code in inside/, which imports nothing, has its own."""

BASE = "base.json"
"""What the package `dagship_versions` in an image has of its base: where no engine is, nobody can look into that."""

INSTALLING = ("shared", "tools", "install", "own_packages")
"""Folders of `inside/` that run while the lock, and packages of the project, are installed."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that is known before the engine builds.

    Attributes:
        base: The base image.
        lock: What is installed besides.
        tree: The DAG tree.
        earlier: The versions that stay beside it, newest first.
        home: Plugins and configuration; None where there are none.
        archives: The sources of the lock's own packages, in their order.
        recipe: What the Dockerfile is rendered from.
        platforms: `os/architecture`, one or more.
        foundation: SHA-256 of all of it but the DAG versions, hex: what a version without its image can be put on.
        content: SHA-256 of all that goes in, hex: the same content is the same image.
        reference: Repository and content-addressed tag.
        thin: What it is put on, where that is an image that runs; `earlier` is then its current DAG version alone.
        package: What a pod of that image takes to assemble the DAG version.
        beneath: Whole digests of the DAG versions in that image which `earlier` does not have.

    """

    base: BaseImage
    lock: LockFile
    tree: Tree
    earlier: tuple[Tree, ...]
    home: Tree | None
    archives: tuple[bytes, ...]
    recipe: Recipe
    platforms: tuple[str, ...]
    foundation: str
    content: str
    reference: Reference
    thin: Thin | None = None
    package: bytes = b""
    beneath: tuple[str, ...] = ()


def plan(
    settings: Settings,
    base: BaseImage,
    lock: LockFile,
    tree: Tree,
    earlier: Sequence[Tree] = (),
    *,
    home: Tree | None = None,
    archives: Sequence[bytes] = (),
) -> Plan:
    """Decides what is built and what it is called; reads no more than the package's own files."""
    with_deps, with_own = bool(lock.text), bool(lock.own)
    within_prefix = base.purelib.startswith(f"{base.prefix}/")
    recipe = Recipe(
        base=base.pinned,
        python=base.python,
        prefix=base.prefix,
        user=base.user or "0",
        user_base=base.user_base,
        system_packages=settings.system_packages,
        source_packages=settings.source_packages if with_deps else (),
        build_packages=compilers(settings, own=with_own) if with_deps or with_own else (),
        with_tools=with_deps or with_own,
        with_deps=with_deps,
        with_own=with_own,
        moves=bool(lock.moved),
        with_runtime=True,
        versions_layer=not (with_deps and within_prefix),
        home=home.digest if home is not None else "",
        environment=(*at_home.environment(home, airflow=base.airflow).items(), *_page(settings)),
        dag_version=tree.version,
        earlier=tuple(version.version for version in earlier),
        bundles=json.dumps(_BUNDLES, separators=(",", ":")) if has_bundles(base.airflow) else "",
    )
    foundation = _foundation(settings, base, lock, recipe)
    recipe = replace(recipe, foundation=foundation)
    content = _digest({"foundation": foundation, "dags": [each.digest for each in (tree, *earlier)]})
    return Plan(
        base=base,
        lock=lock,
        tree=tree,
        earlier=tuple(earlier),
        home=home,
        archives=tuple(archives),
        recipe=recipe,
        platforms=settings.platform or (base.platform,),
        foundation=foundation,
        content=content,
        reference=tagged(Reference.repository(settings.repository), tree, content),
    )


def tagged(repository: Reference, tree: Tree, content: str) -> Reference:
    """Returns the name of an image that has a tree and a content."""
    return repository.tagged(f"{tree.version}-{content[:_HASH_DIGITS]}")


def _page(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The variable by which the bundle knows the page of a version; none where there is no such page."""
    return ((VIEW_URL, settings.view_url_template),) if settings.view_url_template else ()


def _foundation(settings: Settings, base: BaseImage, lock: LockFile, recipe: Recipe) -> str:
    """The digest of everything that goes in, but the DAG versions.

    Where packages come from, which builder is used and when it is built change nothing in the image.
    """
    goes_in = {
        "base": [base.pinned, base.id if base.pinned == base.reference else ""],
        "directories": [directory.model_dump() for directory in base.directories],
        "lock": lock.digest,
        "platform": settings.platform or (base.platform,),
        "recipe": asdict(replace(recipe, dag_version="", earlier=())),
        "template": resource("images/airflow/Dockerfile.j2").read_text("utf-8"),
        "purelib": base.purelib,
        "versions": {**versions_files(), archive.START: ""},
        "own": [one.model_dump() for one in lock.own],
        "inside": _installing_files() if recipe.with_tools else {},
    }
    return _digest(goes_in)


def _digest(goes_in: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(goes_in, sort_keys=True).encode()).hexdigest()


def _installing_files() -> dict[str, str]:
    return {name: path.read_text("utf-8") for name, path in programs(*INSTALLING).items()}


def has_bundles(airflow: str) -> bool:
    """Whether a version of Airflow serves DAG versions side by side."""
    return airflow.partition(".")[0].isdecimal() and int(airflow.partition(".")[0]) > 2  # noqa: PLR2004 - 3 has them


def versions_files() -> dict[str, str]:
    """Returns the files of the package `dagship_versions`: path in it to text."""
    top = resource("inside/versions")
    package = {path.relative_to(top).as_posix(): path for path in top.rglob("*.py")}
    # What imports DAG files, of the test of an image: the sync checks commits with it.
    tester = {f"check/tester/{BESIDE_DAGS}/{name}": path for name, path in programs("verify").items()}
    return {name: path.read_text("utf-8") for name, path in sorted({**package, **tester}.items())}


def base_facts(base: BaseImage) -> str:
    """Returns what is known of a base that is the same on every machine, as a document."""
    own = {"reference": base.pinned, "id": base.id if base.pinned == base.reference else ""}
    return json.dumps(base.model_copy(update=own).model_dump(mode="json"), sort_keys=True)


def digests_of(plan: Plan) -> tuple[str, ...]:
    """Returns the whole digests of the DAG versions in the image, the current one first."""
    return tuple(dict.fromkeys([*(tree.digest for tree in (plan.tree, *plan.earlier)), *plan.beneath]))


def labels(plan: Plan, revision: Mapping[str, str]) -> dict[str, str]:
    """Returns the labels of the image, the OCI annotations among them."""
    _, _, digest = plan.base.pinned.partition("@")
    return {
        "org.opencontainers.image.base.name": plan.base.reference,
        **({"org.opencontainers.image.base.digest": digest} if digest else {}),
        "org.opencontainers.image.version": plan.reference.tag,
        **sidebyside.labels(digests_of(plan), sidebyside.changes(plan.tree, plan.earlier)),
        images.LABEL_CONTENT: plan.content,
        LABEL_FOUNDATION: plan.foundation,
        **(thin_.labels(plan.thin) if plan.thin is not None else {}),
        LABEL_AIRFLOW: plan.base.airflow,
        **({LABEL_LOCK: plan.lock.digest} if plan.lock.text else {}),
        **moved_packages.labels(plan.lock.moved),
        **revision,
    }
