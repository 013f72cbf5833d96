"""The files of a repository."""

from pathlib import Path

from dagship.init import listing


def lay(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_hidden_directories_environments_and_caches_are_not_listed(tmp_path: Path) -> None:
    lay(tmp_path, "dags/a.py", ".git/a.py", "env/pyvenv.cfg", "env/lib/a.py", "node_modules/a.py", "__pycache__/a.py")

    assert listing.read(tmp_path).paths == ("dags/a.py",)


def test_links_out_of_the_repository_are_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, "outside/secret.py", "repository/dags/a.py")
    root = tmp_path / "repository"
    (root / "file.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "directory").symlink_to(tmp_path / "outside")
    (root / "inside.py").symlink_to("dags/a.py")
    (root / "nowhere.py").symlink_to("nothing")

    assert listing.read(root).paths == ("dags/a.py", "inside.py")


def test_only_python_and_files_that_say_something_are_read_and_none_that_may_hold_passwords(tmp_path: Path) -> None:
    lay(tmp_path, "Dockerfile", "dags/a.py", ".env", "airflow_settings.yaml", "config/airflow.cfg", "a/b/c/Dockerfile")
    (tmp_path / "dags" / "b.py").write_bytes(b"\xef\xbb\xbf\xff")

    found = listing.read(tmp_path)

    assert set(found.texts) == {"Dockerfile", "dags/a.py", "dags/b.py"}
    assert "airflow_settings.yaml" in found.paths
