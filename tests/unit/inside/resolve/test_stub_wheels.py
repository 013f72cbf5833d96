"""Wheels without content for what the base has."""

import hashlib
import zipfile
from pathlib import Path

from dagship.inside.resolve import stub_wheels


def test_a_stub_is_a_wheel_that_says_what_its_package_needs(tmp_path: Path) -> None:
    one = {
        "name": "our-own",
        "version": "1.0",
        "requires_python": ">=3.9",
        "extras": ["x"],
        "requires": ['six ; extra == "x"'],
    }
    hashes = stub_wheels.write([one], "cp311-cp311-linux_x86_64", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")

    assert wheel.name == "our_own-1.0-9999999-cp311-cp311-linux_x86_64.whl"
    assert hashes == {"our-own": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    assert f'href="{wheel.name}#sha256={hashes["our-own"]}"' in (tmp_path / "packages.html").read_text()
    assert zipfile.ZipFile(wheel).read("our_own-1.0.dist-info/METADATA").decode() == (
        "Metadata-Version: 2.1\nName: our-own\nVersion: 1.0\nRequires-Python: >=3.9\nProvides-Extra: x\n"
        'Requires-Dist: six ; extra == "x"\n'
    )


def test_the_same_stub_has_the_same_hash(tmp_path: Path) -> None:
    one = {"name": "a", "version": "1", "requires_python": "", "extras": [], "requires": []}

    assert stub_wheels.write([one], "py3-none-any", str(tmp_path / "1")) == stub_wheels.write(
        [one], "py3-none-any", str(tmp_path / "2")
    )
