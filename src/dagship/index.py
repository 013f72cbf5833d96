"""The package index as BuildKit secrets: files that a build step can read, and that no layer keeps."""

import configparser
import json
import re
import ssl
import urllib.parse
from pathlib import Path

from dagship.errors import UsageError
from dagship.settings import Settings
from dagship.untrusted import files

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def build_secrets(settings: Settings, directory: Path) -> dict[str, Path]:
    """Returns the secrets for steps that reach a package index, by id; `inside/shared/index.py` reads them.

    Args:
        settings: Which pip.conf, authorities and indexes to use.
        directory: Where to write the one that is not a file yet; readable by no one else, and gone after the build.

    Raises:
        UsageError: A file cannot be read or is not what it should be, or an index is no address.

    """
    settings = settings.model_copy(update={"ca_cert": settings.authorities})
    secrets: dict[str, Path] = {}
    if settings.pip_conf is not None:
        _check_pip_conf(settings.pip_conf)
        secrets["pip-conf"] = settings.pip_conf.absolute()
    if settings.ca_cert is not None:
        secrets["ca"] = directory / "ca.pem"
        secrets["ca"].write_text(_certificates(settings.ca_cert), encoding="utf-8")
    named = {
        **({"index_url": settings.index_url.get_secret_value()} if settings.index_url else {}),
        **(
            {"extra_index_urls": [url.get_secret_value() for url in settings.extra_index_urls]}
            if settings.extra_index_urls
            else {}
        ),
    }
    if named:
        for url in (*settings.extra_index_urls, *([settings.index_url] if settings.index_url else [])):
            _check_url(url.get_secret_value())
        path = directory / "index.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(named), encoding="utf-8")
        secrets["index"] = path
    return secrets


def _read(path: Path, setting: str) -> str:
    try:
        return files.read(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        reason = failed.strerror if isinstance(failed, OSError) else "it is not text"
        raise UsageError(f"{path} cannot be read: {reason}.", f"The setting {setting} names it.") from failed


def _certificates(path: Path) -> str:
    """The certificates of a bundle, and nothing else of it: a key beside them has no business in a build."""
    found = _CERTIFICATE.findall(_read(path, "ca_cert"))
    try:
        # Not what looks like one: what is one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata="\n".join(found))
    except (ssl.SSLError, ValueError):
        raise UsageError(
            f"{path} holds no certificate in PEM form, or a broken one.",
            "ca_cert names a file of certificates to trust, each between BEGIN CERTIFICATE and END CERTIFICATE.",
        ) from None
    return "".join(f"{each}\n" for each in found)


def _check_pip_conf(path: Path) -> None:
    # The error of a parser may quote the line, and with it a password.
    try:
        configparser.RawConfigParser().read_string(_read(path, "pip_conf"))
    except configparser.Error:
        raise UsageError(
            f"{path} cannot be read as a pip.conf.", "It has sections such as [global], and name = value lines."
        ) from None


def _check_url(url: str) -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        valid = False
    if not valid:
        # Not shown: it may hold a password.
        raise UsageError(
            "An index among index_url and extra_index_urls is not an http(s) address.", "As https://host/simple"
        )
