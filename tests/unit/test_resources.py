"""Files that ship with the package."""

from dagship.resources import resource


def test_what_is_in_the_package_and_what_a_checkout_has_at_its_top_are_both_found() -> None:
    assert resource("inside").is_dir()
    assert (resource("images") / "airflow").is_dir()
