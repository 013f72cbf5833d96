"""Which files of the image go when another version of a package comes: small packages, written here as installers do."""

from pathlib import Path

import pytest

from dagship.inside.install import leaving

SITE = "lib/python3.11/site-packages"


def install(environment: Path, name: str, files: tuple[str, ...], *, record: bool = True) -> Path:
    """Writes a package; returns where the packages of that environment lie."""
    site = environment / SITE
    info = f"{name}-1.0.dist-info"
    for file in (*files, f"{info}/METADATA"):
        path = (site / file).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if record:
        listed = [*files, f"{info}/METADATA", f"{info}/RECORD"]
        (site / info / "RECORD").write_text("".join(f"{file},,\n" for file in listed))
    return site


def relative(files: list[str], environment: Path) -> list[str]:
    return [Path(file).relative_to(environment.resolve()).as_posix() for file in files]


def test_all_files_of_a_package_go_with_its_scripts_its_bytecode_and_its_info(tmp_path: Path) -> None:
    site = install(tmp_path, "Six", ("six/__init__.py", "six/moves.py", "../../../bin/six", "../../../share/man/six.1"))
    install(tmp_path, "other", ("other.py", "six_more.py"))
    (site / "six" / "__pycache__").mkdir()
    for name in ("moves.cpython-311.pyc", "moves.cpython-311.opt-1.pyc", "not_of_it.cpython-311.pyc"):
        (site / "six" / "__pycache__" / name).write_text("")
    (site / "Six-1.0.dist-info" / "licenses").mkdir()
    (site / "Six-1.0.dist-info" / "licenses" / "LICENSE").write_text("")

    assert relative(leaving.files({"six"}, [str(site)]), tmp_path) == [
        "bin/six",
        f"{SITE}/Six-1.0.dist-info/METADATA",
        f"{SITE}/Six-1.0.dist-info/RECORD",
        f"{SITE}/Six-1.0.dist-info/licenses/LICENSE",
        f"{SITE}/six/__init__.py",
        f"{SITE}/six/__pycache__/moves.cpython-311.opt-1.pyc",
        f"{SITE}/six/__pycache__/moves.cpython-311.pyc",
        f"{SITE}/six/moves.py",
        "share/man/six.1",
    ]


def test_a_file_that_another_package_has_too_stays(tmp_path: Path) -> None:
    site = install(tmp_path, "google_one", ("google/__init__.py", "google/one.py"))
    install(tmp_path, "google_two", ("google/__init__.py", "google/two.py"))
    (site / "google" / "__pycache__").mkdir()
    (site / "google" / "__pycache__" / "__init__.cpython-311.pyc").write_text("")

    found = relative(leaving.files({"google-one"}, [str(site)]), tmp_path)

    assert f"{SITE}/google/one.py" in found
    assert not [name for name in found if "__init__" in name]


def test_a_package_goes_from_every_directory_that_it_lies_in(tmp_path: Path) -> None:
    """As in an image whose Airflow is in the user's own directory, and has a package of the system's as well."""
    of_user = install(tmp_path / "home", "six", ("six.py",))
    of_system = install(tmp_path / "usr", "six", ("six.py", "../../../bin/six"))
    (tmp_path / "home" / "lib64").symlink_to("lib")
    by_link = tmp_path / "home" / "lib64" / "python3.11" / "site-packages"

    found = leaving.files({"six"}, [str(of_user), str(by_link), str(of_system), str(tmp_path / "not-there")])

    assert [file for file in relative(found, tmp_path) if "dist-info" not in file] == [
        f"home/{SITE}/six.py",
        "usr/bin/six",
        f"usr/{SITE}/six.py",
    ]


def test_what_a_list_names_outside_its_environment_stays(tmp_path: Path) -> None:
    site = install(tmp_path / "home", "six", ("six.py", "../../../../elsewhere.txt"))

    assert (tmp_path / "elsewhere.txt").exists()
    assert not any(file.endswith("elsewhere.txt") for file in leaving.files({"six"}, [str(site)]))


def test_a_package_whose_files_are_written_nowhere_cannot_go(tmp_path: Path) -> None:
    site = install(tmp_path, "six", ("six.py",), record=False)

    with pytest.raises(SystemExit, match="six of the image cannot be taken out"):
        leaving.files({"six"}, [str(site)])
    assert leaving.files(set(), [str(site)]) == []
