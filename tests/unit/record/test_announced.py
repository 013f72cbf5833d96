"""The ConfigMap of what is announced: read, compared, and written in one go."""

import base64
import json
from typing import Any

import pytest

from dagship.errors import UsageError
from dagship.model.thin import Announcement, Packaged
from dagship.record import announced

OLD, NEW, BASE = "a" * 12, "b" * 12, "c" * 12
IMAGE = f"registry.example/airflow@sha256:{'1' * 64}"


def announcement(version: str = NEW, serial: int = 7) -> Announcement:
    return Announcement(
        serial=serial, version=version, tree=version[0] * 64, foundation="f" * 64, base=BASE, image=IMAGE
    )


def packaged(version: str = NEW, size: int = 3) -> Packaged:
    return Packaged(tree=version[0] * 64, base=BASE, foundation="f" * 64, image=IMAGE, bytes=size)


def config_map(current: Announcement | None, **packages: bytes) -> dict[str, Any]:
    told = {version: packaged(version, len(content)).model_dump() for version, content in packages.items()}
    return {
        "metadata": {"name": "dagship-dags", "resourceVersion": "5"},
        "data": {"packages": json.dumps(told), **({"current": current.model_dump_json()} if current else {})},
        "binaryData": {f"{version}.tgz": base64.b64encode(content).decode() for version, content in packages.items()},
    }


def after(raw: dict[str, Any] | None, body: dict[str, Any]) -> dict[str, Any]:
    """The object after the write, as a server merges it."""
    merged: dict[str, Any] = {"metadata": body["metadata"]}
    for part in ("data", "binaryData"):
        found = {**((raw or {}).get(part) or {}), **body[part]}
        merged[part] = {key: text for key, text in found.items() if text is not None}
    return merged


def test_what_is_not_there_announces_nothing() -> None:
    assert announced.read(None) == announced.read({"metadata": {"name": "x"}}) == announced.NOTHING
    assert announced.said(None) is None


def test_one_write_brings_a_package_and_announces_it_where_there_was_nothing() -> None:
    value = announced.value(announcement())
    body = announced.written("dagship-dags", None, value, bring={NEW: (packaged(), b"new")}, drop=(), now=1000.9)
    there = announced.read(after(None, body))

    assert body["metadata"] == {"name": "dagship-dags", "labels": {"app.kubernetes.io/managed-by": "dagship"}}
    assert there == (announcement(serial=1000), {NEW: packaged()}, 3)


def test_a_write_is_of_the_object_that_was_looked_at_and_its_serial_goes_up() -> None:
    raw = config_map(announcement(OLD, serial=2000), **{OLD: b"old"})
    body = announced.written("x", raw, announced.value(announcement()), bring={}, drop=[OLD], now=1000)

    assert body["metadata"]["resourceVersion"] == "5"
    assert announced.read(after(raw, body)) == (announcement(serial=2001), {}, 0)


def test_what_is_said_already_keeps_its_serial_so_that_nothing_is_served_anew() -> None:
    raw = config_map(announcement(serial=5), **{OLD: b"old", NEW: b"new"})
    body = announced.written("x", raw, announced.said(raw), bring={}, drop=[OLD], now=1000)

    assert announced.read(after(raw, body)) == (announcement(serial=5), {NEW: packaged()}, 3)


def test_a_package_that_is_brought_does_not_go_in_the_same_write() -> None:
    body = announced.written("x", config_map(None), None, bring={NEW: (packaged(), b"new")}, drop=[NEW], now=0)

    assert body["binaryData"] == {f"{NEW}.tgz": base64.b64encode(b"new").decode()}


def test_nothing_is_announced_where_the_image_is_to_serve_its_own() -> None:
    raw = config_map(announcement())

    assert after(raw, announced.written("x", raw, None, bring={}, drop=(), now=0))["data"] == {"packages": "{}"}


def test_a_value_is_the_same_whatever_its_serial() -> None:
    first, second = (announced.said(config_map(announcement(serial=serial))) for serial in (1, 2))

    assert first == second == announced.value(announcement())
    assert announced.of_value(first) == announcement(serial=0)
    assert announced.of_value(None) is None


def test_people_are_told_the_version() -> None:
    assert announced.shown(announced.value(announcement())) == f"DAG version {NEW}"
    assert announced.shown(None) == "the image's own DAGs"
    assert announced.shown("by\nhand") == "by hand"


def test_what_a_person_wrote_is_said_as_it_is() -> None:
    assert announced.said({"data": {"current": "by hand"}}) == "by hand"


def test_a_version_without_its_package_is_none_that_it_has() -> None:
    raw = config_map(None, **{NEW: b"new"})

    assert announced.read({**raw, "binaryData": {}}).packages == {}


@pytest.mark.parametrize(
    "data",
    [
        {"current": "by hand"},
        {"packages": "[]"},
        {"packages": '{"x": 1}'},
        {"current": announcement("../x").model_dump_json()},
        {"current": announcement().model_dump_json().replace('"form":1', '"form":2,"more":3')},
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_do(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="The ConfigMap mine with what is announced cannot be read") as refused:
        announced.read({"metadata": {"name": "mine"}, "data": data, "binaryData": {"x.tgz": ""}})

    assert ("a newer dagship wrote it" in refused.value.message) is ("more" in data.get("current", ""))
    assert "kubectl delete configmap mine" in refused.value.hint
