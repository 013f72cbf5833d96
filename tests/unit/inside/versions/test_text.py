"""Lines of the log."""

import errno

import pytest

from dagship.inside.versions.text import one_line, unusable


def test_a_line_of_the_log_stays_one_line() -> None:
    assert "a b \\x1b[31mc" == one_line("a\nb\r\n\x1b[31mc")


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/versions/CURRENT"), "The volume cannot be used: Read-only file system."),
        (OSError(errno.EIO, "Input/output error"), "The volume cannot be used: Input/output error."),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/job.json"), "/tmp/job.json cannot be used: No space left on device."),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), "The system refused: Resource temporarily unavailable."),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/var/tmp']"),
            "The system refused: No usable temporary directory found in ['/tmp', '/var/tmp'].",
        ),
    ],
)  # fmt: skip
def test_the_volume_is_named_only_where_it_may_be_what_is_refused(failed: OSError, said: str) -> None:
    assert said == unusable(failed, "The volume", "/versions")
