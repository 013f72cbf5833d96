"""What uv and pip need in their environment to reach the package index, from the build's secrets.

Secrets, each a file in `/run/secrets` and there only while a step runs:

    pip-conf   a pip.conf
    ca         certificate authorities to trust, PEM
    index      {"index_url": …, "extra_index_urls": […]}

uv does not read pip.conf, so what it says of indexes is said again in a uv.toml. What the image itself says, in its
own pip.conf files and `PIP_…` variables, holds where the secrets are silent.
"""

import configparser
import json
import os
import re
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

SECRETS = "/run/secrets"
CACHE = "/root/.cache"

_LISTS = ("extra-index-url", "find-links", "trusted-host")
_SINGLE = ("index-url", "cert", "client-cert", "proxy", "timeout", "no-index")
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
# The image's own choices of how to install are not for the tools: they have a place and a mode of their own.
_KEPT = ("PIP_RETRIES", "PIP_KEYRING_PROVIDER", "UV_KEYRING_PROVIDER", "UV_HTTP_RETRIES", "UV_CONCURRENT_DOWNLOADS")

Options = dict[str, list[str]]


@contextmanager
def environment(
    secrets: str = SECRETS, environ: Mapping[str, str] = os.environ, find_links: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    """Gives the environment for uv and pip; what it writes for them, credentials among it, is gone afterwards.

    Args:
        secrets: Directory of the build's secrets.
        environ: The environment to start from.
        find_links: Further directories or pages of packages.

    """
    with tempfile.TemporaryDirectory(prefix="dagship-index-") as scratch:
        yield variables(effective(secrets, environ, find_links), secrets, environ, scratch)


def effective(secrets: str, environ: Mapping[str, str], find_links: Sequence[str] = ()) -> Options:
    """Returns the options that hold: the image's files say least, then its variables, and the secrets most."""
    options: Options = {}
    own = os.path.join(secrets, "pip-conf")
    for path in _config_files(environ, has_own=os.path.exists(own)):
        options.update(_read(path))
    for key in (*_SINGLE, *_LISTS):
        value = environ.get("PIP_" + key.upper().replace("-", "_"), "").split()
        if value:
            options[key] = value
    if os.path.exists(own):
        options.update(_read(own))
    index = os.path.join(secrets, "index")
    if os.path.exists(index):
        with open(index, encoding="utf-8") as file:
            named = json.load(file)
        if named.get("index_url"):
            options["index-url"] = [named["index_url"]]
        if named.get("extra_index_urls"):
            options["extra-index-url"] = list(named["extra_index_urls"])
    # A directory of the user's machine is not in the image: pip shrugs at it, uv ends.
    there = [place for place in options.pop("find-links", ()) if "://" in place or os.path.exists(place)]
    if there or find_links:
        options["find-links"] = [*there, *find_links]
    return options


def variables(options: Options, secrets: str, environ: Mapping[str, str], scratch: str) -> dict[str, str]:
    """Returns `environ` with the variables for uv and pip; files they name are written to `scratch`."""
    env = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV")) or name in _KEPT
    }
    env.update(
        PIP_CACHE_DIR=CACHE + "/pip",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_ROOT_USER_ACTION="ignore",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONUNBUFFERED="1",
        UV_CACHE_DIR=CACHE + "/uv",
        UV_CONFIG_FILE=os.path.join(scratch, "uv.toml"),
        UV_LINK_MODE="copy",
        UV_NO_PROGRESS="1",
        UV_PYTHON_DOWNLOADS="never",
    )
    own = os.path.join(secrets, "pip-conf")
    if os.path.exists(own):
        env["PIP_CONFIG_FILE"] = own
    for key, value in options.items():
        env["PIP_" + key.upper().replace("-", "_")] = " ".join(value)
    bundle = _bundle(options, secrets, scratch)
    if bundle:
        env.update(PIP_CERT=bundle, SSL_CERT_FILE=bundle, REQUESTS_CA_BUNDLE=bundle)
    if "client-cert" in options:
        env["SSL_CLIENT_CERT"] = options["client-cert"][0]
    if "proxy" in options:
        env.update(HTTP_PROXY=options["proxy"][0], HTTPS_PROXY=options["proxy"][0])
    if "timeout" in options:
        env["UV_HTTP_TIMEOUT"] = options["timeout"][0]
    with open(env["UV_CONFIG_FILE"], "w", encoding="utf-8") as file:
        file.write(uv_toml(options))
    return env


def uv_toml(options: Options) -> str:
    """Returns uv's configuration file for the options."""
    # pip takes the best version of all indexes, uv by default that of the first index that has the name. pip's answer
    # is the one that counts here; what is installed is then held by hashes.
    lines = ['index-strategy = "unsafe-best-match"']
    if "index-url" in options:
        lines.append("index-url = " + json.dumps(options["index-url"][0]))
    for ours, theirs in zip(_LISTS, ("extra-index-url", "find-links", "allow-insecure-host")):  # noqa: B905 - Python 3.9
        if options.get(ours):
            lines.append(f"{theirs} = {json.dumps(options[ours])}")
    if options.get("no-index", ["no"])[0].lower() in ("1", "true", "yes", "on"):
        lines.append("no-index = true")
    return "\n".join(lines) + "\n"


def redacted(text: str) -> str:
    """Returns `text` without the credentials that a URL in it may carry."""
    long, known = r"\S{4097,}", r"(?:([^\s/:@]{0,256}):\S{0,4096}|[^\s/@'\"]{0,4096})@"
    return re.sub(r"(\w{0,20})://(?:%s|%s)" % (long, known), _shown, text)


def _shown(found: "re.Match[str]") -> str:
    scheme, user = found[1], found[2]
    return "%s://***@" % scheme if user is None or scheme.startswith("http") else "%s://%s:***@" % (scheme, user)


def _config_files(environ: Mapping[str, str], has_own: bool) -> list[str]:
    """The image's files in pip's order; a file of our own takes the place of the user's, as it does in pip."""
    home = environ.get("HOME", "/root")
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"]
    if not has_own:
        files += [os.path.join(home, ".pip/pip.conf"), os.path.join(home, ".config/pip/pip.conf")]
    files.append(os.path.join(sys.prefix, "pip.conf"))
    named = environ.get("PIP_CONFIG_FILE", "")
    return files + ([named] if named and not has_own else [])


def _read(path: str) -> Options:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as broken:
        raise SystemExit(f"{path} cannot be read as a pip.conf: {redacted(str(broken))}") from broken
    options: Options = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            for key, value in parser.items(section):
                name = key.replace("_", "-").lstrip("-")
                if name in (*_SINGLE, *_LISTS):
                    options[name] = value.split()
    return {name: value for name, value in options.items() if value}


def _bundle(options: Options, secrets: str, scratch: str) -> str:
    """Returns the path of the authorities to trust, the user's beside the image's and the usual ones; or nothing."""
    own = os.path.join(secrets, "ca")
    named = options.get("cert", [""])[0]
    if not os.path.exists(own):
        if named and not os.path.exists(named):
            raise SystemExit(
                f"The pip.conf names the certificate file {named}, which is not in the image. Give it with "
                "--ca-cert or the setting ca_cert."
            )
        return named
    usual = [ssl.get_default_verify_paths().cafile or "", *_SYSTEM_BUNDLES]
    there = [path for path in usual if path and os.path.exists(path)][:1]
    texts = []
    for path in (own, *([named] if os.path.isfile(named) else []), *there):
        with open(path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read().rstrip("\n") + "\n")
    bundle = os.path.join(scratch, "ca.pem")
    with open(bundle, "w", encoding="utf-8") as file:
        file.writelines(texts)
    return bundle
