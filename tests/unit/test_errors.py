"""Which error decides which exit status."""

import errno

import pytest

from dagship.errors import DagshipError, Interrupted, OutsideError, Refused, Transient, UsageError, of_system


def test_what_is_left_to_the_user_has_a_status_of_its_own() -> None:
    assert [kind("x").exit_code for kind in (Refused, UsageError, OutsideError, Transient, Interrupted)] == [
        1, 2, 3, 3, 130,
    ]  # fmt: skip


def test_an_error_is_its_sentence() -> None:
    assert str(DagshipError("It failed.", "Do this.", "lines")) == "It failed."


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, OutsideError), (errno.EMFILE, OutsideError), (errno.EIO, OutsideError),
        (errno.ENOENT, UsageError), (errno.EACCES, UsageError), (errno.EISDIR, UsageError),
    ],
)  # fmt: skip
def test_a_full_machine_is_not_the_callers_fault_and_a_wrong_path_is(number: int, kind: type[DagshipError]) -> None:
    assert of_system(OSError(number, "x")) is kind
