"""The calls of the `helm` program, as plain data. Pure."""

import re
from collections.abc import Iterable
from pathlib import Path

# Helm 3 has no better way to see releases in any state, and Helm 4 knows no --all.
_LIVE = ("--deployed", "--failed", "--pending", "--uninstalling")

# Variables that would lead Helm to another cluster than the one that is watched, or make it say more than is read.
_NEUTRAL = {
    "HELM_DEBUG": "false",
    "HELM_KUBEAPISERVER": "",
    "HELM_KUBEASGROUPS": "",
    "HELM_KUBEASUSER": "",
    "HELM_KUBECAFILE": "",
    "HELM_KUBECONTEXT": "",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "false",
    "HELM_KUBETLS_SERVER_NAME": "",
    "HELM_KUBETOKEN": "",
    "HELM_NAMESPACE": "",
    "NO_COLOR": "1",
}


def environment(kubeconfig: str) -> dict[str, str]:
    """Returns the variables that Helm gets besides those of this process; `kubeconfig` may be several paths."""
    return {**_NEUTRAL, "KUBECONFIG": kubeconfig}


def where(*, namespace: str, context: str) -> tuple[str, ...]:
    """Returns the flags that name the place; no context inside a pod."""
    return (f"--namespace={namespace}", *([f"--kube-context={context}"] if context else ()))


def version() -> tuple[str, ...]:
    """Asks for the program's version."""
    return "version", "--template={{.Version}}"


def releases() -> tuple[str, ...]:
    """Lists the releases that are there, failed ones included."""
    return "list", "--output=json", *_LIVE


def values(release: str) -> tuple[str, ...]:
    """Asks for the values of a release, the chart's defaults included."""
    return "get", "values", release, "--all", "--output=json"


def history(release: str) -> tuple[str, ...]:
    """Lists the revisions of a release that Helm keeps."""
    return "history", release, "--output=json"


def upgrade(
    release: str, chart: Path, files: Iterable[Path], *, description: str, create_namespace: bool
) -> tuple[str, ...]:
    """Installs or upgrades a release to a chart and to exactly these values.

    Without --reset-values Helm takes those of last time where no file is given. It does not wait: dagship does.
    """
    return (
        "upgrade",
        release,
        str(chart),
        "--install",
        "--reset-values",
        f"--description={description}",
        *(f"--values={_listed(path)}" for path in files),
        *(["--create-namespace"] if create_namespace else ()),
    )


def template(release: str, chart: Path, files: Iterable[Path]) -> tuple[str, ...]:
    """Prints what a release would be made of, without asking the cluster."""
    return "template", release, str(chart), "--skip-tests", *(f"--values={_listed(path)}" for path in files)


def uninstall(release: str) -> tuple[str, ...]:
    """Takes a release away."""
    return "uninstall", release


def number(said: str) -> tuple[int, int] | None:
    """Reads `v3.8.1` or `v4.1.4+g05fa379` as major and minor; None where it is no version."""
    found = re.match(r"v?(\d+)\.(\d+)\.", said)
    return (int(found[1]), int(found[2])) if found else None


def _listed(path: Path) -> str:
    """Returns a path as an item of a list with commas, which is what Helm takes the flag's value for."""
    text = str(path)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"\n]', text) else text
