"""Decides what `init` writes and says of a repository. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dagship.errors import UsageError
from dagship.init import airflow_version, dag_directory, dockerfile, files, needs, steps, surroundings
from dagship.init.dag_directory import Dags
from dagship.init.dockerfile import Instruction
from dagship.init.model import Left, Listing, Seen, Setting
from dagship.init.needs import Needs

SETTINGS = "dagship.toml"
CI: Mapping[str, tuple[str, str]] = {
    "github": (".github/workflows/dagship.yml", files.GITHUB),
    "gitlab": (".gitlab-ci.yml", files.GITLAB),
}
_OLDEST = (2, 11)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be written and said.

    Attributes:
        texts: Files by their paths.
        saw: What was seen, a sentence each.
        left: What is not carried over.

    """

    texts: Mapping[str, str]
    saw: tuple[str, ...]
    left: tuple[Left, ...]


def plan(listing: Listing, default: str) -> Plan:
    """Decides on a repository.

    Args:
        listing: Its files.
        default: The version of Airflow that is taken where none is named.

    Raises:
        UsageError: There are no DAGs.

    """
    dags = dag_directory.find(listing)
    if dags is None:
        raise UsageError(
            "No file here makes a DAG: none that mentions airflow calls DAG( or has @dag.",
            "Run it at the top of the repository of your DAGs.",
        )
    needed = needs.find(listing, dags.path)
    found = _dags(listing, dags) + _airflow(listing, default) + needed.seen + _dockerfile(listing, dags, needed)
    found += surroundings.beside(listing, dags)
    texts = {SETTINGS: files.settings(found.settings), **({needed.source: needed.text} if needed.text else {})}
    return Plan(texts=texts, saw=found.saw, left=found.left)


def ci(kind: str) -> tuple[str, str]:
    """Returns the path of a CI workflow, and its text.

    Raises:
        UsageError: It is none that is known.

    """
    if kind not in CI:
        raise UsageError(f"--ci={kind[:40]}: there is no workflow for that.", f"Write one of: {', '.join(CI)}.")
    return CI[kind]


def _dags(listing: Listing, dags: Dags) -> Seen:
    many = "1 file" if len(dags.files) == 1 else f"{len(dags.files)} files"
    where = "the repository's root" if dags.path == "." else f"{dags.path}/"
    saw = f"It is {surroundings.kind(listing, dags)}: {many} in {where} may define DAGs."
    return Seen(settings=(Setting(name="dags", value=dags.path, why="The directory of DAGs"),), saw=(saw,))


def _airflow(listing: Listing, default: str) -> Seen:
    names = airflow_version.named(listing)
    first = next((one for one in names if one.whole), None)
    if first is None:
        of = f": {names[0].where} has {names[0].version[:20]!r}, which is no whole one" if names else ""
        return Seen(
            saw=(f"Which Airflow it is for is not known{of}. {default} is taken; airflow in {SETTINGS} says another.",)
        )
    saw = [f"Airflow {first.version}, by {first.where}."]
    saw += [
        f"{one.where} names Airflow {one.version}, which is not taken."
        for one in names
        if one.whole and one.version != first.version
    ]
    if tuple(map(int, first.version.split(".")[:2])) < _OLDEST:
        saw.append(f"dagship is made for Airflow 2.11 and 3; it is not tested with {first.version}.")
    return Seen(
        settings=(Setting(name="airflow", value=first.version, why=f"The version of Airflow ({first.where})"),),
        saw=tuple(saw),
    )


def _dockerfile(listing: Listing, dags: Dags, needed: Needs) -> Seen:
    there = sorted((path for path in listing.texts if path.rpartition("/")[2] == "Dockerfile"), key=_depth)
    for path in there:
        instructions = dockerfile.read(listing.texts[path])
        base = dockerfile.base(instructions)
        if base is not None and (path == "Dockerfile" or "airflow" in base.rest):
            source = needed.source if not needed.text else ""
            carried = surroundings.taken(listing, dags)
            return _base(path, base) + steps.judge(instructions, path, requirements=source, carried=carried)
    return Seen()


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _base(path: str, base: Instruction) -> Seen:
    where = f"{path}:{base.line}"
    if airflow_version.ASTRO.search(base.rest):
        left = Left(
            where=where, what="the Astro runtime, whose tag does not name a release of Airflow",
            instead="airflow in dagship.toml says which; `airflow version` in that image tells. What the runtime adds"
            " to Airflow is not in the official image (docs/how-to/astro.md).",
        )  # fmt: skip
        return Seen(left=(left,))
    if "apache/airflow" in base.rest:
        return Seen()
    left = Left(
        where=where, what="FROM an image that is not the official one of Airflow",
        instead="If it holds Airflow, name it as base in dagship.toml: it stays as it is then.",
    )  # fmt: skip
    return Seen(left=(left,))
