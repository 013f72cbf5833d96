"""The contradictions of the untouched base: asked for only when the packages of an image do not fit one another."""

from dagship.engine import images
from dagship.errors import OutsideError
from dagship.model.artifacts import BuiltImage
from dagship.probe import FIND_PYTHON
from dagship.verify.observation import Packages

_CHECK = """
import os, shutil, subprocess, sys
places = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
uv = shutil.which("uv", path=places) if {tool!r} == "uv" else None
own = [uv, "--no-cache", "pip", "check", "--python", sys.executable]
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "check"]
sys.exit(subprocess.call(own if uv else pip, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT))
"""


def lines(seen: Packages, image: BuiltImage, facts: images.ImageFacts) -> frozenset[str]:
    """Returns what the same check says of the base image; nothing when the packages fit, or the base cannot be had.

    Args:
        seen: What the check said of the image.
        image: The image.
        facts: What the engine knows of it.

    """
    if seen.code == 0:
        return frozenset()
    from dagship.engine import containers

    base = _base(image, facts)
    if base is None:
        return frozenset()
    with containers.running(base.id, platform=base.platform) as container:
        ended = container.execute(["sh", "-c", FIND_PYTHON, "sh", _CHECK.format(tool=seen.tool)])
    return frozenset(ended.output.splitlines())


def _base(image: BuiltImage, facts: images.ImageFacts) -> images.ImageFacts | None:
    """The very base that the image was built on; another of its name contradicts other things."""
    name, digest = (facts.labels.get(f"org.opencontainers.image.base.{what}", "") for what in ("name", "digest"))
    reference = f"{name.partition('@')[0]}@{digest}" if name and digest else image.base or name
    if not reference:
        return None
    try:
        found = _had(reference)
        if found is not None and found.platform != facts.platform:
            own = images.platforms(reference).get(facts.platform)
            found = _had(f"{reference.partition('@')[0]}@{own}") if own else None
    except OutsideError:
        return None
    return found if found is not None and facts.layers[: len(found.layers)] == found.layers else None


def _had(reference: str) -> images.ImageFacts | None:
    found = images.inspect(reference)
    if found is None:
        images.pull(reference, others=None)
        found = images.inspect(reference)
    return found
