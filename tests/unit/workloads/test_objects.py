"""The JSON of the API server."""

import pytest

from dagship.workloads import objects
from tests.builders import pods as o


@pytest.mark.parametrize("raw", [o.stateful_set(), o.deployment(), o.cron_job()], ids=lambda raw: str(raw["kind"]))
def test_the_kind_is_known_of_items_of_a_list_too(raw: o.Raw) -> None:
    assert objects.kind_of(o.in_a_list(raw)) == raw["kind"]
