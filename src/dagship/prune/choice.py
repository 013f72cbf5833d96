"""Decides which images something still refers to. Pure."""

from collections.abc import Collection, Iterable, Mapping

from dagship.prune.model import Image, Seen, Verdict

# Reasons of one kind that are named one by one.
_NAMED = 3


def verdicts(images: Iterable[Image], places: Iterable[Seen], *, keep: int, pushed: str = "") -> tuple[Verdict, ...]:
    """Decides on every image that dagship made, newest first.

    Args:
        images: Everything in the repository, each digest once.
        places: What the namespaces say that may run it.
        keep: How many of the newest are kept in any case.
        pushed: Digest of what `push` recorded here, or empty.

    """
    images, places = tuple(images), tuple(places)
    ours = sorted((image for image in images if image.own_tag), key=lambda image: image.created, reverse=True)
    reasons = {image.digest: _reasons(image, places) for image in ours}
    for image in ours[:keep]:
        reasons[image.digest].append(f"one of the newest {keep}")
    if pushed in reasons:
        reasons[pushed].append("pushed last from here")
    # What an index that stays is made of stays, under whatever tag it stands besides.
    staying = {part for image in images if not image.own_tag or reasons[image.digest] for part in image.parts}
    for image in ours:
        if image.digest in staying:
            reasons[image.digest].append("part of an image that stays")
    return tuple(
        Verdict(
            digest=image.digest,
            tags=image.tags,
            dag_version=next(iter(image.dag_versions), ""),
            created=image.created,
            kept_for=tuple(reasons[image.digest]),
        )
        for image in ours
    )


def unreferenced(
    images: Iterable[Image], found: Iterable[Verdict], wanted: Collection[str] = ()
) -> tuple[tuple[Image, tuple[str, ...]], ...]:
    """Returns the images to delete, each with those of its parts that nothing else is made of.

    Args:
        images: Everything in the repository, each digest once.
        found: What was decided of them.
        wanted: Digests that stay besides.

    """
    images = tuple(images)
    going = {verdict.digest for verdict in found if not verdict.kept_for}.difference(wanted)
    needed = {part for image in images if image.digest not in going for part in (image.digest, *image.parts)}
    needed.update(wanted)
    return tuple(
        (image, tuple(part for part in image.parts if part not in needed and part not in going))
        for image in images
        if image.digest in going
    )


def freed(images: Iterable[Image], found: Iterable[Verdict]) -> int:
    """Returns the bytes of what only unreferenced images are made of."""
    going = {verdict.digest for verdict in found if not verdict.kept_for}
    staying: dict[str, int] = {}
    leaving: dict[str, int] = {}
    for image in images:
        (leaving if image.digest in going else staying).update(image.blobs)
    return sum(size for digest, size in leaving.items() if digest not in staying)


def is_used(images: Iterable[Image], seen: Seen) -> bool:
    """Whether a place mentions any image that dagship made; another's tag, as `cache`, may be anybody's word."""
    return any(
        word in seen.mentions for image in images if image.own_tag for word in (image.digest, *image.parts, *image.tags)
    )


def _reasons(image: Image, places: Iterable[Seen]) -> list[str]:
    reasons = [f"the tag {tag}, which build did not give it" for tag in image.tags if tag != image.own_tag]
    places = tuple(places)
    for seen in places:
        within = f" ({seen.place})" if len(places) > 1 else ""
        where = dict.fromkeys(
            where for word in (image.digest, *image.parts, *image.tags) for where in seen.mentions.get(word, ())
        )
        reasons += _short(where, within)
        runs = _runs(image.dag_versions, seen.pinned)
        if runs:
            reasons.append(f"{runs} unfinished {'runs' if runs > 1 else 'run'} on a version in it{within}")
    return reasons


def _runs(versions: Iterable[str], pinned: Mapping[str, int]) -> int:
    return sum(pinned.get(version, 0) for version in versions)


def _short(where: Iterable[str], within: str) -> list[str]:
    """Reasons, with pods left out where what makes them is named, and the rest of many counted."""
    where = tuple(where)
    shown = [one for one in where if not one.startswith(("pod/", "replicaset/"))] or list(where)
    named = [f"{one}{within}" for one in shown[:_NAMED]]
    return [*named, *([f"{len(shown) - _NAMED} more{within}"] if len(shown) > _NAMED else [])]
