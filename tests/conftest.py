"""What all tests share: none depends on the settings of who runs it."""

import os

import pytest

_OF_THE_TESTS = ("DAGSHIP_TEST_", "DAGSHIP_CA_CERT")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Takes the caller's `DAGSHIP_…` out of the environment, but for what reaches the network and the registry."""
    for name in [name for name in os.environ if name.startswith("DAGSHIP_") and not name.startswith(_OF_THE_TESTS)]:
        del os.environ[name]
