from typing import Any

from dagship.cluster.store import Store
from dagship.cluster.watch import Event


def item(name: str, version: str, **fields: object) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": version}, **fields}


def event(kind: str, name: str, version: str) -> Event:
    return Event(type=kind, object=item(name, version))


def versions(store: Store) -> dict[str, str]:
    return {name: each["metadata"]["resourceVersion"] for name, each in store.objects.items()}


def test_a_list_is_what_there_is() -> None:
    store = Store()

    assert store.replace([item("a", "3"), item("b", "4")], "5")
    assert versions(store) == {"a": "3", "b": "4"}


def test_events_change_it() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")

    assert store.take(event("MODIFIED", "a", "6"))
    assert store.take(event("ADDED", "b", "7"))
    assert versions(store) == {"a": "6", "b": "7"}
    assert store.take(event("DELETED", "a", "8"))
    assert versions(store) == {"b": "7"}


def test_what_was_deleted_is_kept_as_it_was_at_last() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")
    at_last = {"metadata": {"name": "a", "resourceVersion": "8", "uid": "u"}, "status": "ended"}
    store.take(Event(type="DELETED", object=at_last))

    assert {"u": at_last} == store.ended


def test_a_bookmark_changes_nothing() -> None:
    store = Store()

    assert not store.take(Event(type="BOOKMARK", object={"metadata": {"resourceVersion": "9"}}))
    assert not store.objects


def test_an_answer_is_taken_and_the_news_of_it_changes_nothing() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")

    assert store.put(item("a", "6"))
    assert not store.take(event("MODIFIED", "a", "6"))
    assert versions(store) == {"a": "6"}


def test_older_news_do_not_undo_an_answer() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")
    store.put(item("a", "10"))

    assert not store.take(event("MODIFIED", "a", "9"))
    assert not store.take(event("DELETED", "a", "9"))
    assert versions(store) == {"a": "10"}


def test_an_older_answer_does_not_undo_news() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")
    store.take(event("MODIFIED", "a", "9"))

    assert not store.put(item("a", "8"))
    assert versions(store) == {"a": "9"}


def test_an_answer_from_before_its_deletion_brings_nothing_back() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")
    store.take(event("DELETED", "a", "9"))

    assert not store.put(item("a", "8"))
    assert store.put(item("a", "10"))
    assert versions(store) == {"a": "10"}


def test_a_later_list_drops_what_is_gone_and_keeps_what_came_after_it() -> None:
    store = Store()
    store.replace([item("gone", "3"), item("changed", "4")], "5")
    store.put(item("new", "30"))
    store.put(item("changed", "31"))

    assert store.replace([item("changed", "15")], "20")
    assert versions(store) == {"new": "30", "changed": "31"}
    assert not store.put(item("gone", "19"))


def test_the_same_list_changes_nothing() -> None:
    store = Store()
    store.replace([item("a", "3")], "5")

    assert not store.replace([item("a", "3")], "9")


def test_where_versions_are_no_numbers_what_comes_last_is_newest() -> None:
    store = Store()
    store.replace([item("a", "x9")], "x9")

    assert store.put(item("a", "x1"))
    assert store.take(event("DELETED", "a", "x0"))
    assert not store.objects
