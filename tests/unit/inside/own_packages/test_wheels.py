"""What a wheel says of itself. Left out: the build."""

import zipfile
from pathlib import Path

from dagship.inside.own_packages import wheels

METADATA = """\
Metadata-Version: 2.4
Name: Ours
Version: 1.0
Requires-Python: >=3.9
Requires-Dist: boltons>=23
Requires-Dist: boto3; extra == "s3"
Provides-Extra: s3

Requires-Dist: not-a-header
"""


def test_the_headers_of_the_metadata_are_read_and_not_its_text(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ours.whl", "w") as file:
        file.writestr("ours/vendored.dist-info/METADATA", "Name: other\n")
        file.writestr("ours-1.0.dist-info/METADATA", METADATA)

    assert wheels.said(str(tmp_path / "ours.whl")) == {
        "name": "Ours",
        "version": "1.0",
        "requires": ["boltons>=23", 'boto3; extra == "s3"'],
        "requires_python": ">=3.9",
        "extras": ["s3"],
    }
