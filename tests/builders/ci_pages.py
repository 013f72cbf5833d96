"""The examples of docs/how-to/ci.md, run as the runners do; and what keeps comments as GitHub and GitLab keep them."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci.md"
TOKEN = "token-of-the-test"


class Comments(ThreadingHTTPServer):
    """Comments as GitHub and GitLab keep them: listed, made, and changed by who has the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.kept: dict[int, str] = {}


class _Answers(BaseHTTPRequestHandler):
    server: Comments

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}{self.path.partition('?')[0]}"
        bot = {"login": "github-actions[bot]"}
        listed = [
            {"id": key, "url": f"{base}/{key}", "body": body, "user": bot} for key, body in self.server.kept.items()
        ]
        self._say(200, listed)

    def do_POST(self) -> None:
        self._keep(len(self.server.kept) + 1, 201)

    def do_PATCH(self) -> None:
        self._keep(int(self.path.rpartition("/")[2]), 200)

    def do_PUT(self) -> None:
        self.do_PATCH()

    def _keep(self, key: int, status: int) -> None:
        given = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if given not in (f"Bearer {TOKEN}", TOKEN):
            return self._say(401, {})
        assert len(body) <= 65_536
        self.server.kept[key] = body
        return self._say(status, {"id": key})

    def _say(self, status: int, document: Any) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@contextmanager
def comments_kept() -> Iterator[Comments]:
    """Serves comments on a port of this machine."""
    with Comments() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def example(name: str) -> dict[str, Any]:
    """The example whose first line names a file."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(f"# {name}")]
    return yaml.safe_load(found)


def run(script: str, root: Path, environment: Mapping[str, str]) -> str:
    """Runs a step; returns what it printed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI", "DAGSHIP_REP"))
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    argv = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    ended = subprocess.run(
        argv,
        cwd=root,
        env={**inherited, "PATH": path, "KUBECONFIG": "/nonexistent", **environment},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr
