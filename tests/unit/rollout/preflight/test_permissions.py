"""The Role in k8s/rbac and what dagship asks for are the same."""

from pathlib import Path
from typing import Any

import yaml

from dagship.rollout.preflight.permissions import NEEDED, Permission, missing

RBAC = Path(__file__).parents[4] / "k8s/rbac"


def granted(rules: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [
        (verb, group, resource.partition("/")[0], resource.partition("/")[2])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


class Granting:
    """Answers as a server does where nothing but some rules is granted."""

    def __init__(self, rules: list[dict[str, Any]]) -> None:
        self._granted = granted(rules)

    def can(self, verb: str, resource: str, *, group: str = "", subresource: str = "") -> bool:
        return (verb, group, resource, subresource) in self._granted


def role() -> dict[str, Any]:
    return yaml.safe_load((RBAC / "role.yaml").read_text("utf-8"))


# Without it a version that is announced is served later.
_SOONER = ("patch", "", "pods", "")


def test_the_role_grants_what_is_needed_and_no_more() -> None:
    rules = granted(role()["rules"])

    assert sorted([*(permission[:4] for permission in NEEDED), _SOONER]) == sorted(rules)
    assert len(set(rules)) == len(rules)


def test_what_the_role_leaves_out_is_missing() -> None:
    rules = [rule for rule in role()["rules"] if rule["resources"] not in (["pods/log"], ["cronjobs"])]

    assert [str(permission) for permission in missing(Granting(rules))] == [
        "get cronjobs.batch", "list cronjobs.batch", "patch cronjobs.batch", "get pods/log",
    ]  # fmt: skip
    assert missing(Granting(role()["rules"])) == ()


def test_a_permission_says_what_it_is_for() -> None:
    assert all(permission.why for permission in NEEDED)
    assert str(Permission("get", "apps", "deployments", "scale", "")) == "get deployments.apps/scale"


def test_every_manifest_is_of_one_account_in_one_namespace() -> None:
    """`sed` over that name makes them those of another namespace."""
    documents = [one for path in sorted(RBAC.rglob("*.yaml")) for one in yaml.safe_load_all(path.read_text("utf-8"))]
    namespaced = [one for one in documents if not one["kind"].startswith("Cluster")]
    subjects = [subject for one in documents for subject in one.get("subjects", ())]

    assert len(namespaced) == 4
    assert {one["metadata"]["namespace"] for one in namespaced} == {"airflow"}
    assert subjects == [{"kind": "ServiceAccount", "name": "dagship-deployer", "namespace": "airflow"}] * 2
