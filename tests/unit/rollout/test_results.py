"""What the parts of a result say together."""

import pytest

from dagship.rollout.results import StatusReport, WorkloadReport
from tests.builders import pods as o

MIRROR = "mirror.example/hub/team/airflow"


@pytest.mark.parametrize(
    ("images", "digests", "agree"),
    [
        ((o.V1, f"{MIRROR}@{o.digest(o.V1)}"), {}, True),
        ((o.V1, f"{MIRROR}@{o.digest(o.V2)}"), {}, False),
        (("apache/airflow:3", "docker.io/apache/airflow:3"), {}, True),
        (("airflow", "docker.io/library/airflow:latest"), {}, True),
        # Anybody may have put anything there under that name.
        (("apache/airflow:2.10.5", "registry.corp/airflow:2.10.5"), {}, False),
        (("r/team/airflow:1", "mirror:5000/team/airflow:1"), {}, False),
        (("r/team/airflow:1", "mirror:5000/team/airflow:1"), {0: "1", 1: "1"}, True),
        (("r/team/airflow:1", "mirror:5000/team/airflow:1"), {0: "1", 1: "2"}, False),
        (("r/team/airflow:1", "r/team/airflow:1"), {0: "1"}, True),
        (("r/team/airflow:1", o.V1), {0: "1"}, True),
        (("r/team/airflow:1", o.V1), {}, False),
        ((), {}, False),
    ],
)
def test_components_agree_on_an_image_by_its_digest_and_else_by_its_whole_name(
    images: tuple[str, ...], digests: dict[int, str], agree: bool
) -> None:
    workloads = tuple(
        WorkloadReport(
            workload=f"deployment/{number}",
            role="other",
            images=(image,),
            digests={image: f"sha256:{digests[number] * 64}"} if number in digests else {},
        )
        for number, image in enumerate(images)
    )

    assert StatusReport(passed=True, namespace="", context="", workloads=workloads, releases=()).agree is agree
