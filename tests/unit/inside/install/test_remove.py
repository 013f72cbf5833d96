"""How files are taken out of an image."""

from pathlib import Path

from dagship.inside.install import remove


def test_files_go_and_the_directories_that_are_empty_then_and_nothing_else(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for name in ("six/deep/a.py", "six/deep/__pycache__/a.pyc", "google/one.py", "google/two.py"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("")
    (site / "link.py").symlink_to("nowhere")

    remove.main([str(site / name) for name in
                 ("six/deep/a.py", "six/deep/__pycache__/a.pyc", "google/one.py", "link.py")])  # fmt: skip

    assert sorted(path.relative_to(site).as_posix() for path in site.rglob("*")) == ["google", "google/two.py"]
    assert (site / "google").stat().st_mtime == site.stat().st_mtime == 315532800


def test_the_directory_of_packages_stays_when_the_last_one_goes(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "six.py").write_text("")

    remove.main([str(site / "six.py")])

    assert list(site.iterdir()) == []
