"""Which Airflow a repository names."""

import pytest

from dagship.init import airflow_version
from tests.builders.listings import listing

LOCK = '[[package]]\nname = "apache-airflow"\nversion = "3.1.7"\n'


@pytest.mark.parametrize(
    ("name", "text", "version", "where"),
    [
        ("Dockerfile", "# x\nFROM apache/airflow:2.11.2-python3.11", "2.11.2", "Dockerfile:2"),
        ("docker/Dockerfile", "FROM docker.io/apache/airflow:slim-3.1.8", "3.1.8", "docker/Dockerfile:1"),
        ("docker-compose.yaml", "x:\n  image: ${AIRFLOW_IMAGE_NAME:-apache/airflow:3.3.2}", "3.3.2", "docker-compose.yaml:2"),
        ("compose.yml", "image: apache/airflow:3.0.6", "3.0.6", "compose.yml:1"),
        ("uv.lock", LOCK, "3.1.7", "uv.lock"),
        ("pylock.toml", LOCK.replace("package", "packages", 1), "3.1.7", "pylock.toml"),
        ("requirements.txt", "# -c https://x/constraints-1.0.0/constraints-3.8.txt\napache-airflow[amazon]==2.11.0", "2.11.0", "requirements.txt:2"),
        ("requirements.txt", '--constraint "https://x/constraints-2.10.3/constraints-3.11.txt"', "2.10.3", "requirements.txt:1"),
        ("requirements/dev.in", "apache-airflow-core == 3.2.2", "3.2.2", "requirements/dev.in:1"),
        ("pyproject.toml", 'dependencies = ["apache-airflow==3.1.8"]', "3.1.8", "pyproject.toml:1"),
    ],
)  # fmt: skip
def test_a_version_is_found_where_people_write_it(name: str, text: str, version: str, where: str) -> None:
    (found,) = airflow_version.named(listing({name: text}))

    assert (found.version, found.where, found.whole) == (version, where, True)


def test_what_runs_comes_before_what_is_asked_for() -> None:
    files = {"requirements.txt": "apache-airflow==3.0.0", "Dockerfile": "FROM apache/airflow:3.1.8", "uv.lock": LOCK}

    assert [one.version for one in airflow_version.named(listing(files))] == ["3.1.8", "3.1.7", "3.0.0"]


@pytest.mark.parametrize("tag", ["latest", "3.1", "2"])
def test_a_tag_that_names_no_release_is_not_whole(tag: str) -> None:
    (found,) = airflow_version.named(listing({"Dockerfile": f"FROM apache/airflow:{tag}"}))

    assert not found.whole


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", "FROM quay.io/astronomer/astro-runtime:12.6.0"),
        ("requirements.txt", "apache-airflow>=2.9\napache-airflow-providers-amazon==9.0.0"),
        ("uv.lock", "no toml ["),
        ("uv.lock", "package = 3"),
    ],
)
def test_nothing_is_guessed(name: str, text: str) -> None:
    assert not airflow_version.named(listing({name: text}))


@pytest.mark.parametrize(
    "image", ["quay.io/astronomer/astro-runtime:13.1.0", "astrocrpublic.azurecr.io/runtime:3.1-12"]
)
def test_the_astro_runtime_is_known_by_its_name(image: str) -> None:
    assert airflow_version.ASTRO.search(image)
