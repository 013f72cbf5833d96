import pytest

from dagship.engine import isolation
from dagship.errors import OutsideError


def seen(mode: str, *networks: str) -> dict[str, object]:
    return {"HostConfig": {"NetworkMode": mode}, "NetworkSettings": {"Networks": dict.fromkeys(networks)}}


@pytest.mark.parametrize("document", [seen("none", "none"), seen("none")])
def test_a_container_without_a_network_is_taken(document: dict[str, object]) -> None:
    isolation.check(document)


@pytest.mark.parametrize(
    "document", [seen("none", "none", "jobs_1"), seen("none", "jobs_1"), seen("jobs_1", "none"), seen("jobs_1")]
)
def test_a_container_with_a_network_is_refused_and_the_network_named(document: dict[str, object]) -> None:
    with pytest.raises(OutsideError, match="gave it jobs_1"):
        isolation.check(document)


def test_memory_is_three_quarters_of_the_machines_unless_it_is_said() -> None:
    engine = {"NCPU": 2, "MemTotal": 8 << 30}

    assert 6 << 30 == isolation.options(engine, 0, ())["mem_limit"]
    assert 1 << 30 == isolation.options(engine, 1 << 30, ())["memswap_limit"]
