"""Image references: the grammar, and what is refused."""

import pytest

from dagship.errors import UsageError
from dagship.model.reference import Reference

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("airflow", "airflow", "", ""),
        ("apache/airflow:3.3.2", "apache/airflow", "3.3.2", ""),
        ("localhost:5000/team/dags", "localhost:5000/team/dags", "", ""),
        ("127.0.0.1:5000/a__b/c-d:T_1.2", "127.0.0.1:5000/a__b/c-d", "T_1.2", ""),
        (f"registry.example.com/a@{DIGEST}", "registry.example.com/a", "", DIGEST),
        (f"Registry.example.com/a:t@{DIGEST}", "Registry.example.com/a", "t", DIGEST),
        ("[::1]:5000/a", "[::1]:5000/a", "", ""),
    ],
)
def test_a_reference_is_taken_apart_and_put_together(text: str, name: str, tag: str, digest: str) -> None:
    reference = Reference.parse(text)

    assert (name, tag, digest) == (reference.name, reference.tag, reference.digest)
    assert text == str(reference)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "Airflow", "A/b", "a//b", "a:", "a:-x", "a@sha256:12", "a b", "a\nRUN x", "a;b", "$(x)", "--flag", "a/../b",
        "a:" + "t" * 129, "https://registry/a",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an image reference"):
        Reference.parse(text)


def test_a_repository_has_neither_tag_nor_digest() -> None:
    with pytest.raises(UsageError, match="where a repository is wanted"):
        Reference.repository("a/b:1")


@pytest.mark.parametrize(
    ("text", "registry"),
    [("apache/airflow", ""), ("airflow", ""), ("localhost/a", "localhost"), ("r.example.com/a", "r.example.com"), ("h:5/a", "h:5")],
)  # fmt: skip
def test_a_first_component_is_a_registry_by_dockers_rule(text: str, registry: str) -> None:
    assert registry == Reference.parse(text).registry


def test_tagging_and_pinning_replace_one_another() -> None:
    reference = Reference.parse(f"a/b:1@{DIGEST}")

    assert str(reference.tagged("2")) == "a/b:2"
    assert f"a/b@{DIGEST}" == str(reference.pinned(DIGEST))
