"""What a plan of an image is made of: a base, settings, a lock."""

from pathlib import Path
from typing import Any

from dagship.model.artifacts import BaseImage, Directory, LockFile, OwnPackage
from dagship.settings import Settings
from dagship.settings_sources import load

DIGEST = "sha256:" + "1" * 64
PURELIB = "/home/airflow/.local/lib/python3.11/site-packages"
NO_LOCK = LockFile(path="", text="", digest="")
LOCK = LockFile(path="dags.txt", text="six==1.16.0 --hash=sha256:00\n", digest="ab" * 32)
OWN = NO_LOCK.model_copy(update={"own": (OwnPackage(path="libs/ours", name="ours", version="1.0", digest="cd" * 32),)})


def base(**changes: Any) -> BaseImage:
    values: dict[str, Any] = {
        "reference": "apache/airflow:3.3.2", "pinned": f"apache/airflow@{DIGEST}", "id": "sha256:22",
        "platform": "linux/amd64", "python": "/home/airflow/.local/bin/python", "python_version": "3.11.2",
        "prefix": "/home/airflow/.local", "purelib": PURELIB, "airflow": "3.3.2", "user": "50000",
        "packages": {"apache-airflow": "3.3.2"},
        "layers": ("sha256:33",),
        "directories": (Directory(path="/opt", mode=0o755, uid=0, gid=0),),
    }  # fmt: skip
    return BaseImage(**(values | changes))


def settings(tmp_path: Path, **flags: object) -> Settings:
    return load(tmp_path / "nowhere", flags)
