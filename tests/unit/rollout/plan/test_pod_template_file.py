"""Pods written as YAML in a ConfigMap: their images, and the text with others."""

import textwrap

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dagship.rollout.plan import pod_template_file
from tests.builders.templates import NEW, OLD, TEMPLATE


def test_nothing_but_images_changes_in_the_text_of_a_pod() -> None:
    changed = pod_template_file.with_images(TEMPLATE, {("base", False): NEW, ("wait", True): NEW})
    lines, before = (changed or "").splitlines(), TEMPLATE.splitlines()

    assert [line for line in lines if line not in before] == [
        f"      image: {NEW}",
        f'    - image: "{NEW}"   # moved by CI',
    ]
    assert len(lines) == len(before)
    assert pod_template_file.with_images(changed or "", {("base", False): OLD, ("wait", True): OLD}) == TEMPLATE


def test_one_of_two_containers_with_the_same_image_can_move_alone() -> None:
    changed = pod_template_file.with_images(TEMPLATE, {("wait", True): NEW}) or ""

    assert pod_template_file.images(changed)["wait", True] == NEW
    assert pod_template_file.images(changed)["base", False] == OLD


@pytest.mark.parametrize(
    "text",
    [
        f"{{kind: Pod, spec: {{containers: [{{name: base, image: {OLD}}}]}}}}",
        f'{{"kind": "Pod", "spec": {{"containers": [{{"image": "{OLD}", "name": "base"}}]}}}}',
        f"kind: Pod\nspec:\n  containers:\n  - 'image' : '{OLD}'\n    name: 'base'\n",
        f"kind: Pod\r\nspec:\r\n  containers:\r\n    - name: base\r\n      image: {OLD}\r\n",
        f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image:\n      {OLD}\n",
        f"kind: Pod\nspec:\n  containers:\n  - name: base\n    image: !!str {OLD}\n",
        f"\ufeffkind: Pod\nspec:\n  containers:\n  - name: base\n    image: {OLD}\n",
        f"kind: Pod\nmetadata: {{name: größe-\U0001f6a2}}\nspec:\n  containers:\n  - name: base\n    image: {OLD}",
        f"spec:\n  containers:\n  - name: base\n    image: {OLD}\n",
        f"kind: 'Pod'\nspec:\n  containers:\n  - image: wrong\n    name: base\n    image: {OLD}\n",
    ],
    ids=[
        "flow", "json", "quoted key", "carriage returns", "on the next line", "tagged", "byte order mark", "beyond ascii",
        "no kind", "key twice",
    ],
)  # fmt: skip
def test_an_image_is_found_however_the_pod_is_written(text: str) -> None:
    assert pod_template_file.images(text) == {("base", False): OLD}

    changed = pod_template_file.with_images(text, {("base", False): NEW})

    assert changed == text.replace(OLD, NEW)


def test_an_anchor_moves_with_all_that_refer_to_it() -> None:
    text = textwrap.dedent(f"""\
        kind: Pod
        spec:
          initContainers:
          - name: wait
            image: &airflow {OLD}
          containers:
          - name: base
            image: *airflow
        """)
    both = {("base", False): NEW, ("wait", True): NEW}

    assert pod_template_file.with_images(text, both) == text.replace(OLD, NEW)
    assert pod_template_file.with_images(text, {("base", False): NEW}) is None


def test_an_image_that_is_merged_in_is_found_where_it_stands() -> None:
    text = textwrap.dedent(f"""\
        defaults: &defaults
          image: {OLD}
        kind: Pod
        spec:
          containers:
          - <<: *defaults
            name: base
          - <<: [{{image: "{OLD}", tty: true}}, *defaults]
            name: sidecar
        """)
    both = {("base", False): NEW, ("sidecar", False): NEW}
    changed = pod_template_file.with_images(text, both)

    # The text under `defaults` is no part of the pod, but would change with it.
    assert changed is None
    assert pod_template_file.images(text) == {("base", False): OLD, ("sidecar", False): OLD}
    assert pod_template_file.with_images(text, {("sidecar", False): NEW}) == text.replace(f'"{OLD}"', f'"{NEW}"')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "containers",
        "containers: [",
        "- containers",
        "kind: Deployment\nspec: {containers: [{name: a, image: b}]}",
        "kind: Pod\nspec: {template: {containers: [{name: a, image: b}]}}",
        "kind: Pod\nspec: containers",
        "kind: Pod\nspec: {containers: {name: a, image: b}}",
        "kind: Pod\nspec: {containers: [a, 1, {name: 1, image: b}, {name: a, image: 1}, {name: a}, {image: a}]}",
        "a: {containers: 2024-99-99}",
        "a: containers\n---\nb: 1",
        "containers: !!python/object/apply:os.system [true]",
        "containers: *nothing",
        "containers: " + "[" * 1_000,  # more than Python recurses; reading takes the square of it
    ],
    ids=range(14),
)
def test_a_text_that_is_no_pod_has_no_images(text: str) -> None:
    assert pod_template_file.images(text) == {}


IMAGE = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,3}(:[0-9]{2,5})?)?(/[a-z0-9]{1,6}){0,2}(:[\w][\w.-]{0,9}|@sha256:[0-9a-f]{64})?", fullmatch=True)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(before=IMAGE, other=IMAGE, after=IMAGE, quote=st.sampled_from(["", "'", '"']), flow=st.booleans())
def test_any_image_can_take_the_place_of_any(before: str, other: str, after: str, quote: str, *, flow: bool) -> None:
    made = {"kind": "Pod", "spec": {"containers": [{"name": "base", "image": before}, {"name": "b", "image": other}]}}
    text = "# one\n" + yaml.safe_dump(made, default_flow_style=flow, default_style=quote or None) + "# two\n"
    changed = pod_template_file.with_images(text, {("base", False): after})

    if changed is None:  # a text like 12:30 is a number without quotes
        assert yaml.safe_load(f"image: {after}") != {"image": after}
    else:
        assert pod_template_file.images(changed) == {("base", False): after, ("b", False): other}
        assert (changed[:6], changed[-6:]) == ("# one\n", "# two\n")
