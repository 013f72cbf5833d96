"""Requirement files: what is read, and what is refused with file and line. Left out: the resolving."""

import pytest

from dagship.errors import UsageError
from dagship.lock.pins import input_digest
from dagship.lock.requirements import decode, parse


def test_a_requirement_keeps_its_extras_versions_and_marker() -> None:
    (line,) = parse('Pandas[parquet,excel]>=2.2,<3 ; python_version >= "3.10"', "dags.in")

    assert (line.number, line.name) == (1, "pandas")
    assert str(line.requirement) == 'Pandas[excel,parquet]<3,>=2.2; python_version >= "3.10"'


def test_without_limits_a_requirement_keeps_extras_and_marker() -> None:
    (line,) = parse('pandas[parquet]==2.2 ; sys_platform == "linux"', "dags.in")

    assert line.free == 'pandas[parquet] ; sys_platform == "linux"'


def test_comments_and_blank_lines_are_skipped_and_lines_counted() -> None:
    lines = parse("# ours\n\n  pandas>=2  # frames\n\t\nboto3 # a\n", "dags.in")

    assert [(line.number, line.name) for line in lines] == [(3, "pandas"), (5, "boto3")]


def test_a_file_of_nothing_but_comments_asks_for_nothing() -> None:
    assert parse("# nothing yet\n", "dags.in") == ()


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert [line.name for line in parse(decode(b"\xef\xbb\xbfpandas\r\nboto3\r\n", "dags.in"), "dags.in")] == [
        "pandas",
        "boto3",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("--index-url https://user:secret@example.test/simple", "is an option of pip"),
        ("--extra-index-url=https://example.test/simple", "is an option of pip"),
        ("-i https://example.test/simple", "is an option of pip"),
        ("-e .", "is an option of pip"),
        ("--editable=../ours", "is an option of pip"),
        ("-r more.txt", "is an option of pip"),
        ("-c constraints.txt", "is an option of pip"),
        ("--no-binary :all:", "is an option of pip"),
        ("-", "is an option of pip"),
        ("pandas --no-binary :all:", "more than a requirement"),
        ("pandas==2 --hash=sha256:00", "more than a requirement"),
        ("https://example.test/pandas-2.whl", "names an address"),
        ("git+https://example.test/ours.git", "names an address"),
        ("ours @ https://example.test/ours.whl", "names an address"),
        ("ours@file:///tmp/ours.whl", "names an address"),
        ("ours[a] @ ./ours", "names an address"),
        ("./ours", "is a path"),
        ("../ours", "is a path"),
        ("/opt/ours", "is a path"),
        ("~/ours", "is a path"),
        ("C:\\ours", "is a path"),
        ("ours.whl", "is a path"),
        ("more.txt", "is a path"),
        ("pandas; rm -rf /", "more than a requirement"),
        ("pandas && reboot", "is not a requirement"),
        ("$(reboot)", "is not a requirement"),
        ("`reboot`", "is not a requirement"),
        ("pandas | sh", "is not a requirement"),
        ("${TOKEN}", "is not a requirement"),
        ("pandas boto3", "is not a requirement"),
        ("pandas=2.0", "is not a requirement"),
        ("pandas==", "is not a requirement"),
        ("pandas[", "is not a requirement"),
        ("pandas ; nonsense", "is not a requirement"),
        ("[tool.poetry]", "is not a requirement"),
        ("<<<<<<< HEAD", "is not a requirement"),
    ],
)
def test_a_line_that_is_no_requirement_is_refused_with_file_and_line(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"boto3\n{text}\n", "requirements/dags.in")

    assert caught.value.message.startswith("requirements/dags.in:2: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_refused_index_says_where_indexes_go() -> None:
    with pytest.raises(UsageError) as caught:
        parse("--index-url https://example.test/simple", "dags.in")

    assert "travel as secrets" in caught.value.hint


def test_credentials_in_a_refused_line_are_not_repeated() -> None:
    for text in ("--index-url https://user:secret@example.test/", "git+https://user:secret@example.test/ours.git"):
        with pytest.raises(UsageError) as caught:
            parse(text, "dags.in")

        assert "://***@example.test/" in caught.value.message
        assert "secret" not in caught.value.message


def test_a_long_line_is_shown_shortened() -> None:
    with pytest.raises(UsageError) as caught:
        parse("x y" * 5000, "dags.in")

    assert len(caught.value.message) < 400


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x0b", "\x0c", "\r", "\u2028", "\u202e", "\u200b"])
def test_a_control_character_is_refused_with_its_line(sign: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode(f"boto3\npan{sign}das\n".encode(), "dags.in")

    assert caught.value.message.startswith(f"dags.in:2: there is a control character in this line (U+{ord(sign):04X})")


def test_what_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(UsageError) as caught:
        decode("boto3\n# für\n".encode("latin-1"), "dags.in")

    assert caught.value.message == "dags.in:2: this is not UTF-8."


def test_a_file_far_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="too large"):
        decode(b"#" * 10_000_001, "dags.in")


def test_what_is_passed_on_is_what_was_parsed() -> None:
    """No blank, quote or sign of the user's own writing reaches a resolver."""
    (line,) = parse("  pandas   >=2 ,  <3   ;python_version>'3.8'  # and so on", "dags.in")

    assert str(line.requirement) == 'pandas<3,>=2; python_version > "3.8"'


@pytest.mark.parametrize(
    ("text", "right"),
    [("pandas=2.2", "pandas==2.2"), ("pandas = 2.2", "pandas==2.2"), ("pandas[all] 2.2.1", "pandas[all]==2.2.1")],
)
def test_one_sign_for_an_exact_version_is_told_with_the_line_to_write(text: str, right: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "dags.in")

    assert caught.value.hint == f"An exact version takes two signs: {right}"


def test_a_line_may_be_continued_and_the_digest_knows_which_is_which() -> None:
    lines = parse("# first\npandas \\\n    >=2.2\njmespath", "dags.in")

    assert [(line.number, str(line.requirement)) for line in lines] == [(2, "pandas>=2.2"), (4, "jmespath")]
    assert input_digest("a \\\n >=1\nb") == input_digest("b\na>=1")
    assert input_digest("a \\\n >=1\nb") != input_digest("b \\\n >=1\na")
