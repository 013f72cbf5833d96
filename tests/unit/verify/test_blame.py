"""The line of the DAG tree that an error is due to."""

from dagship.verify.blame import blame, fault_blame
from dagship.verify.tracebacks import parse, parse_fault
from tests.builders.tracebacks import FAULT, PLAIN, ROOT, SYNTAX


def test_a_syntax_error_is_where_its_line_says() -> None:
    assert parse(SYNTAX).kind == "SyntaxError"
    assert blame(parse(SYNTAX), ROOT, "sales.py") == (11, None)


def test_a_helper_is_blamed_with_the_dag_file_that_imports_it() -> None:
    assert blame(parse(PLAIN), ROOT, "sales.py") == (11, ("helpers/tables.py", 5))


def test_what_is_included_is_blamed_by_its_place_beside_the_dag_directory() -> None:
    included = PLAIN.replace(f"{ROOT}/helpers", f"{ROOT.removesuffix('dags')}include")

    assert blame(parse(included), ROOT, "sales.py") == (11, ("include/tables.py", 5))


def test_what_lies_beside_a_directory_that_others_made_is_not_the_tree() -> None:
    own = PLAIN.replace(ROOT, "/opt/airflow/dags").replace("/opt/airflow/dags/helpers", "/opt/airflow/helpers")

    assert blame(parse(own), "/opt/airflow/dags", "sales.py") == (11, None)


def test_a_directory_that_only_begins_with_the_same_name_is_not_the_tree() -> None:
    elsewhere = PLAIN.replace(ROOT, f"{ROOT.removesuffix('/dags')}-old/dags")

    assert blame(parse(elsewhere), ROOT, "sales.py") == (0, None)


def test_a_member_of_a_zip_is_blamed_as_a_helper_since_a_zip_has_no_lines() -> None:
    zipped = PLAIN.replace(f"{ROOT}/sales.py", f"{ROOT}/sales.zip/main.py")

    assert blame(parse(zipped), ROOT, "sales.zip") == (0, ("helpers/tables.py", 5))


def test_a_fault_is_read_from_the_innermost_line_up() -> None:
    assert [frame.line for frame in parse_fault(FAULT)] == [238, 12, 3, 519]
    assert fault_blame(FAULT, ROOT, "sales.py") == (12, ("helpers/model.py", 3))


def test_output_without_a_fault_blames_no_line() -> None:
    assert fault_blame('  File "/a.py", line 3 in x\n', ROOT, "sales.py") == (0, None)
