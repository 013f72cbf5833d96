"""The image that carries DAGs, built by a real engine on real Airflow bases."""

import io
import json
import platform
import re
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from dagship import process
from dagship.engine import builds, images
from dagship.errors import OutsideError, Refused, UsageError
from dagship.model import moved_packages
from dagship.model.artifacts import BaseImage, BuiltBase, BuiltImage, PushedImage
from dagship.pipeline import build_inputs, stages, which_image
from dagship.pipeline.project import Project
from dagship.settings import Settings
from dagship.settings_sources import load
from dagship.terminal.console import Console
from dagship.verify import untouched
from dagship.verify.observation import Packages
from tests.builders.repositories import git, hostile_repository
from tests.engine.lines import Line

DAG = """
from airflow import DAG
with DAG("{name}", schedule=None):
    pass
"""

MakeProject = Callable[..., Project]

ELSEWHERE = ("linux/arm64" if platform.machine() == "x86_64" else "linux/amd64", "linux/s390x")
"""Two platforms that are not this machine's."""


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    root = tmp_path / "project" / "dags"
    (root / "helpers").mkdir(parents=True)
    (root / "first.py").write_text(DAG.format(name="first"))
    (root / "helpers" / "shared.py").write_text("VALUE = 1\n")
    return root


@pytest.fixture
def project(tmp_path: Path, base_3: BaseImage, dags: Path) -> MakeProject:
    """Makes a project on the Airflow 3 base, unless another is named."""

    def make(root: Path | None = None, **flags: object) -> Project:
        place = root or dags.parent
        place.mkdir(exist_ok=True)
        settings = load(place, {"base": base_3.reference, "repository": "dagship-test/build"} | flags)
        return Project(root=place, settings=settings, console=Console(stderr=io.StringIO()))

    return make


def build(project: Project, *, force: bool = False, push: bool = False) -> BuiltImage:
    return stages.build(project, force=force, push=push)


def inside(image: BuiltImage, *argv: str, options: tuple[str, ...] = ()) -> str:
    finished = process.run(["docker", "run", "--rm", "--network=none", *options, image.reference, *argv])
    assert finished.code == 0, finished.stderr
    return finished.stdout


def layers(reference: str) -> tuple[str, ...]:
    facts = images.inspect(reference)
    assert facts is not None
    return facts.layers


def test_the_version_directory_holds_the_tree_as_given_and_nobody_can_write_it(project: MakeProject) -> None:
    image = build(project())
    root = "/opt/airflow/dag-versions"

    listing = inside(image, "bash", "-c", f"cd {root} && cat CURRENT && find . -printf '%M %U:%G %P\\n'").splitlines()

    assert image.dag_version == listing.pop(0)
    assert sorted(listing) == sorted(
        [
            "drwxr-xr-x 0:0 ",
            f"dr-xr-xr-x 0:0 {image.dag_version}",
            f"dr-xr-xr-x 0:0 {image.dag_version}/dags",
            f"-r--r--r-- 0:0 {image.dag_version}/dags/first.py",
            f"dr-xr-xr-x 0:0 {image.dag_version}/dags/helpers",
            f"-r--r--r-- 0:0 {image.dag_version}/dags/helpers/shared.py",
            "-r--r--r-- 0:0 CURRENT",
        ]
    )


def test_airflow_looks_for_dags_there_and_airflows_home_is_as_it_was(project: MakeProject, base_3: BaseImage) -> None:
    image = build(project())
    home = next(directory for directory in base_3.directories if directory.path == "/opt/airflow")

    said = inside(image, "bash", "-c", "echo $AIRFLOW__CORE__DAGS_FOLDER; stat -c '%a %u %g' /opt/airflow; id -u")

    assert [
        f"/opt/airflow/dag-versions/{image.dag_version}/dags",
        f"{home.mode:o} {home.uid} {home.gid}",
        "50000",
    ] == said.splitlines()


LOOK = """
import importlib.metadata as m, json, os
found = [one for one in m.distributions() if one.metadata["Name"] == "wcwidth"]
site = str(found[0].locate_file(""))
there = {os.path.join(at, name) for at, _, names in os.walk(os.path.join(site, "wcwidth")) for name in names}
print(json.dumps({
    "versions": [one.version for one in found],
    "infos": [name for name in os.listdir(site) if name.startswith("wcwidth-")],
    "modules": sorted({os.path.basename(path).split(".")[0] for path in there}),
    "strangers": sorted(path for path in there if "/__pycache__/" not in path
                        and os.path.relpath(path, site) not in map(str, found[0].files)),
    "left": [path for path in ("/mnt/leaving", "/mnt/install", "/opt/dagship") if os.path.exists(path)],
}))
"""


def test_a_package_of_the_base_that_a_line_asks_for_by_name_moves_and_nothing_is_left_of_it(
    project: MakeProject, base_3: BaseImage, dags: Path
) -> None:
    source = dags.parent / "requirements" / "dags.in"
    source.parent.mkdir()
    source.write_text("# the terminal's widths\nwcwidth==0.2.14\n")
    made = project()
    has = base_3.packages["wcwidth"]
    before = json.loads(inside(BuiltImage.model_construct(reference=base_3.reference), "python", "-c", LOOK))

    image = build(made)
    after = json.loads(inside(image, "python", "-c", LOOK))

    assert (before["versions"], before["infos"]) == ([has], [f"wcwidth-{has}.dist-info"])
    assert (after["versions"], after["infos"]) == (["0.2.14"], ["wcwidth-0.2.14.dist-info"])
    assert set(before["modules"]) - set(after["modules"])
    assert (after["strangers"], after["left"]) == ([], [])
    said = [f"wcwidth {has} → 0.2.14, asked for by requirements/dags.in:2"]
    assert list(map(str, image.moved)) == said
    facts = images.inspect(image.reference)
    assert facts is not None
    assert list(map(str, moved_packages.of(facts.labels))) == said
    assert facts.user == base_3.user
    assert "former versions, taken out" in [layer.what for layer in image.layers]

    report = stages.test_image(made, image="", pytest_path=None)
    assert (report.passed, list(map(str, report.moved))) == (True, said)
    assert "pip-check" not in {finding.kind for finding in report.findings}

    (dags / "first.py").write_text(DAG.format(name="second"))
    assert layers(build(made).reference)[: len(facts.layers) - 1] == facts.layers[:-1]


def test_it_runs_under_any_user_and_with_a_read_only_root(project: MakeProject) -> None:
    image = build(project())

    assert "3.3.2" in inside(image, "version", options=("--user=987654:0", "--read-only", "--tmpfs=/tmp"))


def test_the_same_input_is_built_once(project: MakeProject) -> None:
    first = build(project(), force=True)
    second = build(project())

    assert (False, True) == (first.reused, second.reused)
    assert (first.reference, first.id, first.layers) == (second.reference, second.id, second.layers)


def test_force_builds_again_under_the_same_tag(project: MakeProject) -> None:
    first = build(project())
    second = build(project(), force=True)

    assert first.reference == second.reference
    assert not second.reused


def test_dag_layers_are_the_same_in_another_place_on_another_day_and_base(
    project: MakeProject, dags: Path, tmp_path: Path, base_2: BaseImage
) -> None:
    here = build(project())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["cp", "-R", str(dags), str(elsewhere / "dags")], check=True)
    again = build(project(elsewhere), force=True)
    on_two = build(project(elsewhere, base=base_2.reference), force=True)

    assert layers(here.reference) == layers(again.reference)
    assert layers(here.reference)[-1] == layers(on_two.reference)[-1]


def test_an_edit_changes_the_dag_layer_alone(project: MakeProject, dags: Path) -> None:
    before = build(project())
    (dags / "helpers" / "shared.py").write_text("VALUE = 2\n")
    after = build(project())

    assert layers(before.reference)[:-1] == layers(after.reference)[:-1]
    assert layers(before.reference)[-1] != layers(after.reference)[-1]


def test_labels_say_where_it_comes_from_and_no_credentials(project: MakeProject, dags: Path, base_3: BaseImage) -> None:
    git(dags, "init", "-q")
    git(dags, "remote", "add", "origin", "https://user:hunter2@example.com/team/dags.git")
    git(dags, "add", ".")
    git(dags, "commit", "-qm", "x")
    image = build(project(), force=True)
    facts = images.inspect(image.reference)
    assert facts is not None
    prefix = "org.opencontainers.image."

    assert git(dags, "rev-parse", "HEAD").strip() == facts.labels[f"{prefix}revision"]
    assert "https://example.com/team/dags.git" == facts.labels[f"{prefix}source"]
    assert base_3.reference == facts.labels[f"{prefix}base.name"]
    assert base_3.pinned.partition("@")[2] == facts.labels[f"{prefix}base.digest"]
    assert image.dag_version == facts.labels["io.dagship.dag.version"]
    assert "3.3.2" == facts.labels["io.dagship.airflow.version"]
    assert facts.labels[f"{prefix}created"].endswith("Z")
    assert "hunter2" not in json.dumps(dict(facts.labels))


HOSTILE_NAMES = [
    "a b.py", "$(touch evil).py", "`id`.py", "a;b.py", "x\nRUN touch evil.py", "--flag.py", "[x]*.py", 'quo"te.py', "it's.py",
    "ünï.py", "{{ 7 }}.py", "back\\slash.py", "#syntax=evil.py", "${HOME}.py", "\x1b[31m.py",
]  # fmt: skip


def test_no_file_name_is_more_than_a_name(project: MakeProject, dags: Path) -> None:
    for name in HOSTILE_NAMES:
        (dags / name).write_text(DAG.format(name="x"))

    image = build(project())
    program = "import json, os; print(json.dumps(sorted(os.listdir(os.environ['AIRFLOW__CORE__DAGS_FOLDER']))))"

    assert sorted([*HOSTILE_NAMES, "first.py", "helpers"]) == json.loads(inside(image, "python", "-c", program))


def test_system_packages_are_installed(project: MakeProject) -> None:
    image = build(project(system_packages="jq"))

    assert "2\n" == inside(image, "bash", "-c", "jq -n 1+1")
    assert "system packages" in [layer.what for layer in image.layers]


def test_requirements_are_installed_into_airflows_environment(
    project: MakeProject, settings_for: Callable[..., Settings]
) -> None:
    made = project(requirements="requirements.txt")
    (made.root / "requirements.txt").write_text("cowsay==6.1\n")

    image = build(made)

    assert "6.1\n" == inside(image, "python", "-c", "from importlib.metadata import version; print(version('cowsay'))")
    assert "/home/airflow/.local/bin/cowsay\n" == inside(image, "bash", "-c", "command -v cowsay")
    assert "requirements" in [layer.what for layer in image.layers]


PACKAGE = """
import json, os, dagship_versions
top = os.path.dirname(dagship_versions.__file__)
entries = [os.stat(os.path.join(at, name)) for at, *names in os.walk(top) for name in sum(names, [])]
site = os.stat(os.path.dirname(top))
modes = sorted({(oct(entry.st_mode & 0o777), entry.st_uid, entry.st_gid) for entry in entries})
print(json.dumps([top, modes, [oct(site.st_mode & 0o777), site.st_uid, site.st_gid]]))
"""


def test_a_file_that_is_not_the_locked_one_is_refused_with_both_hashes(project: MakeProject, dags: Path) -> None:
    forged, real = "sha256:" + "0" * 64, re.compile(r"^the index sent sha256:[1-9a-f][0-9a-f]{63}$", re.MULTILINE)
    lock = dags.parent / "requirements.txt"
    lock.write_text(f"cowsay==6.1 --hash={forged}\n")

    with pytest.raises(Refused) as caught:
        build(project(requirements=str(lock)))

    assert "cowsay 6.1 from the index is not the file that requirements.txt names" in caught.value.message
    assert f"requirements.txt expects {forged}\n" in caught.value.detail
    assert real.search(caught.value.detail)


def test_a_package_that_would_write_over_files_of_the_base_is_refused(
    project: MakeProject, dags: Path, base_3: BaseImage
) -> None:
    requirements = dags.parent / "requirements.txt"
    requirements.write_text("jwt==1.4.0\n")

    with pytest.raises(Refused) as caught:
        build(project(requirements=str(requirements)))

    assert "jwt 1.4.0 of requirements.txt would write over jwt/__init__.py and " in caught.value.message
    assert f" of pyjwt {base_3.packages['pyjwt']} of the base image." in caught.value.message


@pytest.mark.parametrize("requirements", ["", "cowsay==6.1\n"])
def test_the_sync_is_everyones_to_read_and_adds_no_layer_beside_requirements(
    project: MakeProject, base_3: BaseImage, requirements: str
) -> None:
    made = project(requirements="requirements.txt" if requirements else "")
    (made.root / "requirements.txt").write_text(requirements)
    image = build(made)
    ours = [layer.what for layer in image.layers][1:]

    assert ["requirements" if requirements else "DAG bundles and sync", "DAGs"] == ours
    assert len(base_3.layers) + 2 == len(layers(image.reference))
    assert [
        f"{base_3.purelib}/dagship_versions",
        [["0o444", 0, 0], ["0o555", 0, 0]],
        ["0o775", 50000, 0],  # as the base has it
    ] == json.loads(inside(image, "python", "-c", PACKAGE))


def test_push_by_the_builder_ends_with_the_registrys_digest(project: MakeProject, registry: str) -> None:
    made = project(repository=f"{registry}/dagship-test/build-push")
    image = build(made, force=True, push=True)
    pushed = made.workspace.read("push", PushedImage)
    again = build(made, push=True)

    assert pushed is not None
    assert image.digest == pushed.digest == digest_in(registry, image.reference)
    assert not pushed.tested
    assert again.reused
    assert pushed == made.workspace.read("push", PushedImage)


def test_an_image_that_only_the_registry_has_is_not_built_again_and_can_be_tested(
    project: MakeProject, registry: str
) -> None:
    """What a builder with a store of its own leaves: nothing in the engine."""
    made = project(repository=f"{registry}/dagship-test/elsewhere")
    first = build(made, force=True, push=True)
    process.run(["docker", "image", "rm", "--force", first.reference])
    second = build(made, push=True)
    gone = images.inspect(first.reference) is None
    found = which_image.current(made, "")

    assert second.reused
    assert gone
    assert (first.reference, first.digest) == (second.reference, second.digest)
    assert first.reference == found.reference
    assert images.inspect(first.reference) is not None


def test_what_the_registry_has_of_the_same_content_is_taken_and_its_tag_stays(
    project: MakeProject, registry: str, dags: Path, tmp_path: Path
) -> None:
    """Another machine, or this one after its own build of the same: nothing is moved that runs already."""
    repository = f"{registry}/dagship-test/fresh"
    theirs = project(repository=repository)
    first = build(theirs, force=True)
    pushed = stages.push(theirs, image="", untested=True)
    subprocess.run(["cp", "-R", str(dags), str(tmp_path / "dags")], check=True)
    ours = project(tmp_path, repository=repository)
    own = build(ours, force=True)
    taken = build(ours)
    process.run(["docker", "image", "rm", "--force", first.reference])
    pulled = build(ours)

    assert first.reference == own.reference
    assert first.id != own.id
    for image in (taken, pulled):
        assert (True, first.id, pushed.digest) == (image.reused, image.id, image.digest)
    with pytest.raises(Refused, match="not tested"):
        stages.push(ours, image="", untested=False)
    assert pushed.digest == stages.push(ours, image="", untested=True).digest == digest_in(registry, first.reference)


def test_an_image_that_is_not_what_its_labels_say_is_not_taken(
    project: MakeProject, registry: str, base_3: BaseImage, tmp_path: Path
) -> None:
    made = project(repository=f"{registry}/dagship-test/forged")
    real = build(made, force=True)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base_3.pinned}\nLABEL io.dagship.content={real.content}\nUSER 0\nRUN mkdir /opt/airflow/dag-versions\n"
    )
    forged = builds.Build(
        context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=real.reference, outputs=("type=image,push=true",)
    )
    builds.build(forged)
    process.run(["docker", "image", "rm", "--force", real.reference])
    again = build(made)

    assert not again.reused
    assert real.layers == again.layers


def base_for(tag: str, base: BaseImage, context: Path, *platforms: str) -> str:
    """Pushes a base with layers of its own for each platform; what is in them runs on this machine."""
    (context / "Dockerfile").write_text(
        f"FROM --platform={base.platform} {base.pinned}\nARG TARGETARCH\nUSER 0\nRUN echo $TARGETARCH > /arch\n"
        f"USER {base.user}\n"
    )
    request = builds.Build(
        context=context,
        dockerfile=context / "Dockerfile",
        tag=tag,
        platforms=platforms,
        outputs=("type=image,push=true",),
    )
    builds.build(request)
    return tag


@pytest.fixture(scope="module")
def base_for_several(registry: str, base_3: BaseImage, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A base for this machine and two other platforms."""
    tag, context = f"{registry}/dagship-test/base-for-several:1", tmp_path_factory.mktemp("several")
    return base_for(tag, base_3, context, base_3.platform, *ELSEWHERE)


@pytest.mark.parametrize("count", [1, 2])
def test_what_the_registry_has_for_another_platform_is_taken(
    project: MakeProject, registry: str, base_for_several: str, dags: Path, count: int
) -> None:
    """A Mac with a cluster of amd64, or the other way round: the layers of the base are other ones there."""
    flags = {
        "base": base_for_several,
        "platform": ",".join(ELSEWHERE[:count]),
        "repository": f"{registry}/dagship-test/for-{count}-elsewhere",
    }
    first = build(project(**flags), force=True, push=True)
    process.run(["docker", "image", "rm", "--force", first.reference])
    made, said = project(dags.parents[1] / "fresh", **flags), io.StringIO()
    subprocess.run(["cp", "-R", str(dags), str(made.root / "dags")], check=True)
    again = build(Project(root=made.root, settings=made.settings, console=Console(stderr=said)))
    process.run(["docker", "image", "rm", "--force", first.reference])
    pulled = which_image.current(made, first.reference)

    assert (True, digest_in(registry, first.reference)) == (again.reused, again.digest)
    assert again.id == pulled.id
    assert "warning" not in said.getvalue()


def test_a_base_that_is_for_other_platforms_alone_is_taken_for_the_one_that_is_named(
    project: MakeProject, registry: str, base_3: BaseImage, tmp_path: Path
) -> None:
    base = base_for(f"{registry}/dagship-test/base-elsewhere:1", base_3, tmp_path, *ELSEWHERE)
    process.run(["docker", "image", "rm", "--force", base])
    with pytest.raises(OutsideError, match="is there, but not for the platform"):
        build(project(base=base))
    build_inputs.base(project(base=base, platform=ELSEWHERE[0]))
    image = build(project(base=base), force=True)  # the engine has it now
    facts = images.inspect(image.reference)

    assert image.platforms == ELSEWHERE[:1]
    assert (facts and facts.platform) == ELSEWHERE[0]


def test_an_untouched_base_is_asked_in_the_platform_of_the_image(base_for_several: str, base_3: BaseImage) -> None:
    """The engine has the one that runs here: its layers are others, and what it contradicts would be the lock's."""
    other = f"{base_for_several.rpartition(':')[0]}@{images.platforms(base_for_several)[ELSEWHERE[0]]}"
    images.pull(other)
    images.pull(base_for_several)
    facts, here = images.inspect(other), images.inspect(base_for_several)
    assert facts is not None
    assert here is not None
    image = BuiltImage(
        reference=other, id=facts.id, digest="", dag_version="", airflow="", base=base_for_several,
        platforms=(facts.platform,), size=0, layers=(), seconds={}, reused=False,
    )  # fmt: skip
    seen = Packages(tool="pip", code=1, output="")

    assert (base_3.platform, ELSEWHERE[0]) == (here.platform, facts.platform)
    assert untouched.lines(seen, image, facts)


def test_the_base_is_said_first(dags: Path, base_3: BaseImage) -> None:
    said = io.StringIO()
    made = Project(
        root=dags.parent,
        settings=load(dags.parent, {"repository": "dagship-test/build"}),
        console=Console(stderr=said),
    )
    made.workspace.write("base", BuiltBase(reference=base_3.reference, id=base_3.id, airflow=base_3.airflow))
    git(dags.parent, "init", "-q")
    build(made)

    assert f"base: {base_3.reference}, as .dagship/base.json names it" in said.getvalue()
    assert "Git tracks" not in said.getvalue()


def digest_in(registry: str, reference: str) -> str:
    name, tag = reference.removeprefix(f"{registry}/").split(":")
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", method="HEAD")
    kinds = (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
    request.add_header("Accept", ", ".join(f"application/vnd.{kind}+json" for kind in kinds))
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Docker-Content-Digest"])


def test_a_cache_goes_to_a_registry_and_comes_from_it(project: MakeProject, registry: str) -> None:
    cache = f"type=registry,ref={registry}/dagship-test/cache:latest"
    build(project(cache_to=f"{cache},mode=max"), force=True)
    image = build(project(cache_from=cache), force=True)

    assert image.id


def test_a_platform_and_a_builder_can_be_named(project: MakeProject) -> None:
    image = build(project(platform="linux/amd64", builder="default"), force=True)

    assert ("linux/amd64",) == image.platforms


def test_layers_that_the_engine_did_not_unpack_are_measured(tmp_path: Path) -> None:
    """The engine unpacks no image of another platform, which is what a Mac with a cluster of amd64 builds."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY big /\n")
    (tmp_path / "big").write_bytes(b"x" * 100_000 + tmp_path.name.encode())
    elsewhere = "linux/arm64" if platform.machine() == "x86_64" else "linux/amd64"
    tag = "dagship-test/unpacked:1"
    builds.build(builds.Build(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=tag, platforms=(elsewhere,)))
    bare = process.run(["docker", "history", tag])

    history = images.history(tag)
    process.run(["docker", "image", "rm", "--force", tag])

    assert "does not exist" in bare.stderr
    assert [instruction.split()[:2] for instruction, _ in history] == [["COPY", "big"]]
    assert history[0][1] >= 100_000


def test_a_platform_that_the_base_is_not_there_for_is_refused(project: MakeProject, registry: str) -> None:
    """BuildKit itself would take the engine's one base for every platform, and say nothing."""
    made = project(platform="linux/amd64,linux/arm64", repository=f"{registry}/dagship-test/platforms")

    with pytest.raises(UsageError, match="not there for linux/arm64"):
        build(made, push=True)


def test_the_platforms_of_a_base_in_a_registry_are_known(registry: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    tag = f"{registry}/dagship-test/two-platforms:1"
    both = ("linux/amd64", "linux/arm64")
    outputs = ("type=image,push=true",)
    builds.build(
        builds.Build(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=tag, platforms=both, outputs=outputs)
    )

    assert both == tuple(images.platforms(tag))
    assert not images.platforms(f"{registry}/dagship-test/never-pushed:1")


def test_a_build_runs_nothing_of_a_repository_that_its_context_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the directory of temporary files is in a checkout: buildx has git look at the context."""
    hostile_repository(tmp_path / "dags", tmp_path / "ran")
    (context := tmp_path / "dags" / "context").mkdir()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    monkeypatch.setenv("BUILDX_GIT_CHECK_DIRTY", "true")
    request = builds.Build(context=context, dockerfile=context / "Dockerfile", outputs=("type=cacheonly",))
    subprocess.run(["docker", "buildx", "build", "--output=type=cacheonly", str(context)], capture_output=True)
    works = (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink(missing_ok=True)

    builds.build(request)

    assert works
    assert not (tmp_path / "ran").exists()


def test_an_unknown_builder_is_one_sentence(project: MakeProject) -> None:
    with pytest.raises(OutsideError, match="no buildx builder 'nowhere'"):
        build(project(builder="nowhere"), force=True)


def test_another_environment_is_found_and_used(project: MakeProject, base_3: BaseImage, tmp_path: Path) -> None:
    """A base whose Airflow lies elsewhere: nothing about the place is assumed."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base_3.pinned}\nUSER 0\n"
        "RUN python3 -m venv --without-pip /srv/elsewhere"
        " && echo /home/airflow/.local/lib/python3.11/site-packages > /srv/elsewhere/lib/python3.11/site-packages/airflow.pth"
        " && sed '1s#.*#\\#!/srv/elsewhere/bin/python#' /home/airflow/.local/bin/airflow > /srv/elsewhere/bin/airflow"
        " && chmod 755 /srv/elsewhere/bin/airflow\n"
        'ENV PATH="/srv/elsewhere/bin:$PATH" VIRTUAL_ENV=/srv/elsewhere\nUSER 50000\n'
    )
    tag = "dagship-test/elsewhere:1"
    builds.build(builds.Build(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=tag))
    made = project(base=tag, requirements="requirements.txt")
    (made.root / "requirements.txt").write_text("cowsay==6.1\n")

    image = build(made)

    assert "/srv/elsewhere/bin/cowsay\n" == inside(image, "bash", "-c", "command -v cowsay")
    assert "3.3.2" in inside(image, "version")


def test_a_base_without_airflow_is_refused(project: MakeProject, tmp_path: Path, base_3: BaseImage) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_3.pinned}\nUSER 0\nRUN rm -rf /home/airflow/.local\n")
    builds.build(builds.Build(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag="dagship-test/no-airflow:1"))

    with pytest.raises(UsageError, match="holds no Airflow"):
        build(project(base="dagship-test/no-airflow:1"))


def test_a_base_that_cannot_be_pulled_says_what_to_do(project: MakeProject, registry: str) -> None:
    with pytest.raises(OutsideError, match="does not exist") as refused:
        build(project(base=f"{registry}/dagship-test/never-pushed:1"))

    assert "--base" in refused.value.hint


_CALENDAR = """
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.simple import NullTimetable

class Quiet(NullTimetable):
    pass

class ShopPlugin(AirflowPlugin):
    name = "shop"
    timetables = [Quiet]
"""
_POLICY = """
from airflow.exceptions import AirflowClusterPolicyViolation

def dag_policy(dag):
    if dag.dag_id == "forbidden":
        raise AirflowClusterPolicyViolation("not in this shop")
"""


@pytest.mark.sampled
@pytest.mark.parametrize("version", ["3.3.2", "2.11.2"])
def test_plugins_and_configuration_are_found_by_airflow_and_a_broken_plugin_is_a_finding(
    version: str, base_of: Callable[[str], BaseImage], tmp_path: Path
) -> None:
    one = Line(tmp_path, base_of(version), plugins="plugins", config="deploy")
    for name, text in {
        "plugins/shop_calendar.py": _CALENDAR,
        "plugins/broken.py": "import nowhere_at_all\n",
        "deploy/airflow_local_settings.py": _POLICY,
        "deploy/airflow.cfg": "[core]\nparallelism = 7\n",
        "dags/quiet.py": "from airflow import DAG\nfrom shop_calendar import Quiet\n"
        "from datetime import datetime\ndag = DAG('quiet', schedule=Quiet(), start_date=datetime(2026, 1, 1))\n",
        "dags/forbidden.py": "from airflow import DAG\ndag = DAG('forbidden', schedule=None)\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    image = stages.build(one.project, force=False, push=False)
    report = stages.test_image(one.project, image=image.reference, pytest_path=None)
    program = "from airflow.configuration import conf; print(conf.get('core', 'parallelism'))"

    assert {(finding.kind, finding.file) for finding in report.findings if finding.severity == "error"} == {
        ("plugin-error", ""), ("import-error", "forbidden.py"),
    }  # fmt: skip
    assert "The plugin broken.py cannot be loaded: No module named 'nowhere_at_all'" in {
        finding.message for finding in report.findings
    }
    assert ("quiet",) in {file.dags for file in report.files}
    assert "plugins and config (not pinned to runs)" in {layer.what for layer in image.layers}
    assert inside(image, "python", "-c", program).split()[-1] == "7"
