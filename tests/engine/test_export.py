"""What an image has, exported as a lock that other tools install: over a real base, with a real index."""

import tomllib
from collections.abc import Callable
from pathlib import Path

from dagship.lock.export import exporter as stage
from dagship.model.artifacts import BaseImage
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace

BOLTONS = "sha256:9618695a6ec4f50412e7072e5d78910a00b4111d0b9b549e4a3d60bc321e7807"


def test_an_image_is_exported_with_the_files_of_every_platform(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], console: Console
) -> None:
    (tmp_path / "dags.lock.txt").write_text(f"boltons==24.0.0 --hash={BOLTONS}\n")

    shown = stage.export(settings_for(), Workspace(tmp_path), console, base_3, tmp_path / "dags.lock.txt", "pylock")

    assert shown == "pylock.dags.toml"
    packages = {one["name"]: one for one in tomllib.loads((tmp_path / shown).read_text())["packages"]}
    assert [wheel["hashes"]["sha256"] for wheel in packages["boltons"]["wheels"]] == [BOLTONS.partition(":")[2]]
    assert packages.keys() - {"boltons"} <= base_3.packages.keys()
    assert packages["apache-airflow"]["version"] == base_3.packages["apache-airflow"]
    assert {"win_amd64", "arm64", "x86_64"} <= {
        platform
        for wheel in packages["sqlalchemy"]["wheels"]
        for platform in ("win_amd64", "arm64", "x86_64")
        if platform in wheel["url"]
    }
