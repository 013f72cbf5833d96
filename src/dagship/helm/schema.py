"""Reads Helm's schema errors: one sentence for each value that the chart's schema does not allow. Pure.

Helm 3 has one library for it and Helm 4 another: `- dags.mode: dags.mode must be one of …` and
`- at '/dags/mode': value must be one of …`.
"""

import re
from collections.abc import Callable, Iterator

_HEAD = "values don't meet the specifications of the schema"
_ITEM = re.compile(r"^(?P<depth> *)- (?:at '(?P<pointer>[^']*)'|(?P<dotted>[^:]+)): (?P<said>.*)$")
# Says no more than that what follows does not hold.
_FRAME = re.compile(r"'(?:oneOf|anyOf|allOf|if|then|else)' failed|^Must validate |validation failed$")

_Sentence = Callable[[str, re.Match[str]], str]


def problems(said: str) -> tuple[str, ...]:
    """Returns a sentence for each value that is wrong; none where Helm speaks of something else."""
    if _HEAD not in said:
        return ()
    items = list(_items(said))
    kept = [(path, text) for path, text in items if not _FRAME.search(text)] or items
    # Helm says them in another order each time.
    return tuple(dict.fromkeys(_sentence(path, text) for path, text in sorted(kept)))


def _items(said: str) -> Iterator[tuple[str, str]]:
    for line in said.splitlines():
        found = _ITEM.match(line)
        if found is None:
            continue
        if found["pointer"] is not None:
            path = ".".join(part.replace("~1", "/").replace("~0", "~") for part in found["pointer"].split("/")[1:])
        else:
            path = "" if found["dotted"] == "(root)" else found["dotted"]
        yield path, found["said"].strip()


def _sentence(path: str, text: str) -> str:
    for words, sentence in _RULES:
        if (match := words.search(text)) is not None:
            return sentence(path, match)
    rest = text.removeprefix(f"{path} ").rstrip(".")
    return f"{path or 'The values'}: {rest}."


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unknown(path: str, match: re.Match[str]) -> str:
    names = re.findall(r"'([^']*)'", match[1]) or [match[1]]
    if len(names) == 1:
        return f"{_below(path, names[0])} is not a value of the chart."
    return f"{', '.join(_below(path, name) for name in names)} are not values of the chart."


def _missing(path: str, match: re.Match[str]) -> str:
    names = re.findall(r"'([^']*)'", match[1]) or [match[1]]
    return f"{', '.join(_below(path, name) for name in names)} must be given."


def _one_of(path: str, match: re.Match[str]) -> str:
    return f"{path} must be one of {match[1].replace(chr(34), chr(39)).rstrip('.')}."


def _kind(path: str, match: re.Match[str]) -> str:
    wanted, given = match["wanted"].rstrip("."), match["given"]
    return f"{path} must be {_article(wanted)}, and is {_article(given)}."


def _bound(path: str, match: re.Match[str]) -> str:
    less = match["word"].lower() in {"maximum", "less"}
    return f"{path} must be at {'most' if less else 'least'} {match['bound']}."


def _empty(path: str, _: re.Match[str]) -> str:
    return f"{path} must not be empty."


def _article(kind: str) -> str:
    if kind == "null":
        return "null"
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


_RULES: tuple[tuple[re.Pattern[str], _Sentence], ...] = (
    (re.compile(r"^additional propert(?:y|ies) (.+?)(?: is)? not allowed$", re.IGNORECASE), _unknown),
    (re.compile(r"^missing propert(?:y|ies) (.+)$"), _missing),
    (re.compile(r"^(\S+) is required$"), _missing),
    (re.compile(r"must be one of(?: the following)?:? (.+)$"), _one_of),
    (re.compile(r"^got (?P<given>[\w ]+), want (?P<wanted>[\w ,]+)$"), _kind),
    (re.compile(r"^Invalid type\. Expected: (?P<wanted>.+), given: (?P<given>\w+)$"), _kind),
    (re.compile(r"^min(?:Length|Items): got 0, want 1$|^String length must be greater than or equal to 1$"), _empty),
    (re.compile(r"^Array must have at least 1 items$"), _empty),
    (re.compile(r"^(?P<word>minimum|maximum): got \S+, want (?P<bound>\S+)$"), _bound),
    (re.compile(r"^Must be (?P<word>greater|less) than or equal to (?P<bound>\S+)$"), _bound),
)
