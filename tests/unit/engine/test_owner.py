"""Whose a container is, told by labels; that a killed process is known to be gone is tried in tests/engine."""

import os
import subprocess
import sys

from dagship.engine import owner

PROCESS, BEGAN, BOOT = "dagship.process.id", "dagship.process.began", "dagship.process.boot"


def test_what_this_process_made_is_not_abandoned() -> None:
    assert not owner.is_gone(owner.of_this())
    assert owner.of_this()[PROCESS] == str(os.getpid())
    assert set(owner.in_sight()) <= {f"{name}={value}" for name, value in owner.of_this().items()}


def test_a_process_that_ended_is_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert owner.is_gone({**owner.of_this(), PROCESS: str(ended.pid)})


def test_another_process_with_the_same_number_is_not_the_one_that_made_it() -> None:
    assert owner.is_gone({**owner.of_this(), BEGAN: "1"})


def test_of_another_machine_and_of_labels_that_are_none_nothing_is_known() -> None:
    assert not owner.is_gone({**owner.of_this(), BOOT: "another", BEGAN: "1"})
    assert not owner.is_gone({**owner.of_this(), PROCESS: "x"})
    assert not owner.is_gone({})
