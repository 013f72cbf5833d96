"""Pods move to a DAG version, and the rollout ends when Airflow serves it, on a real cluster.

What the dag-processor answers is a stand-in's, which looks at what it is asked; tests/e2e has the real one.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dagship.model.artifacts import Target
from dagship.record.model import Journal
from dagship.rollout import actions
from dagship.rollout.options import RolloutOptions
from dagship.rollout.results import RolloutResult
from tests.builders.airflow import celery
from tests.cluster import killer
from tests.cluster.images import image
from tests.cluster.rig import SECONDS, Rig

V, OTHER = "5" * 12, "6" * 12
# Before anything moves it says which file is broken; afterwards it wants to be told, and has another error in one
# version, and nothing to say of a second.
SAYS = f"""case "$version" in
'') echo '{{"served": true, "version": "{"4" * 12}", "errors": {{"old.py": "KeyError: 0"}}}}';;
*) case "$asked" in *'"broken": ["old.py"]'*);; *) echo '{{"error": "It was not told what was broken."}}';; esac;;
esac
[ "$version" != {OTHER} ] || echo '{{"served": false, "done": true, "version": "{OTHER}", "new": {{"a.py": "KeyError: 1"}}}}'
"""


def start(rig: Rig) -> None:
    """Starts a dag-processor and a scheduler."""
    objects = [
        one
        for one in celery(image("serving-old"), workers=1)
        if one["metadata"]["name"] in ("scheduler", "dag-processor")
    ]
    for one in objects:
        one["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "FAKE_SERVED", "value": SAYS}]
    rig.start(*objects)


def rollout(rig: Rig, version: str, **asked: object) -> RolloutResult:
    new = image("serving-new")
    target = Target(image=new, digest=new.partition("@")[2], dag_version=version, airflow="3.3.2")
    options = RolloutOptions(**{"timeout": SECONDS, **asked})  # type: ignore[arg-type]
    return actions.rollout(rig.cluster, rig.console, target, options)


def test_a_rollout_ends_when_it_is_served_and_an_error_of_before_fails_nothing(rig: Rig) -> None:
    start(rig)
    result = rollout(rig, V)

    assert (result.outcome, result.failure, result.warnings) == ("moved", None, ())
    assert result.served is not None
    assert result.served > result.seconds["serving"]
    release = rig.record.releases[-1]
    assert release.served
    assert release.served <= release.when
    assert rig.record.releases[0].served == ""


def test_a_new_error_is_gone_back_from_and_with_no_undo_it_is_left(rig: Rig) -> None:
    start(rig)
    before = rig.written()
    result = rollout(rig, OTHER)

    assert (result.outcome, result.passed, result.served) == ("undone", False, None)
    assert result.failure
    assert (result.failure.workload, result.failure.reason) == ("deployment/dag-processor", "ImportError")
    assert result.failure.message == "Airflow cannot import a.py: KeyError: 1"
    assert result.state == "Everything runs again what it ran before; nothing of the new image is left."
    assert rig.written() == before
    assert rig.record.journal is None

    assert rollout(rig, OTHER, undo=False).outcome == "left"
    assert _journal(rig).state == "left"
    actions.undo(rig.cluster, rig.console, RolloutOptions(timeout=SECONDS))
    assert rig.written() == before


@pytest.mark.sampled
@pytest.mark.parametrize(("way", "outcome"), [("rollout", "moved"), ("undo", "undone")])
def test_one_that_is_killed_while_it_waits_is_finished_or_taken_back_by_the_next(
    rig: Rig, kubeconfig: Path, way: str, outcome: str
) -> None:
    """What was broken before the first of them is known to the second: the stand-in would say if it were not."""
    start(rig)
    before = rig.written()
    at = "patch ConfigMap/dagship"
    job = killer.Job(namespace=rig.kubectl.namespace, image=image("serving-new"), version=V, at=at, lease=3.0)
    (killed,) = killer.run(job, kubeconfig=str(kubeconfig))
    assert killed.killed
    assert (_journal(rig).state, _journal(rig).broken) == ("serving", ("old.py",))

    (after,) = killer.run(replace(job, at="", way=way), kubeconfig=str(kubeconfig))  # type: ignore[arg-type]

    assert (after.error, after.result.get("outcome")) == ("", outcome), json.dumps(after.result)
    assert rig.record.journal is None
    if way == "undo":
        assert rig.written() == before
    else:
        assert rig.record.releases[-1].served
        # All that runs is new by then; of what is served nothing is unknown.
        assert after.result["warnings"] == ["the versions of Airflow could not be compared"]


def _journal(rig: Rig) -> Journal:
    found = rig.record.journal
    assert found
    return found
