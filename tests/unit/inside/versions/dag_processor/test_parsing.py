"""How files of a bundle are named; what the dag-processor is made to do needs one (tests/engine)."""

import pytest

from dagship.inside.versions.dag_processor import parsing

VERSION = "0123456789ab"


@pytest.mark.parametrize(
    "named",
    [
        "team/a.py",
        f"/opt/airflow/dag-versions/{VERSION}/dags/team/a.py",
        f"/tmp/airflow/dag_bundles/dags-folder/thin/{VERSION}/dags/team/a.py",
    ],
)
def test_a_file_with_an_import_error_has_one_name_in_all_versions(named: str) -> None:
    assert parsing.below_dags(named) == "team/a.py"


def test_a_directory_that_is_called_like_a_version_is_part_of_the_name() -> None:
    inner = f"team/{VERSION}/dags/a.py"

    assert parsing.below_dags(inner) == inner
    assert parsing.below_dags(f"/opt/airflow/dag-versions/{VERSION}/dags/{inner}") == inner


def test_no_other_process_than_a_dag_processor_asks_what_was_broken() -> None:
    assert parsing.broken_before("dags-folder") == frozenset()
