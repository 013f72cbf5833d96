"""What a container says of itself."""

import gc
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dagship.airflow import scheduler_python
from dagship.errors import OutsideError


class Container:
    """Answers the one command and the other."""

    def __init__(self, *said: tuple[int, str] | OutsideError) -> None:
        self.said = iter(said)

    def exec(self, _pod: str, _container: str, _argv: Sequence[str]) -> tuple[int, str]:
        said = next(self.said)
        if isinstance(said, OutsideError):
            raise said
        return said


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ([(0, "3.3.2\n")], "3.3.2"),
        ([(0, "\n"), (0, "3.3.2\n")], "3.3.2"),
        ([OutsideError("The pod ended.", ""), (0, "UserWarning: old\n2.10.5\n")], "2.10.5"),
        ([(0, "$AIRFLOW_VERSION\n"), (0, "3.3.2\n")], "3.3.2"),
        ([(0, "latest\n"), (0, "no version\n")], ""),
        ([(0, ""), (1, "3.3.2\n")], ""),
        ([(0, ""), (0, "@@DAGSHIP@@{}\n")], ""),
    ],
)
def test_airflows_version_is_what_reads_as_one(said: list[tuple[int, str] | OutsideError], version: str) -> None:
    assert version == scheduler_python.version(Container(*said), "pod", "main")  # type: ignore[arg-type]


@pytest.fixture
def _threads_take_turns() -> Iterator[None]:
    """At every few objects that are made, another thread has its turn."""

    def turn(*_: object) -> None:
        os.sched_yield()

    before = gc.get_threshold()
    gc.set_threshold(50)
    gc.callbacks.append(turn)
    yield
    gc.callbacks.remove(turn)
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_threads_take_turns")
def test_several_threads_may_ask_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: scheduler_python.argv("smoke"), range(8)))

    assert all(one == asked[0] for one in asked)
