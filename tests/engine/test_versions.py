"""DAG versions side by side in one image, on a real engine."""

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import builds, images
from dagship.errors import OutsideError, Refused
from dagship.image import builder
from dagship.image import plan as planning
from dagship.model import dag_versions
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.model.reference import Reference
from dagship.pipeline import build_inputs, stages, which_image
from dagship.pipeline.project import Project
from tests.builders.plans import NO_LOCK
from tests.builders.trees import COLLIDING
from tests.engine.lines import Line

ROOT = "/opt/airflow/dag-versions"
MakeLine = Callable[..., Line]


@pytest.fixture
def line(tmp_path: Path, base_3: BaseImage) -> MakeLine:
    def make(name: str = "line", **flags: object) -> Line:
        (tmp_path / name).mkdir()
        return Line(tmp_path / name, base_3, **flags)

    return make


def layers(image: BuiltImage) -> tuple[str, ...]:
    facts = images.inspect(image.reference)
    assert facts is not None
    return facts.layers


def inside(image: BuiltImage, command: str) -> list[str]:
    argv = ["docker", "run", "--rm", "--network=none", "--entrypoint=bash", image.reference, "-c", command]
    finished = process.run(argv)
    assert finished.code == 0, finished.stderr
    return finished.stdout.split()


def test_an_image_holds_the_versions_of_the_one_before_and_the_newest_is_current(line: MakeLine) -> None:
    one = line()
    a = one.build("A")
    b = one.build("B", previous=a.reference)
    c = one.build("C", previous=b.reference)

    assert (c.dag_version, b.dag_version, a.dag_version) == c.dag_versions
    assert c.dag_changes == dict.fromkeys(c.dag_versions[1:], ("later.py", "pinned.py", "words.py"))
    assert [c.dag_version, *sorted(c.dag_versions)] == inside(c, f"cat {ROOT}/CURRENT; ls {ROOT} | grep -v CURRENT")
    assert ["WORD", "=", "'A'"] == inside(c, f"cat {ROOT}/{a.dag_version}/dags/words.py")


def test_a_version_has_the_same_layer_in_every_image_and_one_that_leaves_takes_it_along(line: MakeLine) -> None:
    one = line()
    a = one.build("A")
    b = one.build("B", previous=a.reference)
    c = one.build("C", previous=b.reference, keep_versions=2)
    own = [layers(image)[-1] for image in (a, b, c)]

    assert layers(a)[:-1] == layers(c)[:-2]
    assert own[:2] == list(layers(b)[-2:])
    assert own[1:] == list(layers(c)[-2:])
    assert [layer.what for layer in c.layers][-2:] == [f"DAGs of {b.dag_version}", "DAGs"]


def test_the_engine_makes_the_layer_of_a_version_once_also_where_another_comes_above(
    line: MakeLine, base_3: BaseImage, tmp_path: Path
) -> None:
    one = line()
    one.build(uuid.uuid4().hex)
    below = build_inputs.tree(one.project)
    (one.dags / "words.py").write_text(f"WORD = {uuid.uuid4().hex!r}\n")
    plan = planning.plan(one.settings, base_3, NO_LOCK, build_inputs.tree(one.project), [below])
    request = builder.request_of(one.settings, plan, tmp_path, {}, fresh=False)
    said = builds.build(replace(request, outputs=("type=cacheonly",))).log
    added = re.findall(r"^#(\d+) \[.*ADD --link dags/(\w+)\.tar /$", said, re.MULTILINE)
    steps = {version: number for number, version in added}

    assert f"#{steps[below.version]} CACHED\n" in said
    assert f"#{steps[plan.tree.version]} CACHED\n" not in said


def test_what_another_machine_built_is_taken_out_of_its_image(line: MakeLine) -> None:
    a = line("theirs").build("A")
    ours = line("ours")
    b = ours.build("B", previous=a.reference)
    kept = ours.project.workspace.cache("versions") / f"{a.dag_digests[0]}.tar"

    assert layers(b)[-2] == layers(a)[-1]
    assert kept.is_file()


def test_a_tree_that_was_damaged_here_is_taken_out_of_its_image_anew(line: MakeLine) -> None:
    one = line()
    a = one.build("A")
    kept = one.project.workspace.cache("versions") / f"{a.dag_digests[0]}.tar"
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2].replace(b"A", b"?"))
    b = one.build("B", previous=a.reference)

    assert b.dag_versions[1:] == (a.dag_version,)
    assert kept.read_bytes() == whole


def test_an_image_that_only_the_registry_has_is_pulled_for_its_versions(line: MakeLine, registry: str) -> None:
    theirs = line("theirs", repository=f"{registry}/dagship-test/versions-pulled")
    a = theirs.build("A")
    own = layers(a)[-1]
    pushed = stages.push(theirs.project, image="", untested=True)
    by_digest = str(Reference.parse(pushed.reference).pinned(pushed.digest))
    assert process.run(["docker", "image", "rm", "--force", a.reference, by_digest]).code == 0
    assert images.inspect(by_digest) is None
    b = line("ours").build("B", previous=by_digest)

    assert b.dag_versions[1:] == (a.dag_version,)
    assert layers(b)[-2] == own


def test_the_labels_of_an_image_in_a_registry_are_read_without_pulling_it(line: MakeLine, registry: str) -> None:
    one = line(repository=f"{registry}/dagship-test/versions-labels")
    a = one.build("A")
    stages.push(one.project, image="", untested=True)
    b = one.build("B")
    labels = images.in_registry(a.reference).labels

    assert dag_versions.versions_of(labels) == a.dag_versions
    assert b.dag_versions == (b.dag_version, a.dag_version)


def test_what_was_pushed_from_here_is_what_the_next_build_keeps(line: MakeLine, registry: str) -> None:
    one = line(repository=f"{registry}/dagship-test/versions")
    a = one.build("A")
    stages.push(one.project, image="", untested=True)
    b = one.build("B")
    again = one.build("B")

    assert b.dag_versions == (b.dag_version, a.dag_version)
    assert (again.reference, again.reused) == (b.reference, True)


def test_a_tag_that_moved_is_taken_as_the_registry_has_it(line: MakeLine, registry: str) -> None:
    theirs = line("theirs", repository=f"{registry}/dagship-test/versions-moved")
    moving = f"{registry}/dagship-test/versions-moved:deployed"
    a = theirs.build("A")
    stages.push(theirs.project, image="", untested=True)
    b = theirs.build("B")
    stages.push(theirs.project, image="", untested=True)
    assert process.run(["docker", "tag", a.reference, moving]).code == 0
    moved = process.run(["docker", "buildx", "imagetools", "create", "--tag", moving, b.reference])
    assert moved.code == 0, moved.stderr
    c = line("ours").build("C", previous=moving)
    process.run(["docker", "image", "rm", "--force", moving])

    assert c.dag_versions == (c.dag_version, b.dag_version, a.dag_version)


def test_a_previous_image_that_was_named_must_be_there(line: MakeLine, registry: str) -> None:
    missing = f"{registry}/dagship-test/versions:never-was"

    with pytest.raises(OutsideError, match=r"previous image .*never-was cannot be had"):
        line().build("A", previous=missing)


def test_a_previous_image_of_others_holds_no_versions(line: MakeLine, base_3: BaseImage) -> None:
    with pytest.raises(OutsideError, match="holds no DAG versions"):
        line().build("A", previous=base_3.reference)


def test_a_previous_image_that_nobody_named_may_be_gone(line: MakeLine, registry: str) -> None:
    one = line(repository=f"{registry}/dagship-test/versions")
    one.build("A")
    pushed = stages.push(one.project, image="", untested=True)
    lost = ("0123456789ab" + "0" * 52, "ba9876543210" + "0" * 52)
    versions = tuple(digest[:12] for digest in lost)
    gone = pushed.model_copy(update={"digest": "sha256:" + "0" * 64, "dag_versions": versions, "dag_digests": lost})
    one.project.workspace.write("push", gone)
    b = one.build("B")

    assert b.dag_versions == (b.dag_version,)
    assert one.output.getvalue().count("cannot be had") == 1


def test_a_version_that_was_tampered_with_is_left_out(line: MakeLine, tmp_path: Path) -> None:
    a = line("theirs").build("A")
    (tmp_path / "Dockerfile").write_text(
        f"FROM {a.reference}\nUSER 0\nRUN echo 'WORD = 7' > {ROOT}/{a.dag_version}/dags/words.py\nUSER 50000\n"
    )
    tampered = "dagship-test/versions:tampered"
    assert process.run(["docker", "build", "--quiet", f"--tag={tampered}", str(tmp_path)]).code == 0

    with pytest.raises(OutsideError, match=f"{a.dag_version} in .*tampered is not what its name says"):
        line("ours").build("B", previous=tampered)


def test_of_two_trees_with_one_id_neither_is_taken_for_the_other(tmp_path: Path, base_3: BaseImage) -> None:
    one = Line(tmp_path, base_3)

    def build(text: str, *, previous: str = "") -> BuiltImage:
        (one.dags / "a.py").write_text(text)
        settings = one.settings.model_copy(update={"previous": previous})
        return stages.build(
            Project(root=tmp_path, settings=settings, console=one.project.console), force=False, push=False
        )

    first, second = map(build, COLLIDING)
    assert process.run(["docker", "tag", second.reference, first.reference]).code == 0
    again = build(COLLIDING[0])

    assert first.dag_version == second.dag_version
    assert ["one", "two", "one"] == [
        inside(image, f'cat {ROOT}/{first.dag_version}/dags/a.py | cut -s -d"\'" -f2')[0]
        for image in (first, second, again)
    ]
    with pytest.raises(Refused, match=f"other DAGs under the id {first.dag_version}"):
        build(COLLIDING[1], previous=again.reference)


def test_every_version_is_imported_against_the_packages_of_the_image(line: MakeLine) -> None:
    one = line()
    (one.dags / "needs.py").write_text(
        "from airflow.sdk import DAG\nimport gone_package\ndag = DAG('needs', schedule=None)\n"
    )
    (one.dags / "gone_package.py").write_text("")
    good = one.build("A")
    (one.dags / "gone_package.py").unlink()
    broken = one.build("B", previous=good.reference)
    (one.dags / "needs.py").unlink()
    now = one.build("C", previous=broken.reference)
    report = stages.test_image(one.project, image=now.reference, pytest_path=None)

    assert report.versions == now.dag_versions
    assert not report.passed
    assert [("needs.py", "import-error", broken.dag_version)] == [
        (finding.file, finding.kind, finding.version) for finding in report.findings
    ]
    assert "--keep-versions" in report.findings[0].hint
    files = {(file.version, file.file) for file in report.files if file.dags}
    assert {("", "pinned.py"), (broken.dag_version, "pinned.py"), (good.dag_version, "needs.py")} <= files


def test_a_version_that_the_labels_name_and_the_image_lacks_fails_the_test(line: MakeLine, tmp_path: Path) -> None:
    one = line()
    a = one.build("A")
    b = one.build("B", previous=a.reference)
    (tmp_path / "Dockerfile").write_text(f"FROM {b.reference}\nUSER 0\nRUN rm -r {ROOT}/{a.dag_version}\nUSER 50000\n")
    lacking = "dagship-test/versions:lacking"
    assert process.run(["docker", "build", "--quiet", f"--tag={lacking}", str(tmp_path)]).code == 0
    report = stages.test_image(one.project, image=lacking, pytest_path=None)

    assert not report.passed
    assert [a.dag_version] == [finding.version for finding in report.findings]
    assert f"No such file or directory: '{ROOT}/{a.dag_version}/dags'" in report.findings[0].message


def test_an_image_that_is_named_says_by_its_labels_what_it_holds(line: MakeLine) -> None:
    one = line()
    b = one.build("B", previous=one.build("A").reference)
    found = which_image.current(line("elsewhere").project, b.reference)

    assert (found.dag_version, found.dag_versions) == (b.dag_version, b.dag_versions)
    assert found.dag_changes == b.dag_changes


def test_airflow_2_serves_the_current_version_alone_and_only_that_is_imported(
    tmp_path: Path, base_2: BaseImage
) -> None:
    one = Line(tmp_path, base_2, dags="flows", include="lib/included")
    b = one.build("B", previous=one.build("A").reference)
    (one.dags / "pinned.py").unlink()
    (one.dags / "two.py").write_text(
        "from airflow import DAG\nfrom included.deep.beside import WORD\nfrom flows.words import WORD as OTHER\n"
        "with DAG('two', schedule=None, tags=[WORD, OTHER]):\n    pass\n"
    )
    settings = one.settings.model_copy(update={"previous": b.reference})
    image = stages.build(
        Project(root=tmp_path, settings=settings, console=one.project.console), force=False, push=False
    )
    report = stages.test_image(one.project, image=image.reference, pytest_path=None)

    assert len(image.dag_versions) == 3
    assert image.dag_changes[b.dag_version] == ("pinned.py", "two.py")
    assert (report.passed, report.versions) == (True, (image.dag_version,))
    assert inside(image, "env | grep BUNDLE || echo none") == ["none"]


def test_versions_with_modules_of_the_same_name_do_not_meet(line: MakeLine) -> None:
    one = line()
    (one.dags / "asks.py").write_text(
        "from airflow.sdk import DAG\nimport words\ndag = DAG(f'said-{words.WORD}', schedule=None)\n"
    )
    a = one.build("A")
    b = one.build("B", previous=a.reference)
    report = stages.test_image(one.project, image=b.reference, pytest_path=None)

    assert report.passed
    assert {("", ("said-B",)), (a.dag_version, ("said-A",))} == {
        (file.version, file.dags) for file in report.files if file.file == "asks.py"
    }


def test_what_is_included_is_of_its_version_and_hides_nothing_of_the_image(tmp_path: Path, base_3: BaseImage) -> None:
    one = Line(tmp_path, base_3, dags="flows", include="lib/included,yaml")
    (one.dags / "asks.py").write_text(
        "from airflow.sdk import DAG\nimport yaml\nfrom included.deep import beside\nfrom flows.words import WORD\n"
        "yaml.safe_load('a: 1')\ndag = DAG(f'said-{beside.WORD}{WORD}', schedule=None)\n"
    )
    (one.dags / "broken.py").write_text("import airflow\nimport included.gone\ndag = None\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(
        "from included.deep.beside import WORD\ndef test_it():\n    assert WORD == 'B'\n"
    )
    (tmp_path / "yaml").mkdir()
    a = one.build("A")
    b = one.build("B", previous=a.reference)
    report = stages.test_image(one.project, image=b.reference, pytest_path=tmp_path / "tests")

    assert "../included/deep/beside.py" in (b.dag_changes[a.dag_version] or ())
    assert {("", ("said-BB",)), (a.dag_version, ("said-AA",))} == {
        (file.version, file.dags) for file in report.files if file.file == "asks.py"
    }
    assert [test.outcome for test in report.tests] == ["passed"]
    found = {(finding.version, finding.kind, finding.file): finding for finding in report.findings}
    assert set(found) == {
        ("", "hidden-include", ""), ("", "import-error", "broken.py"), (a.dag_version, "import-error", "broken.py"),
    }  # fmt: skip
    assert "'yaml' first, at /" in found["", "hidden-include", ""].message
    assert "requirements" not in found["", "import-error", "broken.py"].hint


def test_a_version_that_is_not_there_is_not_announced(line: MakeLine) -> None:
    one = line()
    image = one.build("A")
    program = (
        "from dagship_versions.bundle import BakedDagBundle as B; b = B(name='dags-folder'); b.initialize();"
        "v = b.get_current_version(); print(getattr(v, 'version', v), b.path.parent.name)"
    )
    told = f'DAGSHIP_DAG_VERSION=0123456789ab python -c "{program}" 2>&1 | tail -n 2'

    assert inside(image, told)[-2:] == [image.dag_version, image.dag_version]
    assert "0123456789ab" in " ".join(inside(image, told))
