"""The images of the engine and of registries, asked for, pulled and named through the `docker` command.

It answers in 20 ms, less than importing docker-py takes, and `build` asks each time.
"""

import json
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dagship import process
from dagship.engine import created, diagnosis, refusing
from dagship.errors import OutsideError

LABEL_CONTENT = "io.dagship.content"
"""SHA-256 of all that went into an image: a tag holds a few of its digits, and they are tried for in a minute."""

# A registry that is silent keeps the command waiting without end, and nothing is lost without an answer.
_ANSWER_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """The facts of an image that the engine has.

    Attributes:
        id: Image id.
        digests: `repository@sha256:…` as far as known.
        platform: `os/architecture`.
        labels: Labels.
        environment: Variables.
        user: `USER`, empty for root.
        size: Bytes.
        layers: Digests of the uncompressed layers, lowest first.

    """

    id: str
    digests: tuple[str, ...]
    platform: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    user: str
    size: int
    layers: tuple[str, ...]


def inspect(reference: str) -> ImageFacts | None:
    """Asks the engine for an image; None when it has none of that name.

    Raises:
        OutsideError: The engine does not answer.

    """
    finished = process.run(["docker", "image", "inspect", "--", reference])
    if finished.code != 0:
        if diagnosis.says_no_such_image(finished.stderr):
            return None
        raise diagnosis.of_engine(finished.stderr)
    return _facts(json.loads(finished.stdout)[0])


def _facts(document: dict[str, Any]) -> ImageFacts:
    config = document.get("Config") or {}
    return ImageFacts(
        id=document["Id"],
        digests=tuple(document.get("RepoDigests") or ()),
        platform=f"{document['Os']}/{document['Architecture']}",
        labels=config.get("Labels") or {},
        environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
        user=config.get("User") or "",
        size=document["Size"],
        layers=tuple(document["RootFS"].get("Layers") or ()),
    )


def platforms(reference: str) -> Mapping[str, str]:
    """Returns the platforms that a registry has an image for, each with the digest of what it has for that one.

    Empty when it has no index of it, or cannot be asked.
    """
    finished = process.run(
        ["docker", "buildx", "imagetools", "inspect", "--raw", "--", reference], limit=_ANSWER_SECONDS
    )
    return platforms_of(finished.stdout) if finished.code == 0 else {}


def platforms_of(text: str) -> Mapping[str, str]:
    """Reads the platforms of an index, each with its digest; none where a registry has sent something else."""
    try:
        found = {
            "/".join(filter(None, map((each.get("platform") or {}).get, ("os", "architecture", "variant")))): each
            for each in json.loads(text).get("manifests", ())
        }
        return {name: each["digest"] for name, each in found.items() if name and not name.startswith("unknown")}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


@dataclass(frozen=True, kw_only=True)
class InRegistry:
    """The facts of an image in a registry, read without pulling it.

    Attributes:
        digest: Its digest.
        labels: Labels; of any of its platforms.
        layers: Digests of the uncompressed layers, lowest first, by platform.

    """

    digest: str
    labels: Mapping[str, str]
    layers: Mapping[str, tuple[str, ...]]


def in_registry(reference: str, advice: str = diagnosis.OF_A_BASE) -> InRegistry:
    """Asks a registry for an image.

    Args:
        reference: The image.
        advice: What to do where that one is not to be had.

    Raises:
        OutsideError: The registry does not have it, or cannot be asked.

    """
    asks = ["docker", "buildx", "imagetools", "inspect", "--format={{json .}}", "--", reference]
    finished = process.run(asks, limit=_ANSWER_SECONDS)
    if finished.code == -signal.SIGKILL:
        raise OutsideError(
            f"The registry of {reference} did not answer within {_ANSWER_SECONDS:g} s.",
            "See whether it is up, and whether this machine reaches it.",
        )
    if finished.code != 0:
        raise diagnosis.of_pull(reference, finished.stderr, advice)
    said = json.loads(finished.stdout)
    image = said.get("image")
    return InRegistry(digest=str(said["manifest"]["digest"]), labels=labels_of(image), layers=_layers(image))


def labels_of(document: object) -> dict[str, str]:
    """Reads the labels in a configuration, or in the first of an index, which is platform to configuration."""
    config = next((each.get("config") for each in _configurations(document)), None)
    return dict((config.get("Labels") if isinstance(config, dict) else None) or {})


def _layers(document: object) -> dict[str, tuple[str, ...]]:
    return {
        f"{each.get('os')}/{each.get('architecture')}": tuple((each.get("rootfs") or {}).get("diff_ids") or ())
        for each in _configurations(document)
    }


def _configurations(document: object) -> list[dict[str, Any]]:
    parts = document.values() if isinstance(document, dict) and "config" not in document else [document]
    return [part for part in parts if isinstance(part, dict)]


def pull(reference: str, advice: str = diagnosis.OF_A_BASE, *, others: Iterable[str] | None = ()) -> None:
    """Pulls an image in the engine's own platform.

    Args:
        reference: The image.
        advice: What to do where that one is not to be had.
        others: Platforms of which the first will do where it is not there for the engine's own; None for any.

    Raises:
        OutsideError: It cannot be pulled.

    """
    finished = _pull(reference)
    if finished.code != 0 and refusing.says_other_platform(finished.stderr):
        other = next(iter(platforms(reference) if others is None else others), "")
        finished = _pull(reference, f"--platform={other}") if other else finished
    if finished.code != 0:
        raise diagnosis.of_pull(reference, finished.stderr, advice)


def _pull(reference: str, *options: str) -> process.Finished:
    return process.run(["docker", "pull", "--quiet", *options, "--", reference])


def tag(reference: str, name: str) -> None:
    """Gives an image of the engine a further name.

    Raises:
        OutsideError: The engine does not have it, or does not answer.

    """
    finished = process.run(["docker", "tag", reference, name])
    if finished.code != 0:
        raise diagnosis.of_engine(finished.stderr)


def history(reference: str) -> tuple[tuple[str, int], ...]:
    """Returns (instruction, bytes) of each step of an image, newest first; nothing when the engine has no such image.

    Raises:
        OutsideError: The engine does not answer.

    """
    finished = _history(reference)
    if finished.code != 0 and diagnosis.says_not_unpacked(finished.stderr):
        # The engine's containerd store measures layers that are unpacked. It does not unpack an image of another
        # platform (moby issue 50851), and may lose what it had when an image of the same layers is removed meanwhile.
        created.unpack(reference, _platform(reference))
        finished = _history(reference)
    if finished.code != 0 and diagnosis.says_no_such_image(finished.stderr):
        return ()
    if finished.code != 0:
        raise diagnosis.of_engine(finished.stderr)
    steps = (json.loads(line) for line in finished.stdout.splitlines())
    return tuple((step["CreatedBy"], int(step["Size"])) for step in steps)


def _platform(reference: str) -> str:
    facts = inspect(reference)
    return facts.platform if facts is not None else ""


def _history(reference: str) -> process.Finished:
    return process.run(["docker", "history", "--no-trunc", "--human=false", "--format={{json .}}", "--", reference])
