"""The facts in a release's values, for people. Pure."""

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]


def is_ours(values: Values) -> bool:
    """Whether values are of this chart: no other for Airflow has `dags.mode`."""
    return isinstance(_of(values, "dags").get("mode"), str)


def dags(values: Values, release: str) -> str:
    """Returns how DAGs get there."""
    given = _of(values, "dags")
    mode, git = str(given.get("mode") or ""), _of(given, "git")
    if mode == "embedded":
        return "embedded in the image"
    if git.get("url"):
        ref = next((f", {kind} {git[kind]}" for kind in ("branch", "tag") if git.get(kind)), "")
        return f"{mode}, from {_without_user(str(git['url']))}{ref}"
    return f"{mode}, from the claim {_of(given, 'persistent').get('claim') or f'{release}-dags'}"


def ui(values: Values, release: str, namespace: str) -> str:
    """Returns the command that makes the user interface reachable at localhost:8080."""
    web = "webserver" if str(values.get("airflowVersion")).startswith("2.") else "api-server"
    return f"kubectl --namespace {namespace} port-forward service/{release}-{web} 8080"


def password(values: Values, release: str, namespace: str) -> str:
    """Returns the command that reads the first user's password; empty where the chart makes no user."""
    if not _of(values, "admin").get("create"):
        return ""
    template = """'{{ index .data "admin-password" | base64decode }}'"""
    return f"kubectl --namespace {namespace} get secret {keys(values, release)} --output go-template={template}"


def user(values: Values) -> str:
    """Returns the first user's name; empty where the chart makes none."""
    admin = _of(values, "admin")
    return str(admin.get("username") or "") if admin.get("create") else ""


def keys(values: Values, release: str) -> str:
    """Returns the name of the Secret that holds the keys."""
    return str(_of(values, "keys").get("secret") or own_keys(release))


def own_keys(release: str) -> str:
    """Returns the name of the Secret that the chart makes."""
    return f"{release}-keys"


def announced(release: str) -> str:
    """Returns the name of the ConfigMap that the pods have mounted for DAG versions that are announced to them."""
    return f"{release}-dags"


def _of(values: Values, name: str) -> Values:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _without_user(url: str) -> str:
    """Returns a URL without the user and password in it; a password may have a slash."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else url
