"""The engine's words, and what dagship makes of each. Those of a real engine's faults are in tests/engine as well."""

import pytest

from dagship.engine import diagnosis, refusing
from dagship.errors import OutsideError, Refused

DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (DOWN, "does not answer"),
        ("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock", "refuses this user"),
        ("docker: 'buildx' is not a docker command.\nSee 'docker --help'", "has no buildx"),
        ("unknown flag: --metadata-file\nSee 'docker buildx build --help'.", "has no buildx"),
        ("Dockerfile:9\nERROR: failed to solve: dockerfile parse error line 9: unknown flag: link", "too old"),
        ("write /var/lib/docker/tmp/x: no space left on device", "disk is full"),
    ],
)  # fmt: skip
def test_trouble_with_the_engine_is_named(said: str, meant: str) -> None:
    error = diagnosis.of_build(said)

    assert meant in error.message
    assert error.hint
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            'ERROR: failed to solve: example.com/nope:1: failed to resolve source metadata for example.com/nope:1: failed to do request: Head "https://example.com/v2/nope/manifests/1": dial tcp: lookup example.com: no such host',
            "example.com/nope:1 cannot be pulled",
        ),
        (
            "ERROR: failed to solve: nope:1: failed to resolve source metadata for docker.io/library/nope:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            "nope:1 is not there, or its registry refuses you",
        ),
        (
            "ERROR: failed to solve: localhost:5000/nope:1: localhost:5000/nope:1: not found",
            "localhost:5000/nope:1 does not exist",
        ),
        (
            'ERROR: failed to solve: localhost:5999/a:1: failed to resolve source metadata for localhost:5999/a:1: failed to do request: Head "http://localhost:5999/v2/a/manifests/1": dial tcp 127.0.0.1:5999: connect: connection refused\n',
            "localhost:5999/a:1 cannot be pulled",
        ),
    ],
)  # fmt: skip
def test_a_base_that_cannot_be_had_is_named_with_what_to_do(said: str, meant: str) -> None:
    error = diagnosis.of_build(said)

    assert meant in error.message
    assert "--base" in error.hint


def test_a_tool_whose_file_is_another_is_a_refusal_with_both_hashes() -> None:
    said = f"""\
#9 [tools 3/3] RUN /usr/bin/python3 /opt/dagship/inside/tools.py /opt/dagship/tools
#9 4.1 ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package
#9 4.1     click==8.1.8 from https://index.test/click-8.1.8-py3-none-any.whl (from -r tools.txt (line 1)):
#9 4.1         Expected sha256 {"0" * 64}
#9 4.1              Got        {"f" * 64}
#9 ERROR: process "/bin/sh -c ..." did not complete successfully: exit code: 1
"""

    error = diagnosis.of_build(said)

    assert isinstance(error, Refused)
    assert all(word in error.detail for word in ("click==8.1.8", "0" * 64, "f" * 64))


@pytest.mark.parametrize(
    "said",
    [
        "#9 3.1 WARNING: Retrying: SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate",
        "#9 3.1   cause: invalid peer certificate: UnknownIssuer",
        "#9 3.1   cause: invalid peer certificate: Expired",
    ],
)
def test_an_index_of_an_unknown_authority_is_told_with_the_setting_that_names_it(said: str) -> None:
    error = diagnosis.of_build(f"#9 [tools 3/3] RUN python tools.py\n{said}\n#9 ERROR: process did not complete\n")

    assert "certificate that the build does not trust" in error.message
    assert "--ca-cert" in error.hint
    assert "for that host and not over" in error.hint
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("said", "whose"),
    [
        ("ERROR: failed to solve: failed to push r.example/a:1: unknown: no space left on device", "The registry has no room"),
        ("ERROR: failed to solve: write /var/lib/docker/x: no space left on device", "The engine's disk is full."),
    ],
)  # fmt: skip
def test_a_full_disk_is_that_of_whoever_has_it(said: str, whose: str) -> None:
    assert diagnosis.of_build(said).message.startswith(whose)


def test_a_base_that_a_builder_does_not_find_may_be_the_engines_alone() -> None:
    said = "ERROR: failed to solve: a/b:1: failed to resolve source metadata for docker.io/a/b:1: pull access denied"

    assert "push the base" in diagnosis.of_build(said).hint


def test_a_debian_package_that_is_not_there_is_wrong_input() -> None:
    error = diagnosis.of_build("#7 2.3 E: Unable to locate package libnosuch-dev\n#7 ERROR: process did not complete\n")

    assert error.message == "Debian has no package libnosuch-dev for this base image."
    assert error.exit_code == 2


def test_a_failing_step_shows_its_own_lines() -> None:
    log = (
        "#8 [deps 2/3] COPY\n#8 0.1 another step\n#9 [deps 3/3] RUN install\n#9 1.234 no such package\n#9 ERROR: process did not complete successfully: exit code: 1\n------\n"
        " > [deps 3/3] RUN install:\n------\nDockerfile:12\n--------------------\nERROR: failed to solve"
    )

    error = diagnosis.of_build(log)

    assert "no such package" in error.detail
    assert "another step" not in error.detail
    assert "Dockerfile:12" not in error.detail


def test_an_unknown_builder_is_named() -> None:
    assert "'nope'" in diagnosis.of_build('ERROR: no builder "nope" found').message


def test_no_such_image_is_an_answer_and_a_dead_engine_is_none() -> None:
    assert diagnosis.says_no_such_image("Error response from daemon: No such image: a:1")
    assert not diagnosis.says_no_such_image(DOWN)


def test_an_image_whose_layers_are_not_unpacked_is_told_from_one_that_is_not_there() -> None:
    said = "Error response from daemon: snapshot sha256:ef73f79f does not exist: not found"

    assert diagnosis.says_not_unpacked(said)
    assert not diagnosis.says_no_such_image(said)
    assert not diagnosis.says_not_unpacked("Error response from daemon: No such image: a:1")


def test_anything_else_keeps_the_engines_words() -> None:
    error = diagnosis.of_engine("something new")

    assert isinstance(error, OutsideError)
    assert error.detail == "something new"


@pytest.mark.parametrize(
    "said",
    [
        "Credentials store error: StoreError('docker-credential-gone not installed or not available in PATH')",
        'error getting credentials - err: exec: "docker-credential-gone": executable file not found in $PATH, out: ``',
    ],
)
def test_a_credential_helper_that_is_not_there_is_named(said: str) -> None:
    for error in (diagnosis.of_engine(said), diagnosis.of_pull("a/b:1", said), diagnosis.of_build(said)):
        assert "kept by docker-credential-gone, and there is no such program" in error.message
        assert "credsStore" in error.hint


def test_a_credential_helper_that_fails_is_told_from_the_engine() -> None:
    said = "Credentials store error: StoreError('Credentials store docker-credential-x exited with \"locked\".')"

    assert "The program that keeps Docker's logins failed." == diagnosis.of_engine(said).message


@pytest.mark.parametrize(
    "said",
    [
        "Error response from daemon: no match for platform in manifest: not found",
        "Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found",
        "Error response from daemon: image with reference a/b:1 was found but does not provide the specified platform (linux/arm64)",
    ],
)
def test_an_image_for_another_platform_is_not_said_not_to_exist(said: str) -> None:
    error = diagnosis.of_pull("a/b:1", said)
    assert "The image a/b:1 is there, but not for the platform that it is to be used on." == error.message
    assert "imagetools inspect" in error.hint
    assert not refusing.says_not_in_registry(said)


@pytest.mark.parametrize(
    ("said", "meant", "hint"),
    [
        ("toomanyrequests: You have reached your unauthenticated pull rate limit.", "limits how often", "docker login"),
        ('Get "https://r.example/v2/": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused', "the proxy", "docker info"),
        ("Error response from daemon: received unexpected HTTP status: 500 Internal Server Error", "a/b:1 cannot be pulled.", "--base"),
        ('Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', "cannot be reached", "--base"),
    ],
)  # fmt: skip
def test_only_a_registry_that_was_not_reached_is_said_not_to_be(said: str, meant: str, hint: str) -> None:
    error = diagnosis.of_pull("a/b:1", said)
    assert meant in error.message
    assert hint in error.hint


def test_a_package_that_debian_was_not_asked_for_is_not_said_to_be_missing() -> None:
    said = (
        "#7 1.1 W: Failed to fetch http://deb.test/dists/InRelease  Could not resolve 'deb.test'\n"
        "#7 1.2 W: Some index files failed to download. They have been ignored, or old ones used instead.\n"
        "#7 2.3 E: Unable to locate package git\n#7 ERROR: process did not complete\n"
    )

    error = diagnosis.of_build(said)

    assert "Debian's archive could not be read" in error.message
    assert 3 == error.exit_code
