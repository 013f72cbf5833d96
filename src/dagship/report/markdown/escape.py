"""The user's text in Markdown: never markup, link, mention, reference, emoji or quick action. Pure.

Backslashes do not do: GitHub and GitLab look for `@names`, `#1` and addresses after Markdown is rendered, in all text
but code. So what is not a plain word stands in a code span. (github.com/jch/html-pipeline, the filters of mentions and
emoji; docs.gitlab.com/user/markdown, "GitLab-specific references".)
"""

import re

from dagship.report.text import one_line, plain

# A word of letters, with the marks of a sentence around it: nothing that anybody makes more of. A hash of seven to
# forty digits is a link to a commit.
_WORD = re.compile(
    r"\(?[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\)?[.,;:?]?|\d{1,6}(?:,\d{3})*[,;]?|\(\d{1,6}\)|[\u2013\u2014→]"
)
_NUMBER_AT_THE_END = re.compile(r"\d{1,6}\.")
_COMMIT = re.compile(r"[0-9a-f]{7,40}[.,;:?]?", re.IGNORECASE)
_LONGEST_NAME = 200
_LONGEST_SENTENCE = 600


def code(text: str, most: int = _LONGEST_NAME) -> str:
    """Returns a text as a code span on one line; CommonMark 0.31, section 6.1."""
    line = one_line(text, most) or " "
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    # A blank on both sides is no part of what is shown.
    return f"{fence} {line} {fence}" if line.startswith("`") or line.endswith("`") else f"{fence}{line}{fence}"


def words(text: str, most: int = _LONGEST_SENTENCE) -> str:
    """Returns a sentence: its plain words as they are, all else of it in code spans."""
    parts: list[str] = []
    strange: list[str] = []
    for position, word in enumerate(one_line(text, most).split(" ")):
        if _is_plain(word, first=position == 0):
            parts += [code(" ".join(strange), most)] if strange else []
            parts.append(word)
            strange = []
        else:
            strange.append(word)
    return " ".join([*parts, *([code(" ".join(strange), most)] if strange else [])])


def block(text: str, indent: str = "") -> str:
    """Returns lines as a fenced block of code; CommonMark 0.31, section 4.5."""
    lines = plain(text).split("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(f"{indent}{line}" for line in (f"{fence}text", *lines, fence))


def _is_plain(word: str, *, first: bool) -> bool:
    """A number with a point would begin a list where it begins a line."""
    if _NUMBER_AT_THE_END.fullmatch(word):
        return not first
    return bool(_WORD.fullmatch(word)) and not _COMMIT.fullmatch(word)
