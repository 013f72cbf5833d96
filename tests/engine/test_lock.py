"""Locking over real base images, with a real index: kept pins, upgrades, refusals that explain themselves, the install.

Versions on the index change: nothing here asserts one that it did not ask for.
"""

import io
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagship import probe
from dagship.dockerfile import Recipe, compilers, render
from dagship.engine import builds, containers, images
from dagship.errors import OutsideError, Refused
from dagship.image.plan import INSTALLING
from dagship.index import build_secrets
from dagship.lock import locker as stage
from dagship.lock.pins import Lock, parse_lock
from dagship.model.artifacts import BaseImage, LockFile
from dagship.resources import copy_programs
from dagship.settings import Settings
from dagship.terminal.console import Console
from dagship.workspace import Workspace

MARKER = "s3cr3t-0f-the-t3st"


class Project:
    """A project of its own, with the lock stage over one base."""

    def __init__(self, root: Path, settings: Settings, base: BaseImage) -> None:
        self.workspace, self.settings, self.base = Workspace(root), settings, base
        self.source, self.target = root / "requirements" / "dags.in", root / "requirements" / "dags.txt"
        self.source.parent.mkdir(parents=True)
        self.output = io.StringIO()

    def lock(self, source: str, **flags: object) -> LockFile:
        self.source.write_text(source, encoding="utf-8")
        console = Console(stderr=self.output)
        return stage.lock(
            self.settings, self.workspace, console, self.base, source=self.source, target=self.target, **flags  # type: ignore[arg-type]
        )  # fmt: skip

    def for_build(self, path: Path) -> LockFile:
        return stage.for_build(self.settings, self.workspace, Console(stderr=self.output), self.base, path)

    def locked(self) -> dict[str, str]:
        return {pin.name: pin.version for pin in self.read().pins}

    def read(self) -> Lock:
        return parse_lock(self.target.read_text(encoding="utf-8"), "dags.txt")


@pytest.fixture
def project(tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings]) -> Project:
    return Project(tmp_path, settings_for(), base_3)


def test_a_lock_has_exact_versions_and_hashes_and_moves_nothing_of_the_base(project: Project) -> None:
    made = project.lock("pandas>=2\nrequests\n")
    text = project.target.read_text(encoding="utf-8")
    pins = {pin.name: pin for pin in project.read().pins}

    assert {"pandas", "numpy", "requests"} <= set(pins)
    assert all(pin.hashes for pin in pins.values())
    assert [n for n in pins if n in project.base.packages and pins[n].version != project.base.packages[n]] == []
    assert "# via -r requirements/dags.in" in text
    assert "9999999" not in text
    assert "/tmp" not in text
    assert project.read().stamp is not None
    assert "pandas==" in made.text
    assert "requests==" not in made.text


def test_locked_versions_stay_until_they_are_upgraded(project: Project) -> None:
    project.lock("pandas==2.2.2\npytz==2024.1\n" if "pytz" not in project.base.packages else "pandas==2.2.2\n")
    before = project.target.read_text(encoding="utf-8")

    with pytest.raises(Refused) as caught:
        project.lock("pandas>=2.2\njmespath\n", check=True)

    assert "-    # via -r" not in caught.value.detail
    assert "+jmespath==" in caught.value.detail
    assert project.target.read_text(encoding="utf-8") == before

    project.lock("pandas>=2.2\njmespath\n")
    kept = project.locked()
    assert kept["pandas"] == "2.2.2"
    assert "+ jmespath" in project.output.getvalue()
    assert project.lock("pandas>=2.2\njmespath\n", check=True).text.count("pandas==2.2.2") == 1

    project.lock("pandas>=2.2\njmespath\n", upgrade_packages=("Pandas",))
    moved = project.locked()
    assert moved["pandas"] != "2.2.2"

    project.target.write_text(project.target.read_text().replace(moved["pandas"], "2.2.2"), encoding="utf-8")
    project.lock("pandas>=2.2\njmespath\n", upgrade=True)
    assert project.locked()["pandas"] == moved["pandas"]


def test_a_pin_of_the_base_in_the_way_is_explained(
    tmp_path: Path, base_2: BaseImage, settings_for: Callable[..., Settings]
) -> None:
    project = Project(tmp_path, settings_for(), base_2)

    with pytest.raises(Refused) as caught:
        project.lock("jmespath\n\nSQLAlchemy>=2\n")

    has = base_2.packages["sqlalchemy"]
    assert caught.value.message == (
        f"requirements/dags.in: SQLAlchemy>=2 (line 3) does not go with the base image, which has sqlalchemy {has}."
    )
    assert "line 3, SQLAlchemy>=2, asks for >=2" in caught.value.detail
    assert f"apache-airflow {base_2.airflow} needs" in caught.value.detail
    assert f"sqlalchemy {has} fits this base in place of SQLAlchemy>=2 (line 3)" in caught.value.hint
    assert "another release of Airflow" in caught.value.hint
    assert not project.target.exists()


@pytest.mark.wide
def test_the_way_to_a_pin_leads_through_the_packages_between(project: Project) -> None:
    has = project.base.packages["jmespath"]

    with pytest.raises(Refused) as caught:
        project.lock("boto3<1.20\n")

    assert f"boto3<1.20 (line 1) does not go with the base image, which has jmespath {has}." in caught.value.message
    assert re.search(r"line 1, boto3<1\.20 → boto3 1\.\S+ needs <1\.0\.0", caught.value.detail)
    assert re.search(r"boto3 1\.\S+ fits this base in place of boto3<1\.20", caught.value.hint)


def test_every_conflict_is_told_and_what_would_fit_in_place_of_each(
    tmp_path: Path, base_2: BaseImage, settings_for: Callable[..., Settings]
) -> None:
    project = Project(tmp_path, settings_for(), base_2)

    with pytest.raises(Refused) as caught:
        project.lock("jinja2<3\ndagship-no-such-package-anywhere\njmespath\nSQLAlchemy>=2\n")

    jinja2, sqlalchemy = (base_2.packages[name] for name in ("jinja2", "sqlalchemy"))
    assert "jinja2<3 (line 1) and SQLAlchemy>=2 (line 4) do not go with the base image" in caught.value.message
    assert "dags.in:2: dagship-no-such-package-anywhere: the index has no package" in caught.value.message
    assert f"jinja2 {jinja2} fits this base in place of jinja2<3 (line 1)" in caught.value.hint
    assert f"sqlalchemy {sqlalchemy} fits this base in place of SQLAlchemy>=2 (line 4)" in caught.value.hint
    assert "No version of" not in caught.value.hint


def test_lines_that_exclude_one_another_are_explained(project: Project) -> None:
    with pytest.raises(Refused) as caught:
        project.lock("jmespath\nnumpy<1.25\npandas>=3\n")

    assert caught.value.message == (
        "requirements/dags.in: numpy<1.25 (line 2) and pandas>=3 (line 3) exclude one another: "
        "they ask for different versions of numpy."
    )
    assert "line 2, numpy<1.25, asks for <1.25" in caught.value.detail
    assert re.search(r"line 3, pandas>=3 → pandas 3\S* needs >=", caught.value.detail)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("dagship-no-such-package-anywhere", "the index has no package named dagship-no-such-package-anywhere"),
        ("pandas==99.0", "the index has no such version of pandas; the newest is"),
        ("numpy==1.21.6", "no version that matches runs on Python 3.11; the newest that does is"),
        ("dataclasses==0.8", "no version that matches runs on Python 3.11; the newest that does is"),
        ("docopt", "the index has docopt only as sources, without a wheel for this Python"),
    ],
)
def test_what_the_index_lacks_is_told_apart(project: Project, line: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        project.lock(f"jmespath\n{line}\n")

    assert caught.value.message.startswith(f"requirements/dags.in:2: {line}: {says}")
    assert not project.target.exists()


@pytest.mark.sampled
@pytest.mark.parametrize("address", ["http://127.0.0.1:9/simple", "https://index.invalid/simple"])
def test_an_index_that_does_not_answer_is_not_the_requirements_fault(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], address: str
) -> None:
    settings = settings_for(index_url=address.replace("://", f"://user:{MARKER}@"))
    # The tools come first, from the usual index: this is about the requirements.
    Project(tmp_path / "first", settings_for(), base_3).lock("jmespath")
    project = Project(tmp_path / "second", settings, base_3)

    with pytest.raises(OutsideError) as caught:
        project.lock("dagship-no-such-package-anywhere\n")

    assert caught.value.message == "The package index could not be asked: it does not answer, or refuses."
    assert MARKER not in str(caught.value.__dict__) + project.output.getvalue()


def test_a_plain_requirements_file_is_locked_once_for_its_content(project: Project) -> None:
    path = project.source.with_name("plain.txt")
    path.write_text("jmespath\npandas>=2  # frames\n", encoding="utf-8")
    first = project.for_build(path)
    path.write_text("# reordered\npandas>=2\njmespath\n", encoding="utf-8")
    again = project.for_build(path)

    assert "pandas==" in first.text
    assert again.text == first.text
    assert project.output.getvalue().count("Resolving") == 1
    assert path.read_text(encoding="utf-8").startswith("# reordered")


INTERRUPTED = """
import logging, sys
from pathlib import Path
from dagship.lock import locker as lock
from dagship.model.artifacts import BaseImage
from dagship.terminal.console import Console
from dagship.settings_sources import load
from dagship.workspace import Workspace

logging.basicConfig(level=logging.INFO, stream=sys.stdout)
root = Path(sys.argv[1])
base = BaseImage.model_validate_json(sys.stdin.read())
target = root / "requirements" / "dags.txt"
lock.lock(load(root, {}), Workspace(root), Console(), base, source=target.with_suffix(".in"), target=target, upgrade=True)
"""


def test_ctrl_c_while_resolving_leaves_the_lock_as_it_was(project: Project) -> None:
    project.lock("jmespath\n")
    before = project.target.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(project.workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(project.base.model_dump_json())
        child.stdin.close()
        assert any("docker buildx build" in line for line in child.stdout)
        child.send_signal(signal.SIGINT)
        child.wait(timeout=60)

    assert child.returncode not in (0, 1, 2, 3)
    assert project.target.read_bytes() == before
    assert [path.name for path in project.target.parent.iterdir() if path.name not in ("dags.in", "dags.txt")] == []


def test_extras_of_airflow_are_locked_without_moving_it(project: Project) -> None:
    project.lock(f"apache-airflow[http]=={project.base.airflow}\nrequests[socks]\n")
    locked = project.locked()

    assert locked["apache-airflow"] == project.base.airflow
    assert {"apache-airflow-providers-http", "pysocks"} <= set(locked)

    with pytest.raises(Refused, match=r"apache-airflow of the base image has no extra named htpt\.$") as caught:
        project.lock("apache-airflow[htpt]\n")
    assert "Did you mean http?" in caught.value.hint


def test_a_requirements_file_is_locked_as_repositories_have_it(project: Project) -> None:
    root = project.workspace.root
    (root / "common.txt").write_text("boltons<24  # tools\n", encoding="utf-8")
    (root / "limits.txt").write_text("boltons<23\npandas<1\n", encoding="utf-8")
    airflow = project.base.airflow
    lines = [
        f"apache-airflow[http]=={airflow}",
        f'--constraint "https://raw.example.test/apache/airflow/constraints-{airflow}/constraints-3.11.txt"',
        "-r ../common.txt",
        "-c ../limits.txt",
    ]
    project.lock("\n".join(lines))
    first = project.target.read_text(encoding="utf-8")

    assert project.locked()["boltons"] == "21.0.0"
    assert re.search(r"\nboltons==21.0.0 [^#]*# via\n    #   -c limits.txt\n", first)
    assert "pandas" not in project.locked()
    assert (
        f"requirements/dags.in:1: Airflow {airflow} comes from the base image; its extras" in project.output.getvalue()
    )
    assert f"requirements/dags.in:2: the constraints of Airflow {airflow} are not fetched" in project.output.getvalue()

    one = next(pin for pin in project.read().pins if pin.name == "boltons").hashes[-1]
    (root / "common.txt").write_text(f"boltons==21.0.0 --hash={one}\n", encoding="utf-8")
    project.lock("\n".join(lines[2:]))
    assert next(pin for pin in project.read().pins if pin.name == "boltons").hashes == (one,)
    assert project.target.read_text(encoding="utf-8") != first

    with pytest.raises(Refused) as caught:
        project.lock("\n".join([*lines[1:], "pandas>=2"]))
    assert caught.value.message == (
        "requirements/dags.in: pandas>=2 (line 4) does not go with the constraint pandas<1 (limits.txt:2)."
    )


def test_versions_of_another_tools_lock_are_kept_where_they_fit_and_the_others_are_told(project: Project) -> None:
    root = project.workspace.root
    (root / "pyproject.toml").write_text(
        '[project]\nname = "ours"\ndependencies = [\n  "boltons>=23",\n  "toolz",\n  "humanize",\n]\n', encoding="utf-8"
    )
    locked = {"boltons": "21.0.0", "toolz": "0.12.0", "humanize": "4.9.0"}
    packages = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in locked.items()]
    (root / "uv.lock").write_text("\n".join(["version = 1", *packages]), encoding="utf-8")

    made = project.for_build(root / "uv.lock").text
    output = " ".join(project.output.getvalue().split())
    has = project.base.packages["humanize"]
    assert "toolz==0.12.0" in made
    assert "boltons==21.0.0" not in made
    assert f"humanize 4.9.0 → {has}: the base image has it" in output
    assert re.search(r"boltons 21\.0\.0 → \S+: you require boltons>=23 and boltons==21\.0\.0", output)

    pylock = [f'[[packages]]\nname = "{name}"\nversion = "{locked[name]}"\n' for name in ("boltons", "toolz")]
    (root / "pylock.toml").write_text("\n".join(['lock-version = "1.0"', *pylock]), encoding="utf-8")
    kept = project.for_build(root / "pylock.toml").text
    assert "boltons==21.0.0" in kept
    assert "toolz==0.12.0" in kept


def test_a_lock_that_is_the_same_on_another_platform_is_current_on_both(project: Project) -> None:
    project.lock("jmespath\n")
    text = project.target.read_text(encoding="utf-8")
    here = project.base.platform
    elsewhere = "linux/s390x"
    project.target.write_text(text.replace(f"platform={here}", f"platform={elsewhere}"), encoding="utf-8")

    assert not project.lock("jmespath\n", check=True).written
    assert project.lock("jmespath\n").written

    both = ",".join(sorted([here, elsewhere]))
    assert project.target.read_text(encoding="utf-8") == text.replace(f"platform={here}", f"platform={both}")
    resolved = project.output.getvalue().count("Resolving")
    project.lock("jmespath\n", check=True)
    assert project.output.getvalue().count("Resolving") == resolved


@pytest.fixture
def derived(base_3: BaseImage, workspace: Workspace) -> Iterator[Callable[[str], BaseImage]]:
    """Makes bases out of the base: it takes instructions of a Dockerfile."""
    made = []

    def derive(instructions: str) -> BaseImage:
        made.append(f"dagship-test/derived:{uuid.uuid4().hex[:8]}")
        subprocess.run(
            ["docker", "buildx", "build", "--quiet", f"--tag={made[-1]}", "-"],
            input=f"FROM {base_3.reference}\nUSER 0\n{instructions}".encode(),
            check=True,
            capture_output=True,
        )
        return probe.probe(workspace, Console(stderr=io.StringIO()), made[-1])

    yield derive
    subprocess.run(["docker", "image", "rm", *made], check=True, capture_output=True)


def site_packages(base: BaseImage) -> str:
    return f"{base.prefix}/lib/python{'.'.join(base.python_version.split('.')[:2])}/site-packages"


@pytest.fixture
def company_base(base_3: BaseImage, derived: Callable[[str], BaseImage]) -> BaseImage:
    """A base with packages that no index has, one nowhere at all, the other only as sources; and it contradicts itself."""
    instructions = ""
    for name, version, more in (
        ("company_own", "1.0", "Requires-Dist: docopt\\nRequires-Dist: jmespath>99"),
        ("docopt", "0.6.2", ""),
    ):
        metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{more}\\n"
        directory = f"{site_packages(base_3)}/{name}-{version}.dist-info"
        instructions += f"RUN mkdir {directory} && printf '{metadata}' > {directory}/METADATA\n"
    return derived(instructions)


def test_packages_of_the_base_need_not_be_on_the_index(
    tmp_path: Path, company_base: BaseImage, settings_for: Callable[..., Settings]
) -> None:
    project = Project(tmp_path, settings_for(), company_base)
    made = project.lock("company-own\ndocopt\njmespath\npython-slugify\n")

    assert {"company-own", "docopt"} & set(project.locked()) == set()
    has = f"jmespath {company_base.packages['jmespath']}"
    assert f"contradicts itself: company-own 1.0 needs jmespath>99, and there is {has}. It does so without you" in (
        " ".join(project.output.getvalue().split())
    )
    assert "#   company-own==1.0\n#   docopt==0.6.2\n" in project.target.read_text(encoding="utf-8")
    assert project.for_build(project.target).text == made.text

    with pytest.raises(Refused, match=r"company-own>1 \(line 1\) does not go with the base image|no such version"):
        project.lock("company-own>1\n")


def test_a_base_without_pip_uses_the_one_that_python_brings(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], derived: Callable[[str], BaseImage]
) -> None:
    base = derived(f"RUN rm -rf {site_packages(base_3)}/pip {site_packages(base_3)}/pip-*\n")
    project = Project(tmp_path, settings_for(), base)
    project.lock("jmespath\n")

    assert "pip" not in base.packages
    assert set(project.locked()) == {"jmespath"}


def test_a_base_with_nothing_to_install_with_is_told(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], derived: Callable[[str], BaseImage]
) -> None:
    without = f"RUN rm -rf {site_packages(base_3)}/pip /usr/lib/python3*/ensurepip /usr/local/lib/python3*/ensurepip\n"
    project = Project(tmp_path, settings_for(), derived(without))

    with pytest.raises(OutsideError) as caught:
        project.lock("jmespath\n")

    assert "has neither pip 22.3 or newer nor ensurepip" in caught.value.detail
    assert "Install pip in the base image" in caught.value.detail


@pytest.fixture
def image() -> Iterator[str]:
    reference = f"dagship-test/deps:{uuid.uuid4().hex[:8]}"
    yield reference
    subprocess.run(["docker", "image", "rm", reference], check=False, capture_output=True)


def install(project: Project, locked: LockFile, reference: str, scratch: Path) -> None:
    """Builds the stages that install a lock, over the base, without DAGs."""
    copy_programs(scratch / "context" / "inside", *INSTALLING)
    (scratch / "context" / "dags.txt").write_text(locked.text, encoding="utf-8")
    (scratch / "context" / "dags").mkdir()
    for name in ("versions.tar", "dags/none.tar"):
        (scratch / "context" / name).write_bytes(b"\0" * 10240)
    recipe = Recipe(
        base=project.base.pinned,
        python=project.base.python,
        prefix=project.base.prefix,
        user=project.base.user,
        source_packages=project.settings.source_packages,
        build_packages=compilers(project.settings),
        user_base=project.base.user_base,
        with_tools=True,
        with_deps=True,
        moves=bool(locked.moved),
        with_runtime=True,
        dag_version="none",
    )
    (scratch / "Dockerfile").write_text(render(recipe), encoding="utf-8")
    builds.build(
        builds.Build(
            context=scratch / "context",
            dockerfile=scratch / "Dockerfile",
            target="runtime",
            tag=reference,
            secrets=build_secrets(project.settings, scratch),
            outputs=("type=docker",),
        )
    )


COPIES = """
import importlib.metadata as m, os, sys, wcwidth
print([one.version for one in m.distributions() if one.metadata["Name"] == "wcwidth"])
print(wcwidth.__version__, os.path.dirname(wcwidth.__file__).startswith(sys.prefix))
print([path for path in sys.path if os.path.isdir(path) and [n for n in os.listdir(path) if n.startswith("wcwidth")]])
"""


def test_what_moves_goes_from_the_directory_of_the_images_user_as_well(
    tmp_path: Path, derived: Callable[[str], BaseImage], settings_for: Callable[..., Settings], image: str
) -> None:
    base = derived(
        "RUN /usr/bin/python3 -m venv --without-pip --system-site-packages /opt/venv"
        " && sed -i '1s|.*|#!/opt/venv/bin/python|' /home/airflow/.local/bin/airflow\nUSER 50000\n"
    )
    assert (base.prefix, base.user_base) == ("/opt/venv", "/home/airflow/.local")
    project = Project(tmp_path / "project", settings_for(), base)

    install(project, project.lock("wcwidth==0.2.14\n"), image, tmp_path)
    argv = ["docker", "run", "--rm", "--network=none", "--entrypoint=/opt/venv/bin/python", image, "-c", COPIES]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()

    assert said == ["['0.2.14']", "0.2.14 True", f"['{site_packages(base)}']"]


LOOK = """
import os, stat, struct, sys, subprocess
import numpy, pandas
site = os.path.dirname(os.path.dirname(pandas.__file__))
assert site.startswith(sys.prefix), site
cache = os.path.join(os.path.dirname(pandas.__file__), "__pycache__")
compiled = [os.path.join(cache, name) for name in os.listdir(cache)]
assert compiled
for path in compiled:
    with open(path, "rb") as file:
        assert struct.unpack("<4xI", file.read(8))[0] == 1, "not unchecked-hash"
assert pandas.DataFrame.__init__.__code__.co_filename.startswith(site)
with open(os.path.join(sys.prefix, "bin", "f2py")) as script:
    assert script.readline().strip() in ("#!" + sys.executable, "#!" + os.path.join(sys.prefix, "bin", "python3")), "shebang"
for top, directories, files in os.walk(os.path.join(site, "pandas")):
    for name in directories + files:
        mode = os.stat(os.path.join(top, name)).st_mode
        assert mode & stat.S_IROTH and not mode & stat.S_IWOTH, os.path.join(top, name)
assert not os.path.exists("/opt/dagship"), "tools in the image"
print(subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True).stdout.strip())
print("airflow", __import__("airflow").__version__)
"""


def test_a_lock_is_installed_into_airflows_environment(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], image: str
) -> None:
    conf = tmp_path / "pip.conf"
    conf.write_text(f"[global]\n# {MARKER}\ntimeout = 60\n", encoding="utf-8")
    project = Project(tmp_path / "project", settings_for(pip_conf=conf), base_3)
    install(project, project.lock("pandas>=2\nrequests\n"), image, tmp_path / "build")

    with containers.running(image, user="12345:0") as container:
        looked = container.execute([base_3.python, "-c", LOOK])
        searched = container.execute(["grep", "-rlsF", MARKER, "/home", "/opt", "/etc", "/root", "/tmp", "/var"])

    assert looked.output.strip().splitlines()[-2:] == ["No broken requirements found.", f"airflow {base_3.airflow}"], (
        looked.output
    )
    assert searched.output == ""
    assert MARKER not in str(images.history(image))


def test_a_package_with_sources_alone_is_built_where_that_is_allowed(
    tmp_path: Path, base_3: BaseImage, settings_for: Callable[..., Settings], image: str
) -> None:
    project = Project(tmp_path / "project", settings_for(source_packages="docopt"), base_3)
    locked = project.lock("docopt\n")
    install(project, locked, image, tmp_path / "build")

    with containers.running(image) as container:
        assert container.execute([base_3.python, "-c", "import docopt; print(docopt.__version__)"]).output == "0.6.2\n"
        assert container.execute(["sh", "-c", "command -v gcc"]).output == ""
