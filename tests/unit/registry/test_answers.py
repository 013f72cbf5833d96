"""Answers of registries, taken from responses as the HTTP library makes them."""

import io

import pytest
import requests
from urllib3 import HTTPResponse

from dagship.errors import OutsideError
from dagship.registry import answers


def response(link: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made.url = 200, "https://r.example/v2/a/tags/list"
    made.raw = HTTPResponse(io.BytesIO(b"{}"), preload_content=False)
    made.headers["Link"] = link
    return made


def test_a_next_page_that_has_no_address_is_a_sentence() -> None:
    with pytest.raises(OutsideError, match=r"r\.example names the next page of a list by what is no address"):
        answers.take(response("<http://[x/v2>; rel=next"), "r.example")


def test_the_next_page_is_a_path_on_the_same_host() -> None:
    assert "/v2/b?last=1" == answers.take(response("<https://other.example/v2/b?last=1>; rel=next"), "r").following
