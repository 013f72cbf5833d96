"""What there is to do about a release that does not come up."""

from dagship.chart.install import left


def test_a_release_that_ran_before_is_not_advised_to_be_taken_away() -> None:
    assert "dagship uninstall" in left("airflow", "prod", first=True)

    again = left("airflow", "prod", first=False)
    assert "uninstall" not in again
    assert "helm rollback airflow REVISION --namespace prod" in again
