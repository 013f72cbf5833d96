"""What the report of a test says of the image as a whole."""

from dagship.model.verify_report import CheckedFile, VerifyReport


def test_the_dags_of_a_report_are_those_of_the_current_version_each_with_its_file() -> None:
    files = (
        CheckedFile(file="etl/daily.py", seconds=0.1, dags=("daily", "hourly")),
        CheckedFile(file="etl/old.py", seconds=0.1, dags=("daily", "gone"), version="a" * 12),
    )
    report = VerifyReport(
        image="x:1", id="y", passed=True, airflow="3.3.2", python="3.12.1", files=files, findings=(), seconds=1.0
    )

    assert report.dags == {"daily": "etl/daily.py", "hourly": "etl/daily.py"}
