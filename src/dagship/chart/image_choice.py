"""Chooses the image of an install: named, pushed, or kept as it runs. Pure.

--image first. A release that is there keeps the image of its values, since the chart keeps what runs only while they
name the same one: what was pushed since is a rollout's to bring. A first install takes what `push` recorded, and where
there is none what the values files say. A release that has its image from there follows them from then on, so Helm's
history keeps in writing where it is from.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dagship.chart.model import Source
from dagship.errors import UsageError
from dagship.model.artifacts import Target
from dagship.model.reference import Reference

Values = Mapping[str, Any]

_WRITTEN = "dagship install, image from "
_PARTS = ("repository", "tag", "digest")


def merged(documents: Iterable[Values]) -> dict[str, Any]:
    """Puts values together as Helm does: maps are merged, null takes away, anything else replaces."""
    whole: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            before = whole.get(name)
            if value is None:
                whole.pop(name, None)
            elif isinstance(value, Mapping):
                whole[name] = merged([before if isinstance(before, Mapping) else {}, value])
            else:
                whole[name] = value
    return whole


def image_of(values: Values) -> str:
    """Returns the image that values name; empty where it is none or not whole."""
    image = values.get("image")
    parts = {name: str(image.get(name) or "") for name in _PARTS} if isinstance(image, Mapping) else {}
    if not parts.get("repository") or not (parts["tag"] or parts["digest"]):
        return ""
    return parts["repository"] + (f"@{parts['digest']}" if parts["digest"] else f":{parts['tag']}")


def source(*, image: str, files: Values, release: Values | None, origin: str, pushed: bool) -> Source:
    """Decides who names the image.

    Args:
        image: What --image names, or empty.
        files: The values files put together.
        release: The values of the release that is there, None where there is none.
        origin: Where the release has its image from, by `origin`.
        pushed: Whether `push` left an image here.

    Raises:
        UsageError: Nobody names one.

    """
    if image:
        return "--image"
    if release is not None and image_of(release):
        return "the values" if origin == "the values" and image_of(files) else "the release"
    if pushed:
        return "push"
    if image_of(files):
        return "the values"
    raise UsageError(
        "Nothing says which image to install.",
        "Run push first, name one with --image, or give image.repository and image.digest in a values file.",
    )


def description(said_by: Source, before: str) -> str:
    """Returns what is written into Helm's history: who named the image, at the time when it was new."""
    return _WRITTEN + (before or said_by if said_by == "the release" else said_by)


def origin(descriptions: Iterable[str]) -> str:
    """Returns where a release has its image from, by what was written of its revisions, newest first; or empty."""
    ours = (one.removeprefix(_WRITTEN) for one in descriptions if one.startswith(_WRITTEN))
    return next(ours, "")


def overrides(said_by: Source, *, target: Target | None, files: Values, release: Values | None) -> dict[str, Any]:
    """Returns the values that go after the files: the image, and the version of Airflow that goes with it."""
    if target is not None:
        reference = Reference.parse(target.image)
        image = {"repository": reference.name, "tag": "", "digest": target.digest}
        return {"image": image, **({"airflowVersion": target.airflow} if target.airflow else {})}
    if said_by == "the release" and release is not None:
        own = {name: str(release["image"].get(name) or "") for name in _PARTS}
        kept = {} if "airflowVersion" in files else {"airflowVersion": release.get("airflowVersion")}
        return {"image": own, **{name: value for name, value in kept.items() if value}}
    return {}


def warnings(
    said_by: Source, *, target: Target | None, files: Values, release: Values | None = None
) -> tuple[str, ...]:
    """Returns what does not fit between the image and the values files."""
    given, said = image_of(files), files.get("airflowVersion")
    kept = image_of(release or {})
    found = []
    if said_by == "the release" and given and given != kept:
        found.append(f"the values files name {given}, and the release keeps {kept}; --image {given} changes it")
    if target is not None and not target.airflow:
        known = f"the values say {said}" if said else "the chart takes its default"
        found.append(f"the image does not tell its version of Airflow here; {known} (airflowVersion)")
    elif target is not None and said is not None and str(said) != target.airflow:
        found.append(f"the values files say Airflow {said}, and the image has {target.airflow}; that is taken")
    return tuple(found)
