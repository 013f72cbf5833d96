"""Text that may be anybody's, made visible."""

from dagship.untrusted.text import visible


def test_what_is_seen_stays_and_what_is_not_is_marked() -> None:
    assert visible("a é漢🎉\n\tb") == "a é漢🎉\n\tb"
    assert visible("\x1b[2J\u202e\ud800\x07") == "�[2J���"
