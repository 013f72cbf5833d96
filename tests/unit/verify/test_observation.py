"""What the code inside an image reports is checked on arrival."""

import json
from typing import Any

import pytest

from dagship.verify.observation import (
    Observation,
)
from tests.builders.observations import dag, file, image, only


@pytest.mark.parametrize(
    "said",
    [{}, {"seconds": "now"}, {"seconds": 1, "dags": "all", "errors": [], "passed": True}, {"dags": ["x" * 5000]}],
)
def test_a_file_whose_process_says_something_else_is_an_error_and_no_other_is(said: dict[str, Any]) -> None:
    facts = image(file("good.py", dags=(dag("good"),))).model_dump(mode="json")
    facts["files"].append({"file": "liar.py", "seen": said})
    found = only(Observation.model_validate_json(json.dumps(facts)))

    assert (found.severity, found.kind, found.file) == ("error", "crashed", "liar.py")
