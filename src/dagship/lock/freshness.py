"""Whether a lock is what its requirements ask for and fits a base image: told from the files, without asking anyone."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from dagship.errors import Refused
from dagship.lock.pins import Lock, Pin, Stamp, base_digest, input_digest, pins_digest, sha256
from dagship.lock.requirements import AIRFLOW, Source
from dagship.model.artifacts import BaseImage, LockFile

_ADVICE = "Run lock, and commit what it writes."
_NEVER = (
    "The setting never_move lets nothing of the base move: leave the versions of these packages open in what the lock "
    "is made of and run lock, or take never_move out."
)


def minor(python: str) -> str:
    """Returns the minor version of a Python: 3.11 of 3.11.2."""
    return ".".join(python.split(".")[:2])


def stamp(source: Source, base: BaseImage, locked: Sequence[Pin]) -> Stamp:
    """Returns what a lock of these pins says it was made of, when these requirements are resolved over this base."""
    return Stamp(
        input=input_digest(source.whole),
        base=base_digest(base.packages),
        python=minor(base.python_version),
        text=pins_digest(locked),
        platforms=(base.platform,),
    )


def lock_file(shown: str, lock: Lock, base: BaseImage, platforms: Sequence[str] = ()) -> LockFile:
    """Returns what is to be installed: the pins that hold, and that the base does not have, or in another version.

    Args:
        shown: How the lock is shown.
        lock: It.
        base: The base image.
        platforms: What is built for besides the base's own platform.

    """
    holding = {pin for platform in {base.platform, *platforms} for pin in applying(lock, base, platform)}
    there = base.packages.keys() - {pin.name for pin in moved(applying(lock, base), base.packages)}
    text = "".join(f"{pin}\n" for pin in lock.pins if pin in holding and pin.name not in there)
    return LockFile(path=shown, text=text, digest=sha256(text) if text else "", own=lock.own)


def check_source(lock: Lock, where: str, source: Source, base: BaseImage) -> None:
    """Refuses a lock that was not made of the requirements beside it.

    Args:
        lock: The lock.
        where: How its file is shown.
        source: The requirements.
        base: The base image.

    Raises:
        Refused: It is stale.
        UsageError: A line of the requirements is not one.

    """
    check_own(lock, where, {one.path: one.digest for one in source.own})
    if lock.stamp is not None:
        if lock.stamp.input == input_digest(source.whole):
            return
        _ = source.lines  # what is wrong with the requirements themselves is said first
        raise Refused(f"{where} is stale: {source.where} has changed since it was locked.", _ADVICE)
    # Another tool made it, or a hand changed it: does it hold what is asked for?
    versions = {**base.packages, **{pin.name: pin.version for pin in applying(lock, base)}}
    markers = environment(base.python_version, base.platform)
    for line in source.lines:
        has = versions.get(line.name)
        if line.requirement.marker is not None and not line.requirement.marker.evaluate(dict(markers)):
            continue
        if has is None or not line.requirement.specifier.contains(has, prereleases=True):
            raise Refused(
                f"{where} is stale: {line.at(source.where)} asks for '{line.requirement}', "
                f"and the lock has {f'{line.name} {has}' if has else f'no {line.name}'}.",
                _ADVICE,
            )


def check_own(lock: Lock, where: str, digests: Mapping[str, str]) -> None:
    """Refuses a lock that was made of other sources of the project's own packages.

    Args:
        lock: The lock.
        where: How its file is shown.
        digests: The packages as they are now, directory to digest.

    Raises:
        Refused: It is stale.

    """
    locked = {one.path: one.digest for one in lock.own}
    for path, digest in digests.items():
        if locked.get(path) != digest:
            what = "has changed since it was locked" if path in locked else "is a package of the project that it lacks"
            raise Refused(f"{where} is stale: {path} {what}.", _ADVICE)


def check_base(lock: Lock, where: str, base: BaseImage, *, has_source: bool, never_move: bool = False) -> str:
    """Refuses a lock that would move what must stay in the base, holds a package twice, or was made for another Python.

    Args:
        lock: The lock.
        where: How its file is shown.
        base: The base image.
        has_source: Whether the requirements are beside it.
        never_move: Whether no package of the base moves at all.

    Returns:
        A warning, or nothing.

    Raises:
        Refused: It does not fit.

    """
    advice = "Run lock for this base." if has_source else _advice_without_source(where, lock, base)
    python = minor(base.python_version)
    if lock.stamp is not None and lock.stamp.python != python:
        raise Refused(
            f"{where} was made for Python {lock.stamp.python}, and {base.reference} has {python}.",
            advice,
        )
    holding = applying(lock, base)
    _check_once(holding, where)
    wrong = must_stay(holding, lock, base, never_move=never_move)
    if wrong:
        advice = _NEVER if never_move else advice
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise Refused(
            f"{where} would move packages of the base image: it has {wrong[0].name} {wrong[0].version}, "
            f"{base.reference} has {base.packages[wrong[0].name]}{more}.",
            advice,
            "\n".join(f"{pin.name}: {base.packages[pin.name]} in the base, {pin.version} in the lock" for pin in wrong),
        )
    if lock.stamp is not None and lock.stamp.base != base_digest(base.packages):
        return f"{where} was made over other packages than those of {base.reference}; run lock to be sure that it fits."
    if lock.stamp is not None and lock.stamp.platforms and base.platform not in lock.stamp.platforms:
        return (
            f"{where} was made for {', '.join(lock.stamp.platforms)}, and {base.reference} is for {base.platform}, "
            "where packages may need others; run lock here: it adds them, or notes that there are none."
        )
    return ""


def must_stay(pins: Iterable[Pin], lock: Lock, base: BaseImage, *, never_move: bool) -> tuple[Pin, ...]:
    """Returns the pins of a lock that move a package of the base, where none may, or nobody has seen that it fits.

    Only where `lock` resolved over these very packages is it known that a line asked for it, and that the base's own
    needs hold.
    """
    wrong = moved(pins, base.packages)
    if never_move or lock.stamp is None or lock.stamp.base != base_digest(base.packages):
        return wrong
    return tuple(pin for pin in wrong if pin.name in AIRFLOW)


def _advice_without_source(where: str, lock: Lock, base: BaseImage) -> str:
    wrong = moved(applying(lock, base), base.packages)
    at = f", with {wrong[0].name}=={base.packages[wrong[0].name]}" if wrong else ""
    source = f"{where.removesuffix('.txt')}.in"
    return (
        f"Make it anew for this base{at}: with the tool that made it, or write what the DAGs need into {source} and "
        "run lock."
    )


def _check_once(pins: Iterable[Pin], where: str) -> None:
    first: dict[str, Pin] = {}
    for pin in pins:
        other = first.setdefault(pin.name, pin)
        if other.version != pin.version:
            raise Refused(
                f"{where} has {pin.name} twice, {other.version} and {pin.version}, and both hold for this base.",
                "One of the two has to go, or both get markers of which one holds.",
            )


def environment(python: str, platform: str) -> dict[str, str]:
    """Returns what markers are tested against (PEP 508), for a base image's Python and platform."""
    machines = {"amd64": "x86_64", "arm64": "aarch64"}
    machine = platform.split("/")[1] if "/" in platform else platform
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machines.get(machine, machine),
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
        "extra": "",
    }


def applying(lock: Lock, base: BaseImage, platform: str = "") -> tuple[Pin, ...]:
    """Returns the pins whose markers hold for a base image, on its own platform or another."""
    there = environment(base.python_version, platform or base.platform)
    return tuple(pin for pin in lock.pins if not pin.marker or _holds(pin.marker, there))


def _holds(marker: str, there: Mapping[str, str]) -> bool:
    from packaging.markers import Marker

    return Marker(marker).evaluate(dict(there))


def moved(pins: Iterable[Pin], packages: Mapping[str, str]) -> tuple[Pin, ...]:
    """Returns the pins that would change the version of a package that the base image has."""
    return tuple(pin for pin in pins if pin.name in packages and not _is_version(packages[pin.name], pin.version))


def _is_version(has: str, pinned: str) -> bool:
    if has == pinned:
        return True

    from packaging.specifiers import SpecifierSet

    return SpecifierSet(f"=={pinned}").contains(has, prereleases=True)


def changes(before: Lock, after: Lock) -> tuple[str, ...]:
    """Returns what a new lock changes, a line for each package."""
    old, new = (_versions(lock) for lock in (before, after))
    told = []
    for name in sorted({*old, *new}):
        if name not in old:
            told.append(f"+ {name} {new[name]}")
        elif name not in new:
            told.append(f"- {name} {old[name]}")
        elif old[name] != new[name]:
            told.append(f"~ {name} {old[name]} → {new[name]}")
    return tuple(told)


def _versions(lock: Lock) -> dict[str, str]:
    """Package to version, or versions: under markers there may be several."""
    found: dict[str, list[str]] = {}
    for pin in lock.pins:
        found.setdefault(pin.name, []).append(pin.version)
    return {name: ", ".join(versions) for name, versions in found.items()}


def difference(old: str, new: str, shown: str) -> str:
    """Returns a unified diff of two locks; without hashes if there is another difference: they tell people nothing."""

    def pinned(text: str) -> list[str]:
        return [line.removesuffix(" \\") for line in text.splitlines() if "--hash=" not in line]

    before, after = pinned(old), pinned(new)
    if before == after:
        before, after = old.splitlines(), new.splitlines()
    return "\n".join(difflib.unified_diff(before, after, shown, f"{shown} as it would be", lineterm="", n=1))
