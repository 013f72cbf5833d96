"""Pods written as YAML in a ConfigMap, the KubernetesExecutor's template: their images, and the text with others.

The text is a person's: comments, order, quotes and anchors stay. Where an image stands in it is asked of the YAML
parser, and the result is read again and compared, so that nothing else changes. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dagship.untrusted import documents

_GROUPS = ((False, "containers"), (True, "initContainers"))
# What may stand before a value: its anchor and its tag.
_PROPERTIES = re.compile(r"\A([&!]\S*\s+)*")


def images(text: str) -> dict[tuple[str, bool], str]:
    """Returns image by container and whether it is an initContainer; nothing for a text that is no pod."""
    return {
        (container["name"], init): container["image"]
        for init, group in _GROUPS
        for container in _list(pod_spec(text).get(group))
        if isinstance(container, dict) and isinstance(container.get("name"), str)
        if isinstance(container.get("image"), str)
    }


def containers(text: str) -> tuple[dict[str, Any], ...]:
    """Returns the containers of a pod's text, initContainers not among them."""
    found = (one for one in _list(pod_spec(text).get("containers")) if isinstance(one, dict))
    return tuple(one for one in found if isinstance(one.get("name"), str))


def pod_spec(text: str) -> dict[str, Any]:
    """Returns the spec of a pod's text; an empty one for a text that is no pod."""
    if "containers" not in text:  # most texts in ConfigMaps are something else, and need not be parsed
        return {}
    try:
        pod = documents.load(text)
    except ValueError:
        return {}
    if not isinstance(pod, dict) or pod.get("kind", "Pod") != "Pod" or not isinstance(pod.get("spec"), dict):
        return {}
    return dict(pod["spec"])


def with_images(text: str, wanted: Mapping[tuple[str, bool], str]) -> str | None:
    """Returns a pod's text with other images; None where more than those would have to change.

    Args:
        text: YAML of a pod that has these containers.
        wanted: Image by container and whether it is an initContainer.

    """
    places: dict[tuple[int, int], str] = {}
    for key, node in _nodes(yaml.compose(text, Loader=yaml.SafeLoader)):
        if key in wanted and node.style in {None, '"', "'"}:
            start, end = node.start_mark.index, node.end_mark.index
            places[end - len(_PROPERTIES.sub("", text[start:end])), end] = (
                f"{node.style or ''}{wanted[key]}{node.style or ''}"
            )
    changed = text
    # An anchor of two containers is one place; from the back, so that the places before stay where they are.
    for (start, end), image in sorted(places.items(), reverse=True):
        changed = changed[:start] + image + changed[end:]
    try:
        return changed if documents.load(changed) == _replaced(documents.load(text), wanted) else None
    except ValueError:
        return None


def _nodes(root: yaml.Node | None) -> Iterator[tuple[tuple[str, bool], yaml.ScalarNode]]:
    """Yields the nodes of the images by container."""
    spec = _value(root, "spec")
    for init, group in _GROUPS:
        found = _value(spec, group)
        for container in found.value if isinstance(found, yaml.SequenceNode) else ():
            name, image = _value(container, "name"), _value(container, "image")
            if isinstance(name, yaml.ScalarNode) and isinstance(image, yaml.ScalarNode):
                yield (name.value, init), image


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Returns the value of a key: the mapping's own, the last where it is there twice, else that of one merged in."""
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value if isinstance(node, yaml.MappingNode) else []
    for name, value in reversed(pairs):
        if name.value == key:
            return value
    for name, value in pairs:
        if name.tag == "tag:yaml.org,2002:merge":
            for merged in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                if (found := _value(merged, key)) is not None:
                    return found
    return None


def _replaced(pod: dict[str, Any], wanted: Mapping[tuple[str, bool], str]) -> dict[str, Any]:
    spec = dict(pod["spec"])
    for init, group in _GROUPS:
        if group in spec:
            spec[group] = [
                {**container, "image": wanted[container["name"], init]}
                if isinstance(container, dict) and (container.get("name"), init) in wanted
                else container
                for container in _list(spec[group])
            ] or spec[group]
    return {**pod, "spec": spec}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
