"""The Role in k8s/rbac and what dagship asks for are the same."""

from pathlib import Path
from typing import Any

import yaml

from dagship.rollout.preflight.permissions import BY_REST, NEEDED, Permission, missing

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


def role(name: str = "role.yaml") -> dict[str, Any]:
    return yaml.safe_load((RBAC / name).read_text("utf-8"))


# Without it a version that is announced is served later.
_SOONER = ("patch", "", "pods", "")


def test_the_role_grants_what_is_needed_and_no_more() -> None:
    rules = granted(role()["rules"])

    assert sorted([*(permission[:4] for permission in NEEDED), _SOONER]) == sorted(rules)
    assert len(set(rules)) == len(rules)


def test_the_role_for_who_asks_airflows_api_runs_nothing_in_pods_and_is_the_same_else() -> None:
    by_exec, by_rest = role(), role("rest/role.yaml")
    rules = granted(by_rest["rules"])

    assert sorted([*(permission[:4] for permission in BY_REST), _SOONER]) == sorted(rules)
    assert {("get", "", "pods", "exec"), ("create", "", "pods", "exec")} == set(granted(by_exec["rules"])) - set(rules)
    assert {**by_exec, "rules": 0} == {**by_rest, "rules": 0}
    assert [str(one) for one in missing(Granting(by_rest["rules"]))] == ["get pods/exec", "create pods/exec"]
    assert () == missing(Granting(by_rest["rules"]), BY_REST)


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

    assert len(namespaced) == 5
    assert {one["metadata"]["namespace"] for one in namespaced} == {"airflow"}
    assert subjects == [{"kind": "ServiceAccount", "name": "dagship-deployer", "namespace": "airflow"}] * 2
