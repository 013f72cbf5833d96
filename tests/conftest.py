"""What all tests share: none depends on the settings of who runs it, and how long each takes is noted where that is asked for."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from dagship.errors import DagshipError

_OF_THE_TESTS = ("DAGSHIP_TEST_", "DAGSHIP_CA_CERT")
# Read at once: the guard of the unit tests takes it out of the environment. With several processes the first one writes.
_DURATIONS = "" if "PYTEST_XDIST_WORKER" in os.environ else os.environ.get("DAGSHIP_TEST_DURATIONS", "")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Takes the caller's `DAGSHIP_…` out of the environment, but for what reaches the network and the registry.

    And what says that a CI is around, to which tasks would report what is a test's.
    """
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
        os.environ.pop(name, None)
    for name in [name for name in os.environ if name.startswith("DAGSHIP_") and not name.startswith(_OF_THE_TESTS)]:
        del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the first case of each test that is sampled in its layer; the others are wide, and so is what runs alone."""
    first: set[str] = set()
    for item in items:
        if item.get_closest_marker("alone"):
            item.add_marker(pytest.mark.wide)
        if item.get_closest_marker("sampled"):
            name = item.nodeid.partition("[")[0]
            if name in first:
                item.add_marker(pytest.mark.wide)
            first.add(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fails a test that disturbs all others where others run beside it, rather than those others."""
    if item.get_closest_marker("alone") and "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("Marked `alone`, and others run beside it: pytest without -n.", pytrace=False)


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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Adds to the file of `script/test` what setting a test up, the test, or cleaning up took."""
    if _DURATIONS:
        with Path(_DURATIONS).open("a", encoding="utf-8") as file:
            file.write(f"{report.duration:.3f}\t{report.nodeid}\n")
