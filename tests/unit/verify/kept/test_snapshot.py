"""The snapshot of an image: what its test saw, with secrets masked."""

import base64
import zlib

import pytest

from dagship.model.artifacts import BuiltImage, Moved
from dagship.model.snapshot import Snapshot
from dagship.model.verify_report import VerifyReport
from dagship.settings import Settings
from dagship.verify.kept import snapshot
from dagship.verify.observation import Observation, SeenDag, SeenDifference, SeenEvent, SeenFile, SeenLost
from dagship.verify.verifier import concluded
from tests.builders.observations import file, image

BUILT = BuiltImage(
    reference="r.example/dags:1",
    id="sha256:1",
    digest="",
    dag_version="a" * 12,
    airflow="3.3.2",
    base="base",
    moved=(Moved(name="attrs", was="1", now="2", by="dags.in:1"),),
    platforms=("linux/amd64",),
    size=0,
    layers=(),
    seconds={},
    reused=False,
)


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


def dag(text: str, dag_id: str = "sales") -> SeenDag:
    return SeenDag(id=dag_id, line=3, packed=text)


def taken(*files: SeenFile, tree: dict[str, str] | None = None) -> Snapshot | None:
    seen = image(*files, tree={"sales.py": "1"} if tree is None else tree, installed={"attrs": "2"})
    return snapshot.taken(seen, report(seen), BUILT, "c0ffee", mask=lambda text: text.replace("hunter2", "***"))


def report(seen: Observation) -> VerifyReport:
    return concluded(Settings(), BUILT, seen, (), mask=lambda text: text)


def test_each_dag_is_there_with_its_text_and_what_varies_in_it() -> None:
    differs = SeenDifference(dag="sales", where="dag.tags.0", one="x", other="y", more=("dag.tags.1",))
    found = taken(
        file(dags=(dag(packed('{"password": "hunter2"}')),), differs=(differs,), imports=("sales.py", "lib.py"))
    )

    assert found is not None
    (one,) = found.files
    assert one.imports == ("lib.py",)
    assert one.dags[0].text == '{"password": "***"}'
    assert one.dags[0].varying == ("dag.tags.0", "dag.tags.1")
    assert (found.dag_version, found.commit, found.moved, found.packages) == (
        "a" * 12,
        "c0ffee",
        ("attrs",),
        {"attrs": "2"},
    )


def test_a_file_that_could_not_be_imported_has_no_dags() -> None:
    found = taken(SeenFile(file="sales.py", seen=None))

    assert found is not None
    assert found.files[0].dags == ()


def test_none_is_taken_where_the_tree_was_not_seen() -> None:
    assert taken(file(), tree={}) is None


@pytest.mark.parametrize("text", ["", "no base64", packed("x" * 100)[:12], base64.b64encode(b"no zlib").decode()])
def test_a_text_that_is_none_is_empty(text: str) -> None:
    found = taken(file(dags=(dag(text),)))

    assert found is not None
    assert found.files[0].dags[0].text == ""


def test_a_file_is_clean_where_nothing_was_noticed() -> None:
    event = SeenEvent(file="lib.py", line=1, category="DeprecationWarning", message="it is old")
    lost = SeenLost(id="other", line=2)
    found = taken(
        file(dags=(dag(packed("{}")),)), file("warned.py", warnings=(event,)), file("loses.py", lost=(lost,)),
        SeenFile(file="dies.py", seen=None),
    )  # fmt: skip

    assert found is not None
    assert [one.file for one in found.files if one.clean] == ["sales.py"]
