"""What is included and never imported, since something else has its name."""

import sys
from pathlib import Path

import pytest

from dagship.inside.verify.importer.hidden import hidden


def test_what_python_finds_elsewhere_first_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("top/dags/yaml.py", "top/yaml/__init__.py", "top/json/__init__.py", "top/decimal.py",
                 "top/email/q.sql", "top/plain/a.py", "top/fine/a.py", "packages/plain/b.py"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "top" / "sys").symlink_to("dags")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "packages")])
    monkeypatch.setattr(sys, "modules", {name: module for name, module in sys.modules.items() if name != "yaml"})
    top = tmp_path / "top"

    found = {each["name"]: each["by"] for each in hidden(str(top / "dags"), str(top))}

    assert set(found) == {"yaml", "json", "decimal.py", "plain"}
    assert found["plain"] == str(tmp_path / "packages" / "plain")
    assert found["json"].endswith("/json/__init__.py")


def test_what_lies_in_no_version_has_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("")

    assert hidden(str(tmp_path), str(tmp_path)) == []
