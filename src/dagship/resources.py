"""Files that belong to the package: what runs inside the image, and the templates in `images/`."""

from pathlib import Path

_PACKAGE = Path(__file__).parent

BESIDE_DAGS = "dagship_inside"
"""What the package `inside` is called where it runs beside DAG files: no helper of theirs has that name."""


def resource(name: str) -> Path:
    """Returns the path of a file or directory that ships with dagship.

    Args:
        name: `inside/probe.py`, or `images/airflow/Dockerfile.j2`: in a wheel `images/` is in the package, in a
            checkout it is at the top.

    """
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parents[1] / name


def programs(*folders: str) -> dict[str, Path]:
    """Returns the files of programs that run inside an image, by their path in the package `inside`.

    Args:
        folders: Theirs, `resolve` for instance; no other file changes what an image or a lock depends on.

    """
    package = resource("inside")
    files = [file for folder in folders for file in (package / folder).rglob("*") if file.suffix in {".py", ".txt"}]
    return {file.relative_to(package).as_posix(): file for file in [package / "__init__.py", *sorted(files)]}


def copy_programs(into: Path, *folders: str) -> None:
    """Writes what `python INTO PROGRAM` takes: the files of programs, and what starts one of them."""
    starter = resource("inside/__main__.py")
    for name, file in {starter.name: starter, **programs(*folders)}.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_bytes(file.read_bytes())
