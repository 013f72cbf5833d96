"""Requirements that cannot be resolved, in words: which line asks for what, what is in its way, and what could be done.

Pure: the search for the cause runs beside the image's Python (`inside/resolve/explain_conflict.py`), and hands over
what it finds.
"""

import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dagship.errors import DagshipError, OutsideError, Refused
from dagship.lock.failure import Ask, Failure, PinnedPackage
from dagship.lock.requirements import AIRFLOW, Line

_SHOWN = 4
_NONE: Mapping[str, str] = MappingProxyType({})
_SILENT = "Check the settings index_url, pip_conf and ca_cert, and that builds reach the network."
_UNTRUSTED = (
    "Its certificate, or that of a proxy, is of an authority that the build does not trust: name the file of that one "
    "with --ca-cert or the setting ca_cert. Or it is for another host, or over: its words tell."
)


def explain(
    failure: Failure,
    lines: Sequence[Line],
    where: str,
    base: str,
    python: str,
    *,
    limits: Mapping[str, str] = _NONE,
    never_move: bool = False,
) -> DagshipError:
    """Returns the error for requirements that could not be resolved.

    Args:
        failure: What was found out.
        lines: The user's requirements.
        where: How their file is shown.
        base: The base image.
        python: Version of its Python.
        limits: Where the constraints are written, by their text.
        never_move: Whether no package of the base moves, even when a line asks for it.

    """
    asked = {line.number: line for line in lines}

    def told(one: Failure) -> DagshipError:
        if one.kind == "index":
            return OutsideError(
                "The package index could not be asked: it does not answer, or refuses.",
                _UNTRUSTED if "certificate" in one.log.lower() else _SILENT,
                _tail(one.log),
            )
        if one.kind == "tool":
            return OutsideError(
                f"The requirements in {where} could not be resolved: the resolver failed.", "", _tail(one.log)
            )
        if one.kind in ("base", "limits"):
            against_base = one.kind == "base"
            return (
                _against_base(one, asked, where, base, never_move=never_move)
                if against_base
                else _in_limits(one, asked, where, limits)
            )
        if one.kind == "lines":
            return _among_lines(one, asked, where)
        if one.kind in ("unsatisfiable", "line"):
            at = _at(asked[one.lines[0]], where) if one.lines else f"What {where} asks for"
            return Refused(f"{at} has no solution on this index.", "The resolver's words are above.", _tail(one.log))
        return _lacking(one, asked, where, python)

    first, *more = map(told, _together(failure))
    if not more:
        return first
    return Refused(
        " ".join(error.message for error in (first, *more)),
        " ".join(dict.fromkeys(error.hint for error in (first, *more))),
        "\n".join(filter(None, (error.detail for error in (first, *more)))),
    )


def _together(failure: Failure) -> tuple[Failure, ...]:
    """Each conflict for itself, those with the base as one: what can be done is the same for all of these."""
    every = (failure, *failure.besides)
    of_base = [one for one in every if one.kind == "base"]
    if len(of_base) < 2:  # noqa: PLR2004 - two make a together
        return every
    joined = of_base[0].model_copy(
        update={
            "lines": tuple(sorted(number for one in of_base for number in one.lines)),
            "pins": tuple({pin.name: pin for one in reversed(of_base) for pin in reversed(one.pins)}.values())[::-1],
            "instead": {number: version for one in of_base for number, version in one.instead.items()},
        }
    )
    return (joined, *(one for one in every if one.kind != "base"))


def _lacking(failure: Failure, asked: Mapping[int, Line], where: str, python: str) -> Refused:
    names = ", ".join(failure.names)
    at = _at(asked[failure.lines[0]], where)
    newest = failure.versions[0] if failure.versions else ""
    minor = ".".join(python.split(".")[:2])
    if failure.kind == "no-package":
        providers = " Airflow's are named as apache-airflow-providers-google." if "airflow" in names else ""
        return Refused(
            f"{at}: the index has no package named {names}.",
            f"Check the spelling.{providers} The setting extra_index_urls or pip_conf gives an index of your own.",
        )
    if failure.kind == "no-record":
        return Refused(
            f"{where}: {_named(asked[failure.lines[0]])} does not go with the base image, whose {names} cannot move: "
            "it does not say which files are its own (no RECORD).",
            "Take a base where pip or uv has installed it, or leave the version open.",
        )
    if failure.kind == "no-extra":
        near = f"Did you mean {newest}? " if newest else ""
        return Refused(
            f"{at}: {asked[failure.lines[0]].name} of the base image has no extra named {names}.",
            f"{near}A provider can also be named by itself, as apache-airflow-providers-google.",
        )
    if failure.kind == "source-only":
        return Refused(
            f"{at}: the index has {names} only as sources, without a wheel for this Python.",
            f"Allow it to be built: source_packages = {list(failure.names)!r} in the settings "
            "(build_packages for what Debian has to bring). Or ask for a version that has a wheel.",
        )
    if failure.kind == "other-python":
        own = names.replace("-", "_") in sys.stdlib_module_names
        brings = f"Python {minor} brings a module {names} itself: leave the line out if that is what you need. "
        return Refused(
            f"{at}: no version that matches runs on Python {minor}{newest and f'; the newest that does is {newest}'}.",
            f"{brings if own else ''}Ask for a version that does, or take a base image with another Python.",
        )
    return Refused(
        f"{at}: the index has no such version of {names}{newest and f'; the newest is {newest}'}.",
        "Ask for a version that is there.",
    )


def of_base(contradictions: Sequence[Mapping[str, str]]) -> str:
    """Returns a warning of needs that the packages of the base have of one another and that it does not meet."""
    if not contradictions:
        return ""
    told = [f"{one['name']} {one['version']} needs {one['needs']}, and there is {one['has']}" for one in contradictions]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return (
        f"The base image contradicts itself: {'; '.join(told[:_SHOWN])}{more}. It does so without you: these needs "
        "limit nothing here, and another base is what mends them."
    )


def _against_base(failure: Failure, asked: Mapping[int, Line], where: str, base: str, *, never_move: bool) -> Refused:
    asking = _list([_named(asked[number]) for number in failure.lines])
    having = _list([f"{pin.name} {pin.version}" for pin in failure.pins])
    detail = []
    for pin in failure.pins:
        way = _asked(pin.chain, asked) if pin.chain else f"{where} needs another version of it"
        detail += [f"{pin.name}", f"  {way}", f"  the base image has {pin.name} {pin.version}{_needers(pin)}"]
    return Refused(
        f"{where}: {asking} {_verb(failure.lines, 'does', 'do')} not go with the base image, which has {having}.",
        _advice(failure, asked, base, never_move=never_move),
        "\n".join(detail),
    )


def _needers(pin: PinnedPackage) -> str:
    """The packages of the base that need it: those that forbid what the user asks, else those that limit it at all."""
    forbidding = [need for need in pin.needed_by if need.forbids]
    limiting = [need for need in pin.needed_by if need.specifier]
    shown = [f"{need.name} {need.version} needs {need.specifier}" for need in (forbidding or limiting)]
    more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f": {', '.join(shown[:_SHOWN])}{more}" if shown else ""


def _advice(failure: Failure, asked: Mapping[int, Line], base: str, *, never_move: bool) -> str:
    fitting = [
        f"{asked[number].name} {failure.instead[str(number)]} fits this base in place of {_named(asked[number])}. "
        for number in failure.lines
        if failure.instead.get(str(number))
    ]
    own = [pin.name for pin in failure.pins if any(need.forbids for need in pin.needed_by)]
    single = len(failure.lines) == 1
    fitting += [
        f"No version of {'it' if single else f'{asked[number].name} ({asked[number].called})'} fits this base. "
        for number in failure.lines
        if failure.instead.get(str(number)) == ""
    ]
    known = "".join(fitting)
    in_the_way = [pin.name for pin in failure.pins]
    another = (
        f"another release of Airflow: this one's own packages need {_list(own)} as {_verb(own, 'it is', 'they are')}. "
        if own
        else "another release of Airflow. "
        if set(in_the_way) & set(AIRFLOW)
        else f"other versions of {_list(in_the_way)}: nothing in {base} forbids them. "
        + _moving(failure, never_move=never_move)
    )
    apart = (
        "Or run that task in an environment of its own: @task.virtualenv, @task.external_python, KubernetesPodOperator."
    )
    return f"{known}{'Or take' if known else 'Take'} a base with {another}{apart}"


def _moving(failure: Failure, *, never_move: bool) -> str:
    """What lets a package of the base move that nothing there forbids to."""
    if never_move:
        return "Or let what a line asks for by name move: take never_move out of the settings. "
    unnamed = [pin.name for pin in failure.pins if pin.chain is None or pin.chain.path]
    if not unnamed:
        return ""
    return (
        f"Or ask for {_list(unnamed)} in {_verb(unnamed, 'a line of its own', 'lines of their own')}: a package of the "
        "base moves when it is asked for by name. "
    )


def _among_lines(failure: Failure, asked: Mapping[int, Line], where: str) -> Refused:
    asking = _list([_named(asked[number]) for number in failure.lines])
    detail = [f"  {_asked(ask, asked)}" for meeting in failure.meetings for ask in meeting.asked]
    about = f": they ask for different versions of {failure.meetings[0].name}" if failure.meetings else ""
    return Refused(
        f"{where}: {asking} exclude one another{about}.",
        "Loosen one of them. The base image has no part in this.",
        "\n".join([failure.meetings[0].name, *detail]) if detail else _tail(failure.log),
    )


def _in_limits(failure: Failure, asked: Mapping[int, Line], where: str, limits: Mapping[str, str]) -> Refused:
    asking = _list([_named(asked[number]) for number in failure.lines])
    limiting = _list([f"{text} ({limits[text]})" for text in failure.limits])
    having = [f"{pin.name} {pin.version}" for pin in failure.pins]
    of_base = f", beside {_list(having)} of the base image" if having else ""
    return Refused(
        f"{where}: {asking} {_verb(failure.lines, 'does', 'do')} not go with the "
        f"{_verb(failure.limits, 'constraint', 'constraints')} {limiting}{of_base}.",
        f"Loosen one of them, or leave the {_verb(failure.limits, 'constraint', 'constraints')} out.",
    )


def _at(line: Line, where: str) -> str:
    return f"{line.at(where)}: {line.requirement}"


def _named(line: Line) -> str:
    return f"{line.requirement} ({line.called})"


def _asked(ask: Ask, asked: Mapping[int, Line]) -> str:
    line = f"{asked[ask.line].called}, {asked[ask.line].requirement}"
    if not ask.path:
        return f"{line}, asks for {ask.specifier or 'any version'}"
    way = " → ".join(f"{package.name} {package.version}" for package in ask.path)
    return f"{line} → {way} needs {ask.specifier or 'any version'}"


def _list(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _verb(things: Sequence[object], one: str, many: str) -> str:
    return one if len(things) == 1 else many


def _tail(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-15:])[-3000:]
