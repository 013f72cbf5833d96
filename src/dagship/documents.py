"""YAML that somebody else wrote, read within limits: a few hundred bytes of aliases can stand for a billion values."""

from typing import Any

_LONGEST = 2_000_000
_MOST = 100_000


def load(text: str) -> Any:  # noqa: ANN401 - whatever it holds
    """Returns what a text holds, with the tags of plain YAML alone.

    Raises:
        ValueError: It is no YAML, or it is more than anybody writes; the text is a clause that says which.

    """
    import yaml

    if len(text) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST // 1_000_000} MB")
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        raise ValueError("is no YAML" + (f" at line {mark.line + 1}" if mark is not None else "")) from broken
    except ValueError as broken:  # an impossible date
        raise ValueError(f"is no YAML: {broken}") from broken
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
