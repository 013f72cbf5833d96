"""What must not be shown. The pattern for addresses is one in four places, where one cannot import from another."""

import json
from collections.abc import Callable

import pytest

from dagship import redaction
from dagship.inside.scheduler import answer
from dagship.inside.shared import index
from dagship.inside.verify.importer import examine
from dagship.inside.versions import runs

ADDRESSES = [
    ("at postgresql://airflow:hunter2@db/x", "at postgresql://airflow:***@db/x"),
    ("postgresql://airflow:pa/ss@db", "postgresql://airflow:***@db"),
    ("postgresql://airflow:pa@s/s'w\"@db, again", "postgresql://airflow:***@db, again"),
    ("redis://:hunter2@redis:6379/0", "redis://:***@redis:6379/0"),
    ("git+https://token:x-oauth-basic@host/x", "git+https://***@host/x"),
    ("https://token@host/simple", "https://***@host/simple"),
    ("'https://u:p@host/a' and \"https://host/b\"", "'https://***@host/a' and \"https://host/b\""),
    ("https://host/a and mail@host", "https://host/a and mail@host"),
    ("postgresql+psycopg2://air:s3cret@db:5432/airflow", "postgresql+psycopg2://air:***@db:5432/airflow"),
    (f"at postgresql://airflow:{'pass' * 1240}@db/x now", "at postgresql://***@ now"),
    (f"https://{'token' * 1000}@host/simple", "https://***@"),
]


@pytest.fixture
def places() -> dict[str, Callable[[str], str]]:
    """All that takes credentials out of addresses: here, in a build, in a git sync, and in a scheduler."""
    return {
        "here": redaction.addresses,
        "build": index.redacted,
        "sync": runs.redacted,
        "scheduler": answer.redacted,
    }


@pytest.mark.parametrize("place", ["here", "build", "sync", "scheduler"])
@pytest.mark.parametrize(("text", "shown"), ADDRESSES)
def test_no_address_is_shown_with_its_password(
    places: dict[str, Callable[[str], str]], place: str, text: str, shown: str
) -> None:
    assert shown == places[place](text)


def test_a_long_line_of_addresses_takes_no_longer_than_it_must() -> None:
    assert redaction.addresses("a://b:" * 20_000)


def test_each_line_of_a_secret_is_one() -> None:
    key = "-----BEGIN KEY-----\nMIIBfirstline\n  MIICsecondline\n-----END KEY-----"
    secrets = redaction.secrets_in({"A": key})

    assert "a *** b ***" == redaction.masked("a MIIBfirstline b MIICsecondline", secrets)
    assert "***" == redaction.masked(key, secrets)


@pytest.mark.parametrize(
    "value",
    [
        {"token": "hunter2-x"},
        {"deep": [{"er": "hunter2-x"}]},
        ["hunter2-x"],
        {"inner": json.dumps({"token": "hunter2-x"})},
    ],
)
def test_what_a_value_in_json_holds_is_a_secret(value: object) -> None:
    assert "it is ***" == redaction.masked("it is hunter2-x", redaction.secrets_in({"A": json.dumps(value)}))


def test_numbers_in_json_are_secrets_and_the_kind_of_a_connection_is_none() -> None:
    assert "pin ***" == redaction.masked("pin 12345678", redaction.secrets_in({"A": '{"pin": 12345678}'}))
    connection = '{"conn_type": "postgres", "password": "hunter2"}'

    assert "postgres ***" == redaction.masked("postgres hunter2", redaction.secrets_in({"C": connection}))


@pytest.mark.parametrize("shown", [repr, json.dumps])
def test_a_secret_is_known_as_python_and_json_write_it(shown: Callable[[str], str]) -> None:
    secret = "hun'ter\n\"2\t\u00e9"

    assert "***" == redaction.masked(shown(secret), redaction.secrets_in({"A": secret})).strip("'\"")


def test_values_are_masked_the_longest_first() -> None:
    secrets = redaction.secrets_in({"A": "hunter2", "B": "hunter2-and-more", "C": "short"})

    assert redaction.masked("hunter2-and-more, hunter2, short", secrets) == "***, ***, short"


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://user:p%40ssword@warehouse/sales",
        '{"conn_type": "postgres", "password": "p@ssword"}',
        '{"conn_type": "http", "extra": {"tokens": ["p@ssword"]}}',
        '{"conn_type": "http", "extra": "{\\"token\\": \\"p@ssword\\"}"}',
    ],
)
def test_the_password_inside_a_connection_is_masked(value: str) -> None:
    assert "p@ssword" not in redaction.masked(
        "login with p@ssword failed", redaction.secrets_in({"AIRFLOW_CONN_X": value})
    )


@pytest.mark.parametrize("value", ["{not json}", "http://[broken", "[1, 2]"])
def test_a_value_that_only_looks_like_a_connection_is_masked_as_a_whole(value: str) -> None:
    assert redaction.masked(f"x {value} y", redaction.secrets_in({"A": value})) == "x *** y"


LONG = "".join(f"{number:03d}-secret " for number in range(250))[:3000]
URL = f"postgresql://airflow:{'x9-pass' * 700}@db/airflow"


@pytest.mark.parametrize("secret", [LONG, URL, "a pass phrase of words"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_no_part_of_a_secret_is_left_where_a_text_was_cut(secret: str, share: float) -> None:
    secrets = redaction.secrets_in({"A": secret})
    at = round(len(secret) * share)

    assert "it is ***…" == redaction.masked(f"it is {secret[:at]}…", secrets)
    assert "…*** it was" == redaction.masked(f"…{secret[at:]} it was", secrets)
    assert "it is ***…\n9 left out\n…*** it was" == redaction.masked(
        f"it is {secret[:at]}…\n9 left out\n…{secret[at:]} it was", secrets
    )


@pytest.mark.parametrize("secret", [LONG, URL])
def test_no_part_of_a_secret_is_left_of_what_the_test_of_an_image_cuts(secret: str) -> None:
    secrets = redaction.secrets_in({"A": secret})
    half = examine.TEXT_LIMIT // 2
    parts = {secret[at : at + 12] for at in range(len(secret) - 12)}
    for before in (half - 10, half - 1500, half - len(secret) + 10):
        text = f"{'.' * before}{secret}{'.' * half}{secret}{'.' * before}"
        shown = redaction.masked(examine.shortened(text), secrets)
        assert "characters left out" in shown
        assert not [part for part in parts if part in shown]


def test_what_a_text_has_of_a_secret_elsewhere_than_at_a_cut_is_its_own() -> None:
    secrets = redaction.secrets_in({"A": "warehouse_orders"})

    for text in ("orders", "the DAG orders … of the warehouse", "…the orders", "ware…"[:3] + "…"):
        assert text == redaction.masked(text, secrets)


def test_a_text_of_cuts_takes_no_longer_than_it_must() -> None:
    secrets = redaction.secrets_in({f"A{number}": f"{number}{'a' * 3000}" for number in range(100)})

    assert redaction.masked("aaaa…" * 8000, secrets)
