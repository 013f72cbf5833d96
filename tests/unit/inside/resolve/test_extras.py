"""Extras that nobody has."""

from dagship.inside.resolve.extras import unknown

BASE = [{"name": "apache-airflow", "extras": ["amazon", "cncf.kubernetes", "google"]}]


def line(number: int, text: str, name: str = "apache-airflow") -> dict[str, object]:
    return {"line": number, "text": text, "name": name}


def test_an_extra_that_the_bases_package_lacks_is_told_with_the_nearest_one() -> None:
    lines = [line(1, "apache-airflow[google]"), line(2, "apache-airflow[amzon,google]==3.3.2")]

    assert unknown(lines, BASE, ()) == {"kind": "no-extra", "lines": [2], "names": ["amzon"], "versions": ["amazon"]}


def test_an_extra_may_be_written_in_any_way_that_means_it() -> None:
    assert unknown([line(1, "apache-airflow[cncf_Kubernetes]")], BASE, ()) is None


def test_what_the_base_does_not_have_or_will_not_keep_or_does_not_ask_for_is_not_looked_at() -> None:
    assert unknown([line(1, "pandas[nothing]", "pandas")], BASE, ()) is None
    assert unknown([line(1, "apache-airflow[nothing]")], BASE, ("apache-airflow",)) is None
    assert unknown([line(1, 'apache-airflow[nothing] ; python_version < "3"')], BASE, ()) is None
