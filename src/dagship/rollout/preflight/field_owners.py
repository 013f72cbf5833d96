"""Who else sets the images of a workload, and whether a change of ours would last. Pure.

The server keeps, for every manager of an object, the fields it has set (managedFields). Of the managers those matter
that will come back: an Apply manager owns its fields and meets any other's change as a conflict; Argo CD, Flux and
operators put their own value back within minutes. Tools that mark their objects are recognised by the mark as well,
because a forced change takes the field from them, and does not stop them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from dagship.cluster.calls import MANAGER
from dagship.model.frozen import Artifact
from dagship.rollout.preflight.managed_fields import Operation, managers

Tool = Literal["helm", "argocd", "flux", "other"]

# Flux's controllers and Argo CD's application controller under all names they have had.
_FLUX = ("kustomize-controller", "helm-controller", "gotk-", "flux")

# What dagship's own chart says of itself: an upgrade writes the image that runs, while its values name the same one.
_KEEPS = "dagship/keeps-image"
_RELEASE = "meta.helm.sh/release-name"
_RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
_TRACKING = "argocd.argoproj.io/tracking-id"
_INSTANCE = "app.kubernetes.io/instance"
_KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
_HELM_RELEASE = "helm.toolkit.fluxcd.io"
# How a person tells Flux to leave an object alone.
_LEFT_ALONE = {
    f"{_KUSTOMIZE}/reconcile": ("disabled",),
    f"{_KUSTOMIZE}/ssa": ("ignore", "ifnotpresent"),
    f"{_HELM_RELEASE}/driftdetection": ("disabled",),
}


class Owner(Artifact):
    """Somebody else who sets the image.

    Attributes:
        manager: Its field manager, or the label, annotation or owner that it is known by.
        operation: `Apply` or `Update`, empty when it does not own the field now.
        tool: What it is.
        refuse: Whether a change of ours would be in conflict, or be put back soon.
        why: What it does about a change of ours, one sentence; empty when nothing is known.
        edit: How to make the change there instead, one sentence; empty when there is nothing to do.

    """

    manager: str
    operation: Operation | Literal[""]
    tool: Tool
    refuse: bool
    why: str = ""
    edit: str = ""


def owners(
    workload: Mapping[str, Any], containers: Iterable[str], *, repository: str = "…", digest: str = "…"
) -> tuple[Owner, ...]:
    """Returns who else sets the images of a workload, those to refuse first.

    Args:
        workload: The object as the server sent it, managedFields included.
        containers: Names of the containers and initContainers that would change; for a ConfigMap, its keys.
        repository: Repository of the new image, for the edit.
        digest: Its digest.

    """
    values = f"--set images.airflow.repository={repository},images.airflow.digest={digest}"
    found = [
        _of_manager(workload, manager, operation, values)
        for manager, operation in managers(workload, frozenset(containers))
        if manager != MANAGER
    ]
    found = sorted((*found, *_of_marks(workload, values)), key=lambda owner: not owner.refuse)
    if {owner.tool for owner in found} & {"argocd", "flux"}:
        # Both leave Helm's marks on what they render from charts, and the entries of the Helm that they took over from.
        found = [owner for owner in found if owner.tool != "helm" or owner.refuse]
    return tuple(owner for place, owner in enumerate(found) if not _known(owner, found[:place]))


def _known(owner: Owner, before: list[Owner]) -> bool:
    """Whether another owner stands for the same tool; of other managers each stands for itself."""
    return owner.tool != "other" and any(one.tool == owner.tool for one in before)


def _of_manager(workload: Mapping[str, Any], manager: str, operation: Operation, values: str) -> Owner:
    if manager.startswith("argocd"):
        # Without the annotation Argo CD tracks by this label, which others set as well: alone it says nothing.
        labels = workload["metadata"].get("labels") or {}
        return _argocd(manager, operation, _application(workload) or labels.get(_INSTANCE, ""))
    if manager.startswith(_FLUX):
        return _flux(workload, manager, operation)
    if manager == "helm":
        return _helm(workload, manager, operation, values, applies=operation == "Apply")
    if operation == "Apply":
        how = "kubectl apply --server-side" if manager == "kubectl" else manager
        return Owner(
            manager=manager, operation=operation, tool="other", refuse=True,
            why=f"{how} owns the image (server-side apply): its next apply fails with a conflict, or puts it back.",
            edit=f"Change the image in the manifests that {manager} applies.",
        )  # fmt: skip
    resets = manager == "kubectl-client-side-apply"
    return Owner(
        manager=manager, operation=operation, tool="other", refuse=False,
        why="The next kubectl apply of the manifest sets the image that is written there." if resets else "",
        edit="Change the image in the manifest as well, or take it out of there." if resets else "",
    )  # fmt: skip


def _of_marks(workload: Mapping[str, Any], values: str) -> Iterator[Owner]:
    """Yields the tools that have marked an object as theirs, whether or not they own the field at this time."""
    metadata = workload["metadata"]
    for reference in metadata.get("ownerReferences") or ():
        if reference.get("controller"):
            owner = f"{reference['kind']}/{reference['name']}"
            yield Owner(
                manager=owner, operation="", tool="other", refuse=True,
                why=f"It is made by the controller of {owner}, which puts the image back.",
                edit=f"Change the image in {owner} ({reference['apiVersion']}).",
            )  # fmt: skip
    if application := _application(workload):
        yield _argocd(_TRACKING, "", application)
    labels = metadata.get("labels") or {}
    for mark in (f"{_KUSTOMIZE}/name", f"{_HELM_RELEASE}/name"):
        if mark in labels:
            yield _flux(workload, mark, "")
            return
    if _RELEASE in (metadata.get("annotations") or {}):
        applies = any(
            entry.get("manager") == "helm" and entry.get("operation") == "Apply"
            for entry in metadata.get("managedFields") or ()
        )
        yield _helm(workload, _RELEASE, "", values, applies=applies)


def _application(workload: Mapping[str, Any]) -> str:
    """Returns the name of the Argo CD application that tracks an object, empty for none."""
    metadata = workload["metadata"]
    # application:group/Kind:namespace/name. Argo CD takes no notice of one that was copied from another object.
    application, _, tracked = (metadata.get("annotations") or {}).get(_TRACKING, "").partition(":")
    return application if tracked.endswith(f"/{workload.get('kind')}:{_key(metadata)}") else ""


def _key(metadata: Mapping[str, Any]) -> str:
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def _argocd(manager: str, operation: Operation | Literal[""], application: str) -> Owner:
    name = f"Argo CD ({application})" if application else "Argo CD"
    return Owner(
        manager=manager, operation=operation, tool="argocd", refuse=True,
        why=f"{name} puts the image of its source back, at once where self-healing is on, else with the next sync.",
        edit="Change the image in the source of the application, or leave it to dagship there: an ignoreDifferences "
        f"entry with managedFieldsManagers: [{MANAGER}] and the sync option RespectIgnoreDifferences=true.",
    )  # fmt: skip


def _flux(workload: Mapping[str, Any], manager: str, operation: Operation | Literal[""]) -> Owner:
    metadata = workload["metadata"]
    labels = metadata.get("labels") or {}
    released = f"{_HELM_RELEASE}/name" in labels or manager == "helm-controller"
    prefix, kind = (_HELM_RELEASE, "HelmRelease") if released else (_KUSTOMIZE, "Kustomization")
    source = "/".join(filter(None, (labels.get(f"{prefix}/namespace"), labels.get(f"{prefix}/name"))))
    name = f"{kind} {source}" if source else kind
    said = {key.lower(): str(value).lower() for key, value in {**labels, **(metadata.get("annotations") or {})}.items()}
    alone = any(said.get(key) in ways for key, ways in _LEFT_ALONE.items() if key.startswith(prefix))
    edit = f"Change the image in the {'values' if released else 'source'} of the {name}"
    if alone:
        why = f"Flux ({name}) is told to leave it alone; when that mark is gone, it puts its own image back."
        return Owner(manager=manager, operation=operation, tool="flux", refuse=False, why=why, edit=f"{edit} as well.")
    when = "with the release's next upgrade, at once where it detects drift" if released else "when it next reconciles"
    why = f"Flux ({name}) puts its own image back {when}."
    return Owner(manager=manager, operation=operation, tool="flux", refuse=True, why=why, edit=f"{edit}.")


def _helm(
    workload: Mapping[str, Any],
    manager: str,
    operation: Operation | Literal[""],
    values: str,
    *,
    applies: bool,
) -> Owner:
    metadata = workload["metadata"]
    annotations = metadata.get("annotations") or {}
    release = annotations.get(_RELEASE, "RELEASE")
    if annotations.get(_KEEPS) == "true":
        why = f"The chart of {release} keeps the image: helm upgrade writes what runs, until its values name another."
        return Owner(manager=manager, operation=operation, tool="helm", refuse=False, why=why)
    namespace = annotations.get(_RELEASE_NAMESPACE) or metadata.get("namespace", "")
    # Airflow's own chart is the only one whose values are known.
    known = (metadata.get("labels") or {}).get("tier") == "airflow"
    command = f"helm upgrade {release} CHART --namespace {namespace} --reuse-values"
    edit = f"Set the image in the values of the release ({command} {values if known else '--set …'})."
    if operation == "Apply":
        why = f"Helm owns the image (server-side apply): with another, the next helm upgrade of {release} fails."
    elif applies:
        why = f"The next helm upgrade of {release} fails with a conflict, unless its values have the same image."
    else:
        why = f"The next helm upgrade of {release} puts the image of its values back."
    return Owner(manager=manager, operation=operation, tool="helm", refuse=operation == "Apply", why=why, edit=edit)
