"""A session trusts what it was told to, over https alone."""

import ssl

from dagship.tls import session


def test_https_goes_by_the_context_that_was_given() -> None:
    trust = ssl.create_default_context()

    made = session.trusting(trust)

    assert made.get_adapter("https://registry.example.com/v2/").poolmanager.connection_pool_kw["ssl_context"] is trust
    assert "ssl_context" not in made.get_adapter("http://127.0.0.1:5000/v2/").poolmanager.connection_pool_kw
