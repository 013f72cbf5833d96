"""Where Airflow's API is, and what a token for it may look like."""

import base64

import pytest
from pydantic import SecretStr

from dagship.model.access import Access, checked_token, checked_url

# What no message may have.
SECRET = "s3cr3t-of-a-test"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://airflow.example.com", "https://airflow.example.com"),
        ("https://airflow.example.com/", "https://airflow.example.com"),
        ("https://airflow.example.com:8443/data//", "https://airflow.example.com:8443/data"),
        ("https://airflow.example.com/data/api/v2/", "https://airflow.example.com/data"),
        ("http://[::1]:8080/api", "http://[::1]:8080"),
    ],
)
def test_an_address_is_kept_as_paths_are_put_behind_it(given: str, kept: str) -> None:
    assert kept == checked_url(given)


@pytest.mark.parametrize(
    "given",
    [
        "airflow.example.com",
        "ftp://airflow.example.com",
        "https://",
        "https://airflow.example.com?token=x",
        "https://airflow.example.com#x",
        "https://airflow.example.com/a b",
        "https://airflow.example.com\r\nHost: other",
        "https://airflow.example.com:port",
        "https://airflow.example.com\\other",
        "https://[",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        checked_url(given)


@pytest.mark.parametrize("given", [f"https://user:{SECRET}@airflow.example.com", f"https://{SECRET}@a:b:c"])
def test_a_login_in_an_address_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(ValueError, match=r"login|no address") as refused:
        checked_url(given)

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "given", [f"{SECRET} ", f"{SECRET}\r\nX-Header: y", f"{SECRET}\0", f"{SECRET}ä", "", "x" * 9000]
)
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(ValueError, match="no token") as refused:
        checked_token(given)

    assert SECRET not in str(refused.value)


def test_a_token_is_a_bearers_and_a_login_is_basic() -> None:
    url = "https://airflow.example.com"

    assert f"Bearer {SECRET}" == Access(url=url, token=SecretStr(SECRET)).authorization
    login = Access(url=url, token=SecretStr(f"ci:{SECRET}")).authorization
    assert f"ci:{SECRET}" == base64.b64decode(login.removeprefix("Basic ")).decode()
    assert SECRET not in repr(Access(url=url, token=SecretStr(SECRET)))


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("https://airflow.example.com", False),
        ("http://airflow.example.com", True),
        ("http://airflow-api-server.airflow.svc:8080", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("http://127.0.0.1.example.com", True),
    ],
)
def test_a_token_that_others_can_read_on_its_way_is_said(url: str, exposed: bool) -> None:
    assert exposed == ("without TLS" in Access(url=url, token=SecretStr(SECRET)).exposure)
