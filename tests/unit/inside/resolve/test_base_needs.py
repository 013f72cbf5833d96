"""What the packages of a base need of one another, and of one that moves."""

from typing import Any

from dagship.inside.resolve import base_needs


def package(name: str, version: str, *requires: str) -> dict[str, Any]:
    return {"name": name, "version": version, "requires": list(requires)}


def test_what_stays_limits_what_moves_and_what_moves_limits_nothing() -> None:
    base = [
        package("airflow", "3", "SQLAlchemy[asyncio]>=1.4.36,<2", "six", "gone>=1"),
        package("alembic", "1", "sqlalchemy>=1.3 ; python_version >= '3'", "sqlalchemy>=9 ; python_version < '3'"),
        package("sqlalchemy", "1.4.54", "greenlet<4"),
        package("greenlet", "3"),
        package("six", "1"),
    ]

    found = base_needs.read(base, ["sqlalchemy", "greenlet"])

    assert found.constraints == ["sqlalchemy<2,>=1.4.36", "sqlalchemy>=1.3"]
    assert found.contradictions == []
    assert found.distributions == base
    assert base_needs.read(base, []).constraints == []


def test_a_need_that_the_base_does_not_meet_is_told_apart_and_limits_nothing() -> None:
    base = [
        package("old", "1", "six>=2", "x>=1"),
        package("other", "1", "six<3"),
        package("six", "1"),
        package("x", "1"),
    ]

    found = base_needs.read(base, ["six"])

    assert found.contradictions == [{"name": "old", "version": "1", "needs": "six>=2", "has": "six 1"}]
    assert found.constraints == ["six<3"]
    assert [one["requires"] for one in found.distributions] == [["x>=1"], ["six<3"], [], []]


def test_extras_count_where_one_package_of_the_base_asks_another_for_them() -> None:
    base = [
        package("provider", "1", "celery[redis]>=5"),
        package("celery", "5", "kombu[redis]>=5 ; extra == 'redis'", "boto3>=9 ; extra == 'sqs'"),
        package("kombu", "5", "redis<6 ; extra == 'redis'", "redis<1 ; extra == 'other'", "broken requirement =="),
        package("redis", "5"),
        package("boto3", "1"),
    ]

    found = base_needs.read(base, ["redis"])

    assert (found.constraints, found.contradictions) == (["redis<6"], [])


def test_a_constraint_is_about_one_package() -> None:
    assert base_needs.name_of("typing_extensions==4.1+x") == "typing-extensions"
    assert base_needs.name_of("sqlalchemy<2,>=1.4") == "sqlalchemy"
