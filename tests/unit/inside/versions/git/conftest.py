"""What tests of git share."""

from pathlib import Path

import pytest


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    directory = tmp_path / "mounted secret"
    directory.mkdir()
    return directory
