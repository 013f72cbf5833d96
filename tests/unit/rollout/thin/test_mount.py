"""A container has the ConfigMap of what is announced, whole and where it is refreshed, or it is said why not."""

from typing import Any

import pytest

from dagship.model.thin import MOUNT
from dagship.rollout.thin import mount

VOLUME = {"name": "dag-announced", "configMap": {"name": "mine", "optional": True}}


def mounted(**more: Any) -> dict[str, Any]:
    return {"name": "worker", "volumeMounts": [{"name": "dag-announced", "mountPath": MOUNT, **more}]}


@pytest.mark.parametrize("path", [MOUNT, f"{MOUNT}/"])
def test_a_config_map_at_its_place_is_found(path: str) -> None:
    assert mount.config_map({"volumes": [VOLUME]}, mounted(mountPath=path)) == ("mine", "")


@pytest.mark.parametrize(
    ("container", "volume", "why"),
    [
        ({"name": "worker"}, VOLUME, "has no volume at"),
        (mounted(mountPath="/elsewhere"), VOLUME, "has no volume at"),
        (mounted(subPath="current"), VOLUME, "by subPath, which Kubernetes never refreshes"),
        (mounted(subPathExpr="$(X)"), VOLUME, "by subPath"),
        (mounted(), {"name": "dag-announced", "emptyDir": {}}, "has something else than a ConfigMap"),
        (mounted(), {"name": "other", "configMap": {"name": "mine"}}, "has something else than a ConfigMap"),
        (
            mounted(),
            {"name": "dag-announced", "configMap": {"name": "mine", "items": [{"key": "current", "path": "x"}]}},
            "has only some keys of the ConfigMap mine",
        ),
    ],
)
def test_what_is_never_refreshed_or_not_whole_counts_for_nothing(
    container: dict[str, Any], volume: dict[str, Any], why: str
) -> None:
    name, said = mount.config_map({"volumes": [volume]}, container)

    assert name == ""
    assert why in said
