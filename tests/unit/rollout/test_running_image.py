"""What runs now, asked on the way: a kubeconfig that is no good is no answer, and no error."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagship.model.thin import Receiver
from dagship.rollout import running_image
from dagship.rollout.running_image import Incumbent


def test_without_a_kubeconfig_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    assert running_image.asking("x", context="", namespace="", selector="").whole() == running_image.Incumbent()


@pytest.mark.parametrize("text", ["", "nonsense: [", "apiVersion: v1\nkind: Config\n"])
def test_a_kubeconfig_that_is_none_is_no_answer(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))

    assert running_image.asking("x", context="", namespace="", selector="").whole() == running_image.Incumbent()


def answers(asked: list[str], **first: Receiver) -> Iterator[Incumbent]:
    yield Incumbent(images=("x",), **first)
    asked.append("Airflow")
    yield Incumbent(images=("x",), pinned=("a",), complete=True, **first)


def test_airflow_is_asked_once_somebody_wants_to_know_where_a_version_can_come_alone() -> None:
    asked: list[str] = []
    answer = running_image._Asked(lambda: answers(asked, receiver=Receiver(onto="x")), 60.0)

    assert (answer.first().complete, asked) == (False, [])
    assert (answer.whole().pinned, asked) == (("a",), ["Airflow"])


@pytest.mark.parametrize("first", [{}, {"receiver": Receiver(onto="x", why_not="a rollout is unfinished there")}])
def test_airflow_is_asked_at_once_where_the_whole_image_will_be_needed(first: dict[str, Receiver]) -> None:
    done = threading.Event()

    def ask() -> Iterator[Incumbent]:
        yield from answers([], **first)
        done.set()

    running_image._Asked(ask, 60.0)

    assert done.wait(60)


def test_what_comes_first_counts_where_the_rest_does_not_come() -> None:
    def ask() -> Iterator[Incumbent]:
        yield Incumbent(images=("x",))
        raise OSError

    assert running_image._Asked(ask, 60.0).whole() == Incumbent(images=("x",))
