"""YAML that somebody else wrote, read within limits: a few hundred bytes of aliases can stand for a billion values.

It is read as Helm and Kubernetes do, for whom a date and a lone `=` are text. Dates would be no JSON either.
"""

from typing import Any

import yaml

_LONGEST = 2_000_000
_MOST = 100_000


class _Loader(yaml.SafeLoader):
    """Plain YAML without dates and `=`."""


def _text(loader: _Loader, node: Any) -> str:  # noqa: ANN401 - a node of any form
    return str(loader.construct_scalar(node))


_OTHERS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in _OTHERS]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag in (*_OTHERS, "tag:yaml.org,2002:merge"):  # written out; and a value may be `<<`, which merges as a key alone
    _Loader.add_constructor(_tag, _text)


def load(text: str) -> Any:  # noqa: ANN401 - whatever it holds
    """Returns what a text holds, with the tags of plain YAML alone.

    Raises:
        ValueError: It is no YAML, or it is more than anybody writes; the text is a clause that says which.

    """
    found = load_all(text)
    if len(found) > 1:
        raise ValueError("holds several documents")
    return found[0] if found else None


def load_all(text: str) -> list[Any]:
    """Returns the documents that a text holds.

    Raises:
        ValueError: As of one.

    """
    if len(text) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST // 1_000_000} MB")
    try:
        found = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        raise ValueError("is no YAML" + (f" at line {mark.line + 1}" if mark is not None else "")) from broken
    except (ValueError, LookupError, AttributeError, TypeError) as broken:  # of PyYAML, for `0x_` and `!!bool x`
        raise ValueError(
            "has a value that is no number though it looks like one, or not what its tag (!!name) says"
        ) from broken
    except RecursionError as deep:
        raise ValueError("nests without end") from deep
    _count(found)
    return found


def _count(found: Any) -> None:  # noqa: ANN401 - as above
    """Goes through all values, each as often as it is there."""
    count, ahead = 0, [found]
    while ahead:
        count += 1
        if count > _MOST:
            raise ValueError(f"stands for more than {_MOST:,} values: its aliases (*name) multiply, or name themselves")
        one = ahead.pop()
        ahead += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
