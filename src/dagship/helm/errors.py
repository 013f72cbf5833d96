"""Turns the words of a failing helm into an error that names the cause, and what to do about it. Pure.

The words are those of Helm 3.17 and 4.1; each is recorded in tests/unit/helm.
"""

import re

from dagship import redaction
from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.helm import schema

_LONGEST = 600
# Where Helm says what it was doing, before it says what is wrong.
_DOING = re.compile(r"^(?:(?:UPGRADE|INSTALLATION) FAILED|upgrade failed|failed to install): ")

_VALUES = "docs/reference/chart-values.md explains every value. Nothing was changed."
_BUSY = (
    "See who is at it: helm history {release} --namespace {namespace}. When nobody is, helm rollback {release} "
    "--namespace {namespace} ends an upgrade that was cut off; helm uninstall {release} is for a first "
    "install alone."
)
_RIGHTS = "In its namespace, install needs what the ClusterRole admin allows: Secrets, service accounts and roles too."
_NAMESPACE = "Have somebody who may make the namespace, then run install again; or name another with --namespace."
_WEBHOOK = "The API server was reached; the webhook that it asks was not. See whether the service of that name runs."
_LOG_IN = "Log in to the cluster again, or look at the user of this context in the kubeconfig."
_TRUST = "Give the cluster's authority in the kubeconfig (certificate-authority), and see that the name and date fit."
_SERVER = "See that the server of this context in the kubeconfig is right, and that it can be reached from here."
_TAKEN = (
    "See whose the object is: what another release runs, or what holds data, must not be taken away. Another name for "
    "the release leaves it alone: --release."
)


def error(stderr: str, what: str, namespace: str) -> DagshipError:
    """Returns the error for a call that failed.

    Args:
        stderr: What Helm printed.
        what: What was asked, as `install airflow`.
        namespace: Where.

    """
    said = _said(stderr)
    problems = schema.problems(said)
    if problems:
        return UsageError(" ".join(problems), _VALUES)
    if (failed := re.search(r"execution error at \([^)]*\): (.*)", said, re.DOTALL)) is not None:
        return UsageError(_sentence(failed[1]), _VALUES)
    line = _line(said)
    if re.search(r"another operation \(.*\) is in progress", line):
        return Refused(
            f"Another helm is at the release in {namespace}, or was cut off there.",
            _BUSY.format(release=what.rpartition(" ")[2], namespace=namespace),
        )
    if re.search(r"Apply failed with \d+ conflict", line):
        return Refused(
            f"helm cannot {what}: another tool owns what the chart sets. {line}",
            "See docs/how-to/gitops.md; for the image, the chart keeps the one that runs.",
        )
    for words, kind, hint in _KINDS:
        if re.search(words, line):
            return kind(f"helm cannot {what}: {line}", hint)
    return OutsideError(f"helm cannot {what}: {line or 'it does not say why.'}")


_KINDS: tuple[tuple[str, type[DagshipError], str], ...] = (
    # Its words of what it does not reach are those for a server that is not reached.
    (r"failed calling webhook", OutsideError, _WEBHOOK),
    (r"asked for the client to provide credentials|[Uu]nauthorized|getting credentials", OutsideError, _LOG_IN),
    (r"x509: ", OutsideError, _TRUST),
    (r"cannot create resource \"namespaces\"", OutsideError, _NAMESPACE),
    (r"[Kk]ubernetes cluster unreachable|connection refused|no such host|i/o timeout", OutsideError, _SERVER),
    (r"is forbidden: User|forbidden: user|cannot \w+ resource", OutsideError, _RIGHTS),
    (r"invalid ownership metadata|cannot be imported into the current release", UsageError, _TAKEN),
    (r"^failed to parse |^open .*: no such file|^template: |\.yaml:\d+:\d+|parse error at", UsageError, _VALUES),
    (r"chart requires kubeVersion|invalid release name", UsageError, ""),
)


def _said(stderr: str) -> str:
    """Helm's own error, without the warnings before it and the advice after."""
    lines = [line for line in stderr.splitlines() if not line.startswith(("WARNING:", "walk.go", "level="))]
    begin = next((place for place, line in enumerate(lines) if line.startswith("Error: ")), 0)
    text = "\n".join(line for line in lines[begin:] if not line.startswith("Use --debug flag"))
    return redaction.addresses(_DOING.sub("", text.removeprefix("Error: "))).strip()


def _line(said: str) -> str:
    # The same of each object, where it is about several.
    line = " ".join(" ".join(dict.fromkeys(said.splitlines())).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _sentence(text: str) -> str:
    line = _line(text)
    return line if line.endswith((".", "!", "?")) else f"{line}."
