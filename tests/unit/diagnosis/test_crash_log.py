"""What can be read from any log that ends in an error."""

from dagship.diagnosis.crash_log import complaint
from tests.builders.crashes import crash


def test_an_exception_that_is_in_no_list_is_told_with_the_line_it_comes_from() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/home/airflow/.local/lib/python3.11/site-packages/airflow/settings.py", line 734, in import_local_settings\n'
        "    import airflow_local_settings\n"
        '  File "/opt/airflow/config/airflow_local_settings.py", line 7, in <module>\n'
        "    LIMITS['cpu']\n"
        "KeyError: 'cpu'\n"
    )

    assert crash(text) == ("KeyError: 'cpu' (/opt/airflow/config/airflow_local_settings.py, line 7)", "")


def test_lines_of_lower_levels_are_no_complaints() -> None:
    assert complaint("2026-11-23T05:45:21.759515Z [info     ] Finished [uvicorn.error] loc=server.py:113\n") == ""
    assert (
        complaint("[2026-11-23T05:47:10.149+0000] {manager.py:406} WARNING - we cannot use more than 1 thread\n") == ""
    )
    assert complaint("[2026-11-23T05:47:10.149+0000] {x.py:1} ERROR - cannot go on\nbye\n").endswith("cannot go on")


def test_a_long_sentence_is_cut() -> None:
    assert len(crash("ERROR " + "x" * 5000)[0]) == 401
