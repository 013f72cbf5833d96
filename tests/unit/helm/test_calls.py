"""What helm is called with."""

import csv
from pathlib import Path

import pytest

from dagship.helm import calls


def upgrade(*files: Path, create: bool = False) -> tuple[str, ...]:
    return calls.upgrade("airflow", Path("/chart"), files, description="d", create_namespace=create)


def test_an_upgrade_takes_exactly_the_values_that_are_given() -> None:
    argv = upgrade(Path("/a.yaml"), Path("/b.yaml"))

    assert argv == (
        "upgrade", "airflow", "/chart", "--install", "--reset-values", "--description=d", "--values=/a.yaml",
        "--values=/b.yaml",
    )  # fmt: skip
    assert "--wait" not in argv


def test_a_namespace_is_made_where_there_is_none() -> None:
    assert upgrade(create=True)[-1] == "--create-namespace"


@pytest.mark.parametrize("name", ["a,b.yaml", 'say "no".yaml', "two\nlines.yaml"])
def test_a_file_is_one_item_of_the_list_that_helm_reads(name: str) -> None:
    (flag,) = (one for one in upgrade(Path("/", name)) if one.startswith("--values"))

    assert list(csv.reader([flag.removeprefix("--values=")], strict=True)) == [[f"/{name}"]]


def test_the_place_is_named_and_no_variable_leads_elsewhere() -> None:
    environment = calls.environment("/a:/b")

    assert calls.where(namespace="prod", context="kind") == ("--namespace=prod", "--kube-context=kind")
    assert calls.where(namespace="prod", context="") == ("--namespace=prod",)
    assert environment["KUBECONFIG"] == "/a:/b"
    assert {environment[f"HELM_{name}"] for name in ("KUBEAPISERVER", "KUBETOKEN", "KUBEASUSER", "NAMESPACE")} == {""}


@pytest.mark.parametrize(
    ("said", "number"),
    [("v4.1.4", (4, 1)), ("v3.17.1+g980d8ac", (3, 17)), ("v3.8.0-rc.1", (3, 8)), ("v2", None), ("", None)],
)
def test_a_version_is_read(said: str, number: tuple[int, int] | None) -> None:
    assert calls.number(said) == number
