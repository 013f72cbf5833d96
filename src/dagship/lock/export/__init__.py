"""Exact versions of an image, for tools outside: for an editor, for tests, for what renews locks."""
