"""What all tests share: none depends on the settings of who runs it."""

import os
from collections.abc import Generator

import pytest

from dagship.errors import DagshipError

_OF_THE_TESTS = ("DAGSHIP_TEST_", "DAGSHIP_CA_CERT")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Takes the caller's `DAGSHIP_…` out of the environment, but for what reaches the network and the registry."""
    for name in [name for name in os.environ if name.startswith("DAGSHIP_") and not name.startswith(_OF_THE_TESTS)]:
        del os.environ[name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to a failure what an error says besides its sentence: what the engine or the cluster said."""
    report = yield
    failed = call.excinfo.value if call.excinfo else None
    if isinstance(failed, DagshipError):
        report.sections.append(("what the error says", f"{failed.hint}\n{failed.detail}"))
    return report
