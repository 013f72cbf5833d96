"""Lines of the log."""

from dagship.inside.versions.text import one_line


def test_a_line_of_the_log_stays_one_line() -> None:
    assert "a b \\x1b[31mc" == one_line("a\nb\r\n\x1b[31mc")
