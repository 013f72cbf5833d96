"""Whether two names are of one image."""

import pytest

from dagship.workloads.image_identity import digest, same_image
from tests.builders import pods as o

D1, D2 = "@" + o.digest(o.V1), "@" + o.digest(o.V2)


@pytest.mark.parametrize(
    ("image", "wanted", "same"),
    [
        ("r.example/team/airflow:1", "r.example/team/airflow:1", True),
        ("mirror:5000/other/name" + D1, "r.example/team/airflow" + D1, True),
        ("mirror:5000/team/airflow" + D2, "mirror:5000/team/airflow" + D1, False),
        ("mirror:5000/team/airflow:1", "r.example/team/airflow:1", True),
        ("mirror.example/hub/apache/airflow:3.3.2", "apache/airflow:3.3.2", True),
        ("docker.io/library/airflow:1", "airflow:1", True),
        ("localhost/airflow", "airflow:latest", True),
        ("mirror:5000/team/airflow:2", "r.example/team/airflow:1", False),
        ("mirror:5000/xteam/airflow:1", "r.example/team/airflow:1", False),
        ("mirror:5000/team/airflow2:1", "r.example/team/airflow:1", False),
        # A tag that was given its digest.
        ("r.example/team/airflow:1" + D1, "r.example/team/airflow:1", True),
        ("r.example/team/airflow" + D1, "r.example/team/airflow:1", False),
        ("r.example/team/airflow" + D1, "r.example/team/airflow:latest", False),
        ("", "airflow:1", False),
        ("not an image", "airflow:1", False),
    ],
)
def test_names_are_compared_by_digest_or_by_path_and_tag_without_the_registry(
    image: str, wanted: str, same: bool
) -> None:
    assert same_image(image, wanted) is same
    assert same_image(wanted, image) is same


@pytest.mark.parametrize(
    "reported",
    [
        o.V2,
        f"docker-pullable://{o.V2}",
        f"docker.io/library/x@{o.digest(o.V2)}",
        o.digest(o.V2),
    ],
)
def test_the_digest_is_read_from_what_any_runtime_reports(reported: str) -> None:
    assert digest(reported) == o.digest(o.V2)


def test_an_image_without_a_digest_has_none() -> None:
    assert digest("registry:5000/team/airflow:3f9c") == ""
