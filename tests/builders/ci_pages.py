"""The examples of docs/how-to/ci.md, run as the runners do; and what keeps comments as GitHub and GitLab keep them."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci.md"
TOKEN = "token-of-the-test"
BOT, SOMEBODY = "github-actions[bot]", "octocat"
_IDS = {BOT: 71, SOMEBODY: 5}
_MOST_OF_A_PAGE = 100


@dataclass
class Comment:
    """A comment, or what GitLab notes by itself beside them."""

    body: str
    by: str = BOT
    system: bool = False


class Comments(ThreadingHTTPServer):
    """Comments as GitHub and GitLab keep them: listed by pages, made, and changed by who wrote them.

    GitHub lists them by ascending id, 30 a page. GitLab lists the newest first unless `sort=asc` is asked for, 20 a page,
    what it notes by itself among them, and `/user` is whose the token is (gitlabhq, lib/api/notes.rb).
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.kept: dict[int, Comment] = {}

    def add(self, *comments: Comment) -> None:
        """Keeps further ones."""
        for comment in comments:
            self.kept[len(self.kept) + 1] = comment

    @property
    def of_the_bot(self) -> list[str]:
        """What the owner of the token wrote."""
        return [one.body for one in self.kept.values() if one.by == BOT]


class _Answers(BaseHTTPRequestHandler):
    server: Comments

    @property
    def _is_known(self) -> bool:
        given = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
        return given in (f"Bearer {TOKEN}", TOKEN)

    def do_GET(self) -> None:
        if not self._is_known:
            return self._say(401, {})
        address = urlsplit(self.path)
        if address.path == "/api/v4/user":
            return self._say(200, {"id": _IDS[BOT], "username": BOT})
        is_gitlab, asked = address.path.startswith("/api/v4/"), dict(parse_qs(address.query))
        base = f"http://{self.headers['Host']}{address.path}"
        listed = [
            {
                "id": key,
                "url": f"{base}/{key}",
                "body": one.body,
                "user": {"login": one.by},
                "author": {"id": _IDS[one.by], "username": one.by},
                "system": one.system,
            }
            for key, one in sorted(self.server.kept.items())
        ]
        if is_gitlab and asked.get("sort", ["desc"]) != ["asc"]:
            listed.reverse()
        size = min(int(asked.get("per_page", ["20" if is_gitlab else "30"])[0]), _MOST_OF_A_PAGE)
        begin = size * (int(asked.get("page", ["1"])[0]) - 1)
        return self._say(200, listed[begin : begin + size])

    def do_POST(self) -> None:
        self._keep(None, 201)

    def do_PATCH(self) -> None:
        self._keep(int(self.path.rpartition("/")[2]), 200)

    def do_PUT(self) -> None:
        self.do_PATCH()

    def _keep(self, key: int | None, status: int) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if not self._is_known:
            return self._say(401, {})
        assert len(body) <= 65_536
        if key is None:
            self.server.add(Comment(body))
        elif self.server.kept[key].by != BOT:
            return self._say(403, {})
        else:
            self.server.kept[key].body = body
        return self._say(status, {"id": key or len(self.server.kept)})

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
    """The example whose first line begins so: it names a file, or is the first of the jobs."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(name)]
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
