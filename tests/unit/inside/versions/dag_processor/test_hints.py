"""A dag-processor looks at once; one of Airflow's own is in tests/engine."""

import selectors
import sys
import threading
import types
from collections.abc import Callable, Iterator

import pytest

from dagship.inside.versions.dag_processor import hints


class DagFileProcessorManager:
    """What is known of Airflow's."""

    def __init__(self) -> None:
        self._force_refresh_bundles: set[str] = set()

    def asks(self, what: Callable[[], None]) -> None:
        what()


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[DagFileProcessorManager]:
    module = types.ModuleType("airflow.dag_processing.manager")
    vars(module)["DagFileProcessorManager"] = DagFileProcessorManager
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(hints, "_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(hints, "_watched", set())
    yield DagFileProcessorManager()
    assert {thread.daemon for thread in threading.enumerate() if thread.name.startswith("news of")} <= {True}


def test_a_bundle_with_news_is_asked_for_and_the_first_of_its_name_alone(manager: DagFileProcessorManager) -> None:
    asked, news = threading.Event(), threading.Event()

    def has_news() -> bool:
        asked.set()
        return news.is_set()

    def never() -> bool:
        raise AssertionError("it is asked")

    manager.asks(lambda: hints.watch("dags-folder", has_news))
    manager.asks(lambda: hints.watch("dags-folder", never))
    assert asked.wait(30)
    assert manager._force_refresh_bundles == set()
    news.set()
    asked.clear()
    assert asked.wait(30)
    asked.clear()
    assert asked.wait(30)
    assert manager._force_refresh_bundles == {"dags-folder"}


def test_news_end_the_wait_for_those_that_parse(manager: DagFileProcessorManager) -> None:
    """As Airflow 3.0 to 3.4 wait, and take what they hear."""
    with selectors.DefaultSelector() as selector:
        vars(manager)["selector"] = selector
        manager.asks(lambda: hints.watch("dags-folder", lambda: True))
        for _ in range(3):
            ((key, _),) = selector.select(timeout=30)
            handler, _ = key.data
            assert manager._force_refresh_bundles == {"dags-folder"}
            assert handler(key.fileobj) is True
            assert handler(key.fileobj) is True  # there may be nothing more
        selector.unregister(key.fileobj)
        key.fileobj.close()


def test_no_other_process_watches_nor_one_that_takes_no_hints(manager: DagFileProcessorManager) -> None:
    before = threading.active_count()
    hints.watch("dags-folder", lambda: True)
    vars(manager)["_force_refresh_bundles"] = None
    manager.asks(lambda: hints.watch("dags-folder", lambda: True))

    assert threading.active_count() == before
