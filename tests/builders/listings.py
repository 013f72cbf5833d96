"""Repositories as `init` sees them."""

from dagship.init.model import Listing

DAG = "from airflow import DAG\n\nwith DAG('a'):\n    pass\n"


def listing(files: dict[str, str], *dags: str) -> Listing:
    """A listing of files with their texts, and of DAG files."""
    found = {**dict.fromkeys(dags, DAG), **files}
    return Listing(paths=tuple(sorted(found)), texts=found)
