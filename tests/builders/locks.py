"""Locks over a base, as dagship would have written them."""

from dagship.lock import freshness, pins
from dagship.lock.pins import parse_lock
from dagship.lock.requirements import Source
from dagship.model.artifacts import BaseImage

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
BASE = BaseImage(
    reference="example/airflow:3.3.2",
    pinned="example/airflow:3.3.2",
    id="sha256:0",
    platform="linux/amd64",
    python="/venv/bin/python",
    python_version="3.11.9",
    prefix="/venv",
    purelib="/venv/lib/python3.11/site-packages",
    airflow="3.3.2",
    user="50000",
    packages={"apache-airflow": "3.3.2", "six": "1.17.0"},
    directories=(),
    layers=(),
)
PINS = f"pandas==2.2.3 \\\n    --hash={A} \\\n    --hash={B}\n    # via -r dags.in\nsix==1.17.0 \\\n    --hash={A}\n"


def current(lines: str, body: str, base: BaseImage = BASE) -> str:
    """A lock as dagship would have written it."""
    made_of = freshness.stamp(Source(where="dags.in", text=lines), base, parse_lock(body, "dags.txt").pins)
    return pins.compose(body, (), made_of)
