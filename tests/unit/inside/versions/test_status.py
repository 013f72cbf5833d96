"""The status that the sync leaves for others."""

import json
from pathlib import Path

import pytest

from dagship.inside.versions import status
from dagship.inside.versions.state import Finding
from dagship.inside.versions.status import Status


def test_the_status_that_was_written_is_printed_with_its_findings_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding("dag.py", "KeyError: 'x'")
    status.write(str(tmp_path), Status(state="refused", url="https://git/dags", ref="main", findings=(finding,)))

    assert status.main({"DAGSHIP_SYNC_ROOT": str(tmp_path)}) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["state"], said["ref"]) == (1, "refused", "main")
    assert said["findings"] == [{"file": "dag.py", "error": "KeyError: 'x'"}]


def test_before_the_first_status_there_is_a_sentence_and_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status.main({"DAGSHIP_SYNC_ROOT": str(tmp_path)}) == 1
    assert tuple(capsys.readouterr()) == ("", "There is no status yet: No such file or directory.\n")
