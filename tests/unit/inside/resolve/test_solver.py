"""What uv and pip-compile say, as it is read."""

import pytest

from dagship.inside.resolve import solver


@pytest.mark.parametrize(
    "words",
    [
        "error: Failed to fetch: `https://example.test/simple/pandas/`",
        "Caused by: error sending request for url (https://example.test/simple/)",
        "hint: An index URL (https://example.test/) could not be queried due to a lack of valid authentication credentials (401 Unauthorized).",
        "WARNING: Retrying after connection broken by 'NewConnectionError(...): Connection refused'",
        "ssl.SSLError: CERTIFICATE_VERIFY_FAILED",
        "WARNING: The repository located at h is not a trusted or secure host and is being ignored.",
    ],
)
def test_an_index_that_fails_is_told_from_requirements_that_do(words: str) -> None:
    assert solver.blames_network(words)


@pytest.mark.parametrize(
    "words",
    [
        "error: No solution found when resolving dependencies\n  cause: Because you require numpy<1 and numpy>2, ...",
        "cause: Because no-such-package was not found in the package registry and you require no-such-package, ...",
        "ERROR: ResolutionImpossible: for help visit https://example.test/topics/dependency-resolution",
    ],
)
def test_requirements_that_fail_are_not_blamed_on_the_index(words: str) -> None:
    assert not solver.blames_network(words)


def test_the_frames_of_a_resolvers_traceback_are_no_words_for_people() -> None:
    words = (
        "ERROR: Ignored the following versions that require a different python version\n"
        "Traceback (most recent call last):\n"
        '  File "resolver.py", line 108, in resolve\n'
        "    raise error from e\n"
        "           ^^^^^\n"
        "pip._internal.exceptions.DistributionNotFound: No matching distribution found for dataclasses==0.8\n"
    )

    assert solver.without_frames(words).splitlines()[1:] == [
        "DistributionNotFound: No matching distribution found for dataclasses==0.8"
    ]
    assert solver.not_found(words) == ["dataclasses"]
