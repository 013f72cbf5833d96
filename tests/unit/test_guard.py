"""The guard of the unit tests refuses what it is there to refuse, and nothing else."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from dagship import process

refused = pytest.raises(pytest.fail.Exception, match="a unit test")


def test_a_connection_is_refused_even_to_this_machine():
    with socket.socket() as client, refused:
        client.connect(("127.0.0.1", 1))


def test_a_connection_to_a_local_socket_is_refused(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as client, refused:
        client.connect(str(tmp_path / "docker.sock"))


def test_a_datagram_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as client, refused:
        client.sendto(b"", ("127.0.0.1", 9))


def test_a_name_is_not_looked_up():
    with refused:
        socket.getaddrinfo("localhost", 80)


def test_a_page_is_not_fetched():
    with refused:
        urllib.request.urlopen("http://localhost/")


@pytest.mark.parametrize("program", ["docker", "/usr/bin/docker", "kubectl", "helm", "curl"])
def test_a_client_of_an_engine_or_a_cluster_is_not_started(program: str):
    with refused:
        subprocess.run([program, "version"], check=False)


def test_the_process_gateway_is_under_the_guard():
    with refused:
        process.run(["docker", "version"])


def test_a_shell_is_not_started():
    with refused:
        os.system("true")


def test_code_that_catches_every_exception_does_not_hide_a_refusal():
    def careless() -> None:
        try:
            socket.getaddrinfo("localhost", 80)
        except Exception:  # noqa: BLE001 - the point of the test
            return

    with refused:
        careless()


def test_a_child_process_finds_no_engine():
    environment = process.run([sys.executable, "-c", "import os; print(os.environ['DOCKER_HOST'])"])

    assert environment.stdout.strip().startswith("unix:///nonexistent/")


def test_other_programs_run():
    finished = process.run([sys.executable, "-c", "print('fine')"])

    assert (finished.code, finished.stdout) == (0, "fine\n")


def test_settings_of_the_caller_are_out_of_sight():
    assert [name for name in os.environ if name.startswith("DAGSHIP_")] == []
