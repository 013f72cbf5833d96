"""A remote that does not answer. What a repository brings is in test_syncer."""

import socket
import time
from pathlib import Path

import pytest

from dagship.inside.versions.git.repository import Failed, Git
from dagship.inside.versions.settings import Settings
from tests.unit.inside.versions.processes import processes


def test_a_remote_that_never_answers_is_given_up_and_nothing_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        asked = Settings(url=f"git://{host}/dags.git", credentials=str(tmp_path))
        git = Git(asked, str(tmp_path / "store"), str(tmp_path), 0, time.monotonic() + 1)

        with pytest.raises(Failed, match=f"{host} did not answer: git did not end within 1 s"):
            git.fetch_tip()

    assert not processes(host)
