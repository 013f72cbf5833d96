"""Examines a base image: finds it in the engine or pulls it, and asks where its Airflow lives.

Any image that holds Airflow serves as a base. Its environment is found, not assumed: the interpreter is the one that
the `airflow` command of the image starts with, or else the Python in PATH.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from dagship.engine import images
from dagship.errors import OutsideError, UsageError
from dagship.model.artifacts import BaseImage
from dagship.resources import resource
from dagship.terminal.console import Console
from dagship.untrusted import files
from dagship.workspace import Workspace

_MARK = "@@FACTS@@"

# $1 is the Python program to run, $2 what else Python is told. The first line of `airflow` names its interpreter; where
# that would be too long for the kernel, pip writes a shell's exec with it into the second.
FIND_PYTHON = r"""
options=${2-}
if airflow=$(command -v airflow); then
    first=$(head -n 1 "$airflow")
    case $first in
        '#!'*python*) set -- "$1" ${first#'#!'} ;;
        *) set -- "$1" "$(sed -n "2s/^'''exec' \"\{0,1\}\([^\" ]*\).*/\1/p" "$airflow")" ;;
    esac
    [ -z "$2" ] || exec "$2" ${3:+"$3"} $options -c "$1"
fi
for python in python3 python; do
    command -v "$python" >/dev/null && exec "$python" $options -c "$1"
done
exit 90
"""


def probe(
    workspace: Workspace,
    console: Console,
    reference: str,
    *,
    inspected: Callable[[], images.ImageFacts | None] | None = None,
    builder: str = "",
    platforms: Sequence[str] = (),
) -> BaseImage:
    """Finds out what is in a base image, once for each image id.

    Args:
        workspace: Where the answer is kept.
        console: Shows the pull, if there is one.
        reference: The base image.
        inspected: Gives what the engine says of it, where somebody asks already.
        builder: The buildx builder that will build on it, empty for the current one.
        platforms: Those to build for: the first is looked into where the base is not there for the engine's own.

    Raises:
        UsageError: The image holds no Airflow.
        OutsideError: It cannot be had, or the engine does not answer.

    """
    facts = inspected() if inspected is not None else images.inspect(reference)
    if facts is None:
        with console.step(f"Pulling {reference}"):
            images.pull(reference, others=platforms)
        facts = images.inspect(reference)
        if facts is None:
            raise UsageError(f"The image {reference} was pulled and is gone again.", "Run it again.")
    name = "-".join(filter(None, (facts.id.removeprefix("sha256:"), builder)))
    kept = workspace.cache("bases") / f"{name}.json"
    if (known := _known(kept, reference)) is not None:
        return known
    with console.step(f"Looking into {reference}"):
        found = _ask(reference, facts.id, facts.platform)
        pinned = _pinned(reference, facts.digests)
        resolved = all(_resolves(name, builder, facts.platform) for name in (reference, pinned))
        pinned = pinned if resolved else reference
    base = BaseImage(
        reference=reference,
        pinned=pinned,
        id=facts.id,
        layers=facts.layers,
        platform=facts.platform,
        user=facts.user,
        **found,  # type: ignore[arg-type]
    )
    # A digest that could not be resolved may be a passing fault, and the name is made from it: asked again next time.
    if pinned == _pinned(reference, facts.digests):
        workspace.write_text(kept, base.model_dump_json(indent=2))
    return base


def _known(kept: Path, reference: str) -> BaseImage | None:
    try:
        base = BaseImage.model_validate_json(files.read(kept))
    except (OSError, ValueError):
        return None  # not there, or of another version of dagship: asked again
    return base if base.reference == reference else None


def _ask(reference: str, image_id: str, platform: str) -> dict[str, object]:
    from dagship.engine import containers

    program = resource("inside/probe.py").read_text("utf-8")
    with containers.running(image_id, platform=platform) as container:
        answer = container.execute(["sh", "-c", FIND_PYTHON, "sh", program])
    _, mark, document = answer.output.partition(_MARK)
    found: dict[str, object] = json.loads(document) if mark else {}
    if not found.get("airflow"):
        raise UsageError(
            f"The image {reference} holds no Airflow: no apache-airflow in its Python.",
            "Name an image that has it, apache/airflow:<version> for instance, or build one with `base`.",
        )
    return found


def _pinned(reference: str, digests: tuple[str, ...]) -> str:
    """The digest under the reference's own repository if the engine knows it: another name may not be reachable."""
    name = reference.partition("@")[0]
    name = name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name
    return next((digest for digest in digests if digest.startswith(f"{name}@")), reference)


def _resolves(reference: str, builder: str, platform: str) -> bool:
    """Whether the builder finds an image of that name.

    An image that was never in a registry is found by its tag alone, until something was built on the tag once: only
    then does BuildKit know the digest, in the store that it shares with the engine. A builder with a store of its own
    finds what a registry has, and nothing else.
    """
    from dagship.engine import builds

    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch:
        dockerfile = Path(scratch, "Dockerfile")
        dockerfile.write_text(f"FROM {reference}\n", encoding="utf-8")
        try:
            builds.build(
                builds.Build(
                    context=Path(scratch),
                    dockerfile=dockerfile,
                    builder=builder,
                    platforms=(platform,),
                    outputs=("type=cacheonly",),
                )
            )
        except OutsideError:
            return False
    return True
