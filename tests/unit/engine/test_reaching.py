"""The words for an engine that is not reached: each as docker, buildx or docker-py said it, with what is made of it."""

import pytest

from dagship.engine import diagnosis, reaching

PY = "Error while fetching server API version: HTTPSConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /version (Caused by SSLError("
GO = 'error during connect: Get "https://127.0.0.1:1/v1.50/images/x/json": '


@pytest.mark.parametrize(
    ("said", "meant", "hint"),
    [
        (GO + "tls: failed to verify certificate: x509: certificate signed by unknown authority", "is not trusted", "ca.pem"),
        (PY + "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate", "is not trusted", "REQUESTS_CA_BUNDLE"),
        (GO + "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time", "is over", "renewed"),
        (PY + "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired", "is over", "clock"),
        (GO + "tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs", "another name", "DOCKER_HOST"),
        (PY + "SSLCertVerificationError(1, \"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: IP address mismatch, certificate is not valid for '127.0.0.1'", "another name", "DOCKER_HOST"),
        (GO + "tls: first record does not look like a TLS handshake", "speaks plain HTTP", "2376"),
        (PY + "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)')", "speaks plain HTTP", "2376"),
        ("Error response from daemon: Client sent an HTTP request to an HTTPS server.", "is asked without", "DOCKER_TLS_VERIFY=1"),
        ('error during connect: Get "http://127.0.0.1:1/v1.50/images/x/json": EOF', "hung up", "DOCKER_TLS_VERIFY=1"),
        ("Error while fetching server API version: ('Connection aborted.', RemoteDisconnected('Remote end closed", "hung up", "DOCKER_TLS_VERIFY=1"),
        ('ERROR: error during connect: Head "https://127.0.0.1:1/_ping": remote error: tls: unknown certificate authority', "does not take this client's certificate", "cert.pem"),
        (PY + "SSLError(1, '[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)')", "does not take this client's certificate", "key.pem"),
        ("Failed to initialize: unable to resolve docker endpoint: open /nowhere/ca.pem: no such file or directory", "cannot be read", "DOCKER_CERT_PATH"),
        ("ERROR: open /nowhere/ca.pem: no such file or directory", "cannot be read", "DOCKER_CERT_PATH"),
        ("Path to a certificate and key files must be provided through the client_cert param. TLS configurations", "cannot be read", "DOCKER_CERT_PATH"),
        ('Failed to initialize: unable to resolve docker endpoint: context "nosuch": context not found: open /root/.docker/contexts/meta/9e/meta.json: no such file or directory', "no such Docker context", "docker context ls"),
        ("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get", "refuses this user", "group"),
        ("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "refuses this user", "group"),
        ("Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))", "refuses this user", "group"),
        ("Error response from daemon: client version 1.99 is too new. Maximum supported API version is 1.45", "engine is too old", "DOCKER_API_VERSION"),
        ("Error response from daemon: client version 1.12 is too old. Minimum supported API version is 1.24, please", "command is too old", "upgrade the command"),
        ('error during connect: Get "http://engine.invalid:2376/v1.50/x": dial tcp: lookup engine.invalid: no such host', "host is not found", "DOCKER_HOST"),
        ("Error while fetching server API version: HTTPConnectionPool(host='x', port=2376): Max retries exceeded with url: /version (Caused by NameResolutionError(", "host is not found", "DOCKER_HOST"),
        ("Invalid bind address format: port is required: foo", "is none", "tcp://HOST:PORT"),
        ("Install paramiko package to enable ssh:// support", "lacks what it needs", "docker[ssh]"),
        ('error during connect: Get "http://docker.example.com/x": command [ssh -o ConnectTimeout=30 -T -p 1 -- 127.0.0.1 docker system dial-stdio] has exited with exit status 255', "not reached by ssh", "by hand"),
        ('Error while fetching server API version: 403 Client Error for https://127.0.0.1:1/version: Forbidden ("no")', "refuses, or has failed", "above"),
        ('error during connect: Get "http://192.0.2.1:2375/v1.50/x": dial tcp 192.0.2.1:2375: i/o timeout', "host does not answer", "reaches it"),
        ("Cannot connect to the Docker daemon at unix:///nobody.sock. Is the docker daemon running?", "does not answer", "Start Docker"),
        ("failed to connect to the docker API at unix:///nobody.sock; check if the path is correct and if the daemon is running: dial unix", "does not answer", "Start Docker"),
        ("Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))", "does not answer", "Start Docker"),
        ("Error while fetching server API version: ('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))", "does not answer", "Start Docker"),
    ],
)  # fmt: skip
def test_an_engine_that_is_not_reached_is_told_by_its_cause(said: str, meant: str, hint: str) -> None:
    for error in (diagnosis.of_engine(said), diagnosis.of_pull("a/b:1", said)):
        assert meant in error.message
        assert hint in error.hint
        assert ("Start Docker" in error.hint) is (hint == "Start Docker")
        assert 3 == error.exit_code


@pytest.mark.parametrize(
    "said",
    [
        'Error response from daemon: Get "https://r.example/v2/": x509: certificate signed by unknown authority',
        'Error response from daemon: Get "https://r.example/v2/": dial tcp: lookup r.example: no such host',
        "#9 1.2 FileNotFoundError: open the file /etc/ssl/ca.pem: no such file",
        "#9 1.2 PermissionError(13, 'Permission denied')",
    ],
)
def test_what_a_registry_or_a_build_says_is_not_taken_for_the_engine(said: str) -> None:
    assert reaching.of(said) is None
