"""Thin images on a real engine and registry: one layer on an image that runs, tested alone, and its package read back."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from dagship import process
from dagship.airflow import dag_processor
from dagship.airflow.scheduler_python import Where
from dagship.engine import images
from dagship.errors import OutsideError, Refused
from dagship.image import builder, existing
from dagship.image import plan as planning
from dagship.image.plan import Plan
from dagship.image.thin import package, way
from dagship.image.thin.holder import IN_REGISTRY
from dagship.image.tree import archive
from dagship.image.tree.model import Tree, TreeFile
from dagship.model import dag_versions
from dagship.model.artifacts import BaseImage, BuiltImage, PushedImage
from dagship.model.reference import Reference
from dagship.model.thin import Announcement, Packaged, Receiver
from dagship.model.verify_report import VerifyReport
from dagship.pipeline import build_inputs, stages, which_image
from dagship.registry import compose
from dagship.registry.putting import Putting
from dagship.registry.repository import Repository
from dagship.rollout.running_image import Incumbent
from dagship.verify import in_cluster
from dagship.workspace import Workspace
from tests.builders.plans import NO_LOCK
from tests.engine.lines import Line
from tests.engine.thin_images import pinned, planned

TIME = "2026-11-29T00:00:00Z"


class Delivered(NamedTuple):
    """A thin image, from its build to the registry."""

    line: Line
    running: BuiltImage
    onto: str
    plan: Plan
    image: BuiltImage
    report: VerifyReport
    pushed: PushedImage


def facts(reference: str) -> images.ImageFacts:
    found = images.inspect(reference)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory, base_3: BaseImage, registry: str) -> Iterator[Delivered]:
    """An image of two versions that runs, and one onto it in which the word is another and a file is new."""
    line = Line(tmp_path_factory.mktemp("thin"), base_3, repository=f"{registry}/dagship-test/thin")
    line.build("A")
    stages.push(line.project, image="", untested=True)
    running = line.build("B")
    onto = pinned(stages.push(line.project, image="", untested=True))
    (line.dags / "words.py").write_text("WORD = 'C'\n")
    (line.dags / "tool.sh").write_text("#!/bin/sh\n")
    (line.dags / "tool.sh").chmod(0o755)
    plan = planned(line, base_3, Receiver(onto=onto))
    assert plan is not None, line.output.getvalue()
    image = builder.build(line.settings, line.project.console, plan, revision={}, push=False, fresh=False)
    line.project.workspace.write("image", image)
    report = stages.test_image(line.project, image="", pytest_path=None)
    pushed = stages.push(line.project, image="", untested=False)
    yield Delivered(line, running, onto, plan, image, report, pushed)
    process.run(["docker", "image", "rm", "--force", image.reference, running.reference])


def test_a_thin_image_is_the_one_that_runs_and_a_layer(delivered: Delivered) -> None:
    below, above = facts(delivered.running.reference), facts(delivered.image.reference)

    assert above.layers[:-1] == below.layers
    assert [layer.what for layer in delivered.image.layers] == ["what runs", "DAGs"]
    assert delivered.image.dag_versions == (delivered.image.dag_version, *delivered.running.dag_versions)
    assert above.environment["AIRFLOW__CORE__DAGS_FOLDER"].split("/")[4] == delivered.image.dag_version
    assert (above.user, above.environment["DAGSHIP_FOUNDATION"]) == (below.user, delivered.plan.foundation)


def test_all_its_versions_are_there_and_the_new_one_is_current(delivered: Delivered) -> None:
    look = "cd /opt/airflow/dag-versions; cat CURRENT; ls; cat */dags/words.py; stat -c %a $(cat CURRENT)/dags/tool.sh"
    argv = ["docker", "run", "--rm", "--network=none", "--entrypoint=sh", delivered.image.reference, "-c", look]
    said = process.run(argv).stdout.split()

    assert said[0] == delivered.image.dag_version
    assert set(delivered.image.dag_versions) <= set(said)
    assert {"'A'", "'B'", "'C'"} <= set(said)
    assert said[-1] == "555"


def test_the_new_version_alone_is_imported(delivered: Delivered) -> None:
    assert delivered.report.passed
    assert delivered.report.versions == (delivered.image.dag_version,)
    assert {file.version for file in delivered.report.files} == {""}
    assert delivered.report.dags == {"pinned": "pinned.py"}


def test_the_way_is_told_in_a_line(delivered: Delivered) -> None:
    said = " ".join(delivered.line.output.getvalue().split())

    assert f"way: the new DAG version alone, since all else of {delivered.onto} stays: " in said


def test_its_package_comes_out_of_the_registry_and_gives_the_dags(delivered: Delivered) -> None:
    packed = Repository(Reference.parse(delivered.pushed.reference)).package(delivered.pushed.digest)
    (base,) = delivered.plan.earlier

    assert packed == delivered.plan.package
    assert package.unpack(packed, base).digest == delivered.plan.tree.digest
    assert len(packed) < 1_000


def test_an_image_that_was_built_whole_has_no_package(delivered: Delivered) -> None:
    with pytest.raises(OutsideError, match="brings a DAG version to one that runs"):
        Repository(Reference.parse(delivered.onto)).package(Reference.parse(delivered.onto).digest)


def test_what_it_is_put_on_is_known_from_what_was_pushed_and_from_its_labels(delivered: Delivered) -> None:
    target = which_image.target(delivered.line.project, image="")
    (delivered.line.project.workspace.directory / "push.json").rename(delivered.line.project.root / "push.json")
    elsewhere = which_image.target(delivered.line.project, image=pinned(delivered.pushed))
    (delivered.line.project.root / "push.json").rename(delivered.line.project.workspace.directory / "push.json")

    assert target.thin is not None
    assert (target.thin.onto, target.thin.base) == (delivered.onto, delivered.running.dag_version)
    assert elsewhere.thin == target.thin
    assert which_image.current(delivered.line.project, delivered.running.reference).thin is None


def test_the_same_edit_is_built_once(delivered: Delivered, base_3: BaseImage) -> None:
    plan = planned(delivered.line, base_3, Receiver(onto=delivered.onto))
    assert plan is not None
    found = existing.find(delivered.line.project.console, plan, delivered.image, push=False, meanwhile=list)

    assert found is not None
    assert (found.id, found.digest, found.reused) == (delivered.image.id, delivered.pushed.digest, True)


def test_what_only_the_registry_has_is_put_on_all_the_same_and_fits_the_same_package(
    delivered: Delivered, base_3: BaseImage, tmp_path: Path, registry: str
) -> None:
    theirs = Line(tmp_path, base_3, repository=f"{registry}/dagship-test/thin")
    for file in delivered.line.dags.iterdir():
        if file.is_file():
            (theirs.dags / file.name).write_bytes(file.read_bytes())
    (theirs.dags / "tool.sh").chmod(0o755)
    plan = planned(theirs, base_3, Receiver(onto=delivered.onto))

    assert plan is not None
    assert (plan.package, plan.reference) == (delivered.plan.package, delivered.plan.reference)


def test_other_packages_take_the_whole_image_and_so_does_what_there_is_no_room_for(
    delivered: Delivered, base_3: BaseImage
) -> None:
    line = delivered.line
    other = base_3.model_copy(update={"purelib": "/elsewhere"})
    full = {"a" * 12: Packaged(tree="a" * 64, base="", foundation="", image="x/y", bytes=512 * 1024)}

    assert planned(line, other, Receiver(onto=delivered.onto)) is None
    assert planned(line, base_3, Receiver(onto=delivered.onto, packages=full)) is None
    said = " ".join(line.output.getvalue().split())
    assert "way: the whole image, since more than the DAGs is another than in the image that runs" in said
    assert "with what unfinished runs need 512 KiB, and 512 KiB can be announced at most" in said


def test_the_same_image_is_put_together_in_the_registry_alone(delivered: Delivered) -> None:
    plan, repository = delivered.plan, Putting(delivered.plan.reference)
    manifest, config = repository.documents(Reference.parse(delivered.onto).digest)
    labels = planning.labels(plan, {"org.opencontainers.image.created": TIME})
    layer = archive.version_archive(plan.tree, dag_versions.ROOT, plan.base.directories, package=plan.package)
    folder = dag_versions.dags_folder(plan.tree.version)
    made = compose.compose(
        manifest, config, layer, environment={"AIRFLOW__CORE__DAGS_FOLDER": folder}, labels=labels, created=TIME,
    )  # fmt: skip
    repository.put("composed", made)
    reference = str(plan.reference.pinned(made.digest))
    images.pull(reference, others=None)
    there, built = facts(reference), facts(delivered.image.reference)
    look = [
        "sh",
        "-c",
        f"cd {dag_versions.ROOT}; find . | sort | xargs stat -c '%n %a %u %g'; cat CURRENT .package.tgz",
    ]
    argv = ["docker", "run", "--rm", "--network=none", "--entrypoint"]
    seen = [
        subprocess.run([*argv, look[0], name, *look[1:]], check=True, capture_output=True).stdout
        for name in (reference, delivered.image.reference)
    ]
    process.run(["docker", "image", "rm", "--force", reference])

    assert seen[0] == seen[1]
    assert there.layers[:-1] == built.layers[:-1]
    assert there.environment == built.environment
    assert there.labels == dict(built.labels) | {"org.opencontainers.image.created": TIME}
    assert repository.package(made.digest) == plan.package


def test_where_no_engine_is_the_way_is_found_by_the_registry_alone(
    delivered: Delivered, tmp_path: Path, base_3: BaseImage
) -> None:
    found, why_not = way.find(
        Workspace(tmp_path),
        delivered.line.project.console,
        planning.plan(delivered.line.settings, base_3, NO_LOCK, delivered.plan.tree),
        Receiver(onto=delivered.onto),
        needed=lambda: None,
        holder=IN_REGISTRY,
    )

    assert found is not None, why_not
    assert (found.package, found.reference) == (delivered.plan.package, delivered.plan.reference)


class Below:
    """Runs commands in a container of the image that runs, as a cluster does in one of its pods."""

    def __init__(self, image: str) -> None:
        self.image = image

    def exec(
        self, _pod: str, _container: str, argv: Sequence[str], *, timeout: float = 20, stdin: bytes = b""
    ) -> tuple[int, str]:
        options = ["--rm", "-i", "--network=none", "--read-only", "--tmpfs=/tmp", "--user=4321:0"]
        ended = subprocess.run(
            ["docker", "run", *options, self.image, *argv],
            input=stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return ended.returncode, ended.stdout.decode()


def in_pod(delivered: Delivered, packed: bytes, **flags: object) -> VerifyReport:
    settings = delivered.line.settings.model_copy(update=flags)
    return in_cluster.verify(
        settings, delivered.line.project.workspace, delivered.line.project.console, delivered.image, packed,
        cluster=Below(delivered.running.reference), where=Where("pod", "dag-processor"),  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_version_is_imported_below_where_it_is_not_yet_with_the_same_report(delivered: Delivered) -> None:
    report, other = in_pod(delivered, delivered.plan.package), delivered.report

    assert (report.passed, report.findings, report.dags) == (other.passed, other.findings, other.dags)
    assert (report.id, report.airflow, report.python, report.versions) == (
        other.id, other.airflow, other.python, other.versions,
    )  # fmt: skip
    assert report.unchecked


def test_what_is_broken_there_is_found_as_in_an_image(delivered: Delivered) -> None:
    files = tuple(file for file in delivered.plan.tree.files if file.path != "pinned.py")
    broken = b"from airflow.sdk import DAG\nimport nowhere_to_be_found\n"
    tree = Tree(source=Path("/x"), files=(TreeFile(path="broken.py", executable=False, content=broken), *files))
    report = in_pod(delivered, package.pack(tree, delivered.plan.earlier[0], delivered.plan.foundation))
    (error,) = [each for each in report.findings if each.severity == "error"]

    assert not report.passed
    assert (error.kind, error.file, error.line) == ("import-error", "broken.py", 2)


def test_a_package_for_another_image_is_not_imported(delivered: Delivered) -> None:
    packed = package.pack(delivered.plan.tree, delivered.plan.earlier[0], "e" * 64)

    with pytest.raises(Refused, match="is for another image"):
        in_pod(delivered, packed)


def test_an_image_says_what_its_base_is(delivered: Delivered, base_3: BaseImage) -> None:
    said = dag_processor.base(Below(delivered.running.reference), Where("", ""))  # type: ignore[arg-type]
    found = BaseImage.model_validate_json(said)

    assert found == base_3.model_copy(update={"reference": base_3.pinned, "id": found.id})
    assert planning.plan(delivered.line.settings, found, NO_LOCK, delivered.plan.tree).foundation == (
        delivered.plan.foundation
    )


def test_the_next_whole_image_keeps_what_is_announced(delivered: Delivered) -> None:
    thin = delivered.image.thin
    assert thin is not None
    said = Announcement(
        serial=1, version=delivered.image.dag_version, tree=thin.tree, foundation=thin.foundation, base=thin.base,
        image=pinned(delivered.pushed),
    )  # fmt: skip
    (delivered.line.dags / "words.py").write_text("WORD = 'D'\n")
    tree = build_inputs.tree(delivered.line.project)
    incumbent = Incumbent(images=(delivered.onto,), receiver=Receiver(onto=delivered.onto, announcement=said))
    kept = build_inputs.earlier(delivered.line.project, tree, incumbent)
    (delivered.line.dags / "words.py").write_text("WORD = 'C'\n")

    assert tuple(each.version for each in kept) == delivered.image.dag_versions
