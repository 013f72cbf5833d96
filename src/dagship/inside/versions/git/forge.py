"""The page of a commit at the forge that a repository lies at, by the address of the remote. Pure.

Airflow 3.0 asks a bundle for the page of a version. From 3.1 on it asks once, when a dag-processor starts, for one text
for all versions, and puts nothing into it but the version.
"""

import math
import re
from typing import NamedTuple, Optional

VERSION = "{version}"
"""Where the version stands in the text."""

_URL = re.compile(r"([a-z+]+)://(?:[^/]*@)?([A-Za-z0-9.-]+)(?::([0-9]+))?/(.+)")
_SCP_LIKE = re.compile(r"(?:[^/@]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")
# What a path may hold; braces would be places to fill in.
_PATH = re.compile(r"(?:[\w.~+-]|%[0-9A-Fa-f]{2})+(?:/(?:[\w.~+-]|%[0-9A-Fa-f]{2})+)*", re.ASCII)
# Names under which the same forge answers SSH.
_ALIASES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
}
_ON_AZURE = "https://dev.azure.com"
# Of a column of Airflow 3.1.0 to 3.1.7, which some databases refuse to exceed.
_COLUMN, _SINCE, _UNTIL = 200, (3, 1), (3, 1, 8)


class _Remote(NamedTuple):
    """A remote: where its pages are, its host, and its path."""

    pages: str
    host: str
    path: str


def commit(remote: str) -> str:
    """Returns the address of a commit, with `VERSION` in the place of its id; empty where the forge is not known.

    Args:
        remote: The address of the remote, as git takes it. What it says of a user is not in the answer.

    """
    found = _read(remote)
    if found is None:
        return ""
    kind = found.host.partition(".")[0]
    if found.host == "bitbucket.org":
        return f"{found.pages}/{found.path}/commits/{VERSION}"
    if found.host == "dev.azure.com" or found.host.endswith(".visualstudio.com"):
        return _of_azure(found)
    # Where one runs them oneself they mostly have that name.
    if kind == "github":
        return f"{found.pages}/{found.path}/commit/{VERSION}"
    if kind == "gitlab":
        return f"{found.pages}/{found.path}/-/commit/{VERSION}"
    return ""


def fits(template: str, bundle: str, release: tuple[int, ...]) -> bool:
    """Whether Airflow has room for a text, which it keeps signed.

    Args:
        template: The text.
        bundle: The name of the bundle, which is signed with it.
        release: The version of Airflow.

    """
    if not _SINCE <= release < _UNTIL:
        return True
    payload = len(f'{{"url":"{template}","bundle_name":"{bundle}"}}')
    return math.ceil(payload * 4 / 3) + len(".") + 27 <= _COLUMN  # base64, and that of SHA-1


def _read(remote: str) -> Optional[_Remote]:
    url, scp_like = _URL.fullmatch(remote), _SCP_LIKE.fullmatch(remote)
    if url:
        scheme, host, port, path = url.groups()
    elif scp_like:
        scheme, host, port, path = "ssh", scp_like[1], None, scp_like[2]
    else:
        return None
    path = path.strip("/")
    path = path.removesuffix(".git")
    host = _ALIASES.get(host.lower(), host.lower())
    if not _PATH.fullmatch(path) or "/" not in path or {".", ".."}.intersection(path.split("/")):
        return None
    web = scheme in ("https", "http")
    # The port of SSH is none of its pages.
    where = f"{host}:{port}" if web and port else host
    return _Remote(f"{scheme if web else 'https'}://{where}", host, path)


def _of_azure(found: _Remote) -> str:
    """By its four addresses: two hosts, each with another one for SSH."""
    parts = found.path.split("/")
    if parts[0] == "v3" and len(parts) == 4:  # noqa: PLR2004 - v3, organization, project, repository
        return f"{_ON_AZURE}/{parts[1]}/{parts[2]}/_git/{parts[3]}/commit/{VERSION}"
    if "_git" not in parts:
        return ""
    organization = found.host.partition(".")[0]
    if found.host.endswith(".visualstudio.com") and organization != "vs-ssh":
        within = parts[1:] if parts[0] == "DefaultCollection" else parts
        return f"{_ON_AZURE}/{organization}/{'/'.join(within)}/commit/{VERSION}"
    return f"{_ON_AZURE}/{found.path}/commit/{VERSION}"
