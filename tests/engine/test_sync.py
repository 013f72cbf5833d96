"""The sync and the bundles in a built image: a real Airflow checks what real git brings."""

import io
import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagship import process
from dagship.model.artifacts import BaseImage, BuiltImage
from dagship.pipeline import stages
from dagship.pipeline.project import Project
from dagship.settings_sources import load
from dagship.terminal.console import Console
from tests.engine.broken_dags import TREE

DAG = """
from airflow import DAG
from helpers.shared import VALUE
{more}
with DAG("{name}", schedule=None, tags=[VALUE]):
    pass
"""
VARIABLE = """
from airflow.models import Variable
REGION = Variable.get("region_of_sales")
"""
ROOT = "/opt/airflow/dag-versions"


class Volume:
    """A repository to follow and a volume to fill, both on this machine, and an image that has the sync."""

    def __init__(self, image: BuiltImage, directory: Path) -> None:
        self.image, self.root, self.work = image, directory / "versions", directory / "work"
        self.root.mkdir()
        self.bare = directory / "dags.git"
        self._git("init", "-q", "--bare", "-b", "main", str(self.bare), at=directory)
        self._git("clone", "-q", str(self.bare), str(self.work), at=directory)
        self._git("checkout", "-q", "-b", "main")

    def _git(self, *argv: str, at: Path | None = None) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        ran = subprocess.run(["git", *identity, *argv], cwd=at or self.work, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def commit(self, value: str = "1", more: str = "", **files: str) -> str:
        """Pushes a tree of one DAG, its helper and whatever else is named, and nothing besides."""
        self._git("rm", "-rqf", "--ignore-unmatch", ".")
        tree = {"first": DAG.format(name="first", more=more), "helpers/shared": f"VALUE = {value!r}\n", **files}
        for name, text in tree.items():
            path = self.work / "dags" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", "x")
        self._git("push", "-q", "--force", "origin", "main")
        return self._git("rev-parse", "HEAD")

    def argv(self, *command: str, name: str = "", **environment: str) -> list[str]:
        given = {
            "DAGSHIP_SYNC_URL": "file:///srv/dags.git",
            "DAGSHIP_SYNC_BRANCH": "main",
            "DAGSHIP_SYNC_SUBDIRECTORY": "dags",
            "DAGSHIP_SYNC_INTERVAL": "1",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__DAGS_FOLDER": f"{ROOT}/current/dags",
            **environment,
        }
        return [
            "docker", "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp", f"--user={os.getuid()}:0",
            f"--name={name or f'dagship-{os.getpid()}-{uuid.uuid4().hex[:8]}'}",
            f"--volume={self.bare.parent}:/srv:ro", f"--volume={self.root}:{ROOT}",
            *(f"--env={key}={value}" for key, value in given.items()),
            "--entrypoint=python", self.image.reference, *command,
        ]  # fmt: skip

    def once(self, patience: int = 60) -> process.Finished:
        return process.run(self.argv("-m", "dagship_versions.sync", "--once", f"--patience={patience}"))

    def python(self, program: str, **environment: str) -> Any:
        """Runs a program in the image, and returns what it says last."""
        ended = process.run(self.argv("-c", program, **environment))
        assert ended.code == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    @contextmanager
    def syncing(self, **environment: str) -> Iterator["Syncing"]:
        """Runs the sync until the block ends."""
        name = f"dagship-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        argv = self.argv("-m", "dagship_versions.sync", name=name, **environment)
        started = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            yield Syncing(self, name, started)
        finally:
            process.run(["docker", "rm", "--force", name])
            started.communicate()

    @property
    def status(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.root / "status.json").read_text())
        except FileNotFoundError:
            return {"state": ""}
        return found

    @property
    def current(self) -> str:
        return (self.root / "CURRENT").read_text().strip()


class Syncing:
    """A sync that runs."""

    def __init__(self, volume: Volume, name: str, started: subprocess.Popen[str]) -> None:
        self._volume, self._name, self._started = volume, name, started

    def until(self, state: str, **fields: str) -> dict[str, Any]:
        """Waits until the status says so."""
        wanted, until = {"state": state, **fields}, time.monotonic() + 60
        while not wanted.items() <= (status := self._volume.status).items():
            assert self._started.poll() is None, "the sync has ended"
            assert time.monotonic() < until, f"still {status}"
            time.sleep(0.1)
        return status

    def stop(self) -> tuple[int, float, str]:
        """Ends it as Kubernetes does: exit status, the seconds that it took, and its log."""
        began = time.monotonic()
        process.run(["docker", "kill", "--signal=TERM", self._name])
        _, log = self._started.communicate(timeout=60)
        return self._started.returncode, time.monotonic() - began, log


@pytest.fixture(scope="session")
def image_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[BaseImage], BuiltImage]:
    made: dict[str, BuiltImage] = {}

    def make(base: BaseImage) -> BuiltImage:
        if base.id not in made:
            place = tmp_path_factory.mktemp("sync")
            (place / "dags").mkdir()
            (place / "dags" / "first.py").write_text("from airflow import DAG\nDAG('baked', schedule=None)\n")
            settings = load(place, {"base": base.reference, "repository": "dagship-test/sync"})
            project = Project(root=place, settings=settings, console=Console(stderr=io.StringIO()))
            made[base.id] = stages.build(project, force=False, push=False)
        return made[base.id]

    return make


@pytest.fixture(params=["base_3", "base_2"])
def volume(request: pytest.FixtureRequest, image_of: Callable[[BaseImage], BuiltImage], tmp_path: Path) -> Volume:
    """On Airflow 3.3.2, and on 2.11.2."""
    return Volume(image_of(request.getfixturevalue(request.param)), tmp_path)


@pytest.fixture
def volume_3(base_3: BaseImage, image_of: Callable[[BaseImage], BuiltImage], tmp_path: Path) -> Volume:
    return Volume(image_of(base_3), tmp_path)


def test_once_publishes_a_good_commit_and_ends(volume: Volume) -> None:
    commit = volume.commit()

    ended = volume.once()

    assert ended.code == 0, ended.stderr
    assert (commit, "current") == (volume.current, volume.status["state"])
    assert f"published {commit} of branch main" in ended.stderr


def test_once_says_last_why_there_is_nothing(volume_3: Volume) -> None:
    volume_3.commit(broken="from airflow import DAG\nimport a_package_that_is_not_there\n")

    ended = volume_3.once(patience=1)

    assert ended.code == 1
    said = "No version could be published within 1 s: broken.py: ModuleNotFoundError: No module named 'a_package_that_is_not_there'"
    assert said == ended.stderr.splitlines()[-1]


BROKEN = {
    "broken": "from airflow import DAG\nimport a_package_that_is_not_there\n",
    "circle": "from airflow import DAG\nfrom airflow.models.baseoperator import BaseOperator\n"
    "with DAG('circle', schedule=None):\n    a, b = (BaseOperator(task_id=name) for name in 'ab')\n    a >> b >> a\n",
    "ends": "from airflow import DAG\nimport os\nos._exit(3)\n",
    "twin": DAG.format(name="first", more=""),
    "odd": TREE["not_serializable.py"],
}
SAID = {
    "broken.py": "ModuleNotFoundError: No module named 'a_package_that_is_not_there'",
    "circle.py": "Faulty task: b",
    "ends.py": "It ends the process while it is imported, with exit status 3.",
    "twin.py": "The dag_id 'first' is also in first.py.",
    "odd.py": "The DAG 'not_serializable' cannot be serialized: ",
}


@pytest.mark.sampled
def test_a_running_sync_refuses_what_is_broken_and_takes_what_is_mended(volume: Volume) -> None:
    good = volume.commit()
    with volume.syncing() as sync:
        sync.until("current", current=good)
        bad = volume.commit(**BROKEN)
        status = sync.until("refused", candidate=bad)
        still = volume.current
        mended = volume.commit(value="2")
        sync.until("current", current=mended)
        code, seconds, log = sync.stop()
    found = {finding["file"]: finding["error"] for finding in status["findings"]}

    assert good == status["current"] == still
    assert SAID.keys() == found.keys()
    assert not {name: found[name] for name, words in SAID.items() if words not in found[name]}
    assert f"broken.py: {SAID['broken.py']} (and 4 more)" == status["reason"]
    assert (0, 1) == (code, log.count(f"refused {bad}: broken.py"))
    assert seconds < 5


def test_a_missing_variable_is_noted_and_published(volume_3: Volume) -> None:
    commit = volume_3.commit(more=VARIABLE)

    ended = volume_3.once()

    assert ended.code == 0, ended.stderr
    assert commit == volume_3.current
    assert "first.py: It reads the Variable 'region_of_sales', which the check does not have." in ended.stderr


def test_a_commit_without_a_dag_is_refused(volume_3: Volume) -> None:
    volume_3.commit(first="VALUE = 1\n")

    assert volume_3.once(patience=1).stderr.splitlines()[-1].endswith("There is no DAG in it.")


def test_a_check_that_comes_to_no_end_is_killed_with_all_that_it_started(volume_3: Volume) -> None:
    good = volume_3.commit()
    volume_3.once()
    bad = volume_3.commit(slow="from airflow import DAG\nimport subprocess\nsubprocess.run(['sleep', '600'])\n")
    with volume_3.syncing(DAGSHIP_SYNC_CHECK_TIMEOUT="12") as sync:
        status = sync.until("refused", candidate=bad)
        left = process.run(["docker", "top", sync._name]).stdout

    assert (good, "The import check did not end within 12 s.") == (status["current"], status["reason"])
    assert "sleep" not in left
    assert "verify.py" not in left


def test_a_restart_without_the_git_host_keeps_the_last_good_version(volume_3: Volume) -> None:
    commit = volume_3.commit()
    volume_3.once()
    volume_3.bare.rename(volume_3.bare.with_name("gone.git"))

    again = volume_3.once()
    with volume_3.syncing() as sync:
        status = sync.until("unreachable")

    assert 0 == again.code
    assert commit == volume_3.current == status["current"]
    assert "git fetch from file:///srv/dags.git ended with exit status 128" in status["reason"]


RUNS = """
import os, subprocess, sys
subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, stdout=subprocess.DEVNULL)
import datetime as dt, json
from airflow.models import DagRun
from airflow.utils.session import create_session
moment = dt.datetime.now(dt.timezone.utc)
with create_session() as session:
    for number, (state, version) in enumerate([("running", "a"), ("running", None), ("queued", "b"), ("success", "c")]):
        key = "logical_date" if hasattr(DagRun, "bundle_version") else "execution_date"
        named = {key: moment + dt.timedelta(seconds=number)}
        run = DagRun(dag_id="d", run_id=str(number), run_type="manual", state=state, **named)
        if hasattr(DagRun, "bundle_version"):
            run.bundle_version = version
        session.add(run)
from dagship_versions import airflow_env, runs
found = runs.ask(airflow_env.for_database(os.environ, "/tmp"))
print(json.dumps([found.running, sorted(found.versions), hasattr(DagRun, "bundle_version")]))
"""


def test_the_database_says_which_runs_are_unfinished(volume: Volume) -> None:
    running, versions, pinned = volume.python(
        RUNS,
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:////tmp/airflow.db",
        AIRFLOW__CORE__EXECUTOR="LocalExecutor" if "3.3" in volume.image.airflow else "SequentialExecutor",
        AIRFLOW_HOME="/tmp/airflow",
    )

    assert (2, ["a", "b"] if pinned else []) == (running, versions)


def test_a_database_that_is_away_is_one_sentence_and_holds(volume_3: Volume) -> None:
    good = volume_3.commit()
    volume_3.once()
    candidate = volume_3.commit(value="2")
    with volume_3.syncing(
        DAGSHIP_SYNC_HOLD="true",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://airflow:hunter2@127.0.0.1:1/airflow",
    ) as sync:
        status = sync.until("held", candidate=candidate)

    assert good == status["current"]
    assert status["reason"].startswith("The metadata database cannot be asked which DAG runs are in progress: ")
    assert "Connection refused" in status["reason"]
    assert "hunter2" not in status["reason"]


def bundles(**kwargs: object) -> str:
    classpath = "dagship_versions.bundle.SyncedDagBundle"
    return json.dumps([{"name": "dags-folder", "classpath": classpath, "kwargs": {"root": ROOT, **kwargs}}])


BUNDLE = """
import json, os, sys
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag
bundle = DagBundlesManager().get_bundle("dags-folder", version={version!r})
path = str(bundle.path)
bundle.initialize()
bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name="dags-folder")
version = bundle.get_current_version()
tags = sorted(bag.dags["first"].tags) if bag.dags else None
print(json.dumps([path, version and version.version, tags, bundle.view_url_template()]))
"""


def test_a_bundle_serves_the_current_version_and_the_one_that_a_run_is_pinned_to(volume_3: Volume) -> None:
    """And each leads to the page of its commit, where the forge is known."""
    first = volume_3.commit(value="one")
    volume_3.once()
    second = volume_3.commit(value="two")
    with volume_3.syncing() as sync:
        sync.until("current", current=second)

    def served(version: str | None) -> Any:
        config = {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundles(refresh_interval=5),
            "DAGSHIP_SYNC_URL": "https://github.com/acme/dags.git",
        }
        return volume_3.python(BUNDLE.format(version=version), **config)

    page = "https://github.com/acme/dags/commit/{version}"
    assert [f"{ROOT}/{second}/dags", second, ["two"], page] == served(None)
    assert [f"{ROOT}/{first}/dags", first, ["one"], page] == served(first)


def test_what_is_included_comes_with_its_commit_for_the_check_and_for_a_pinned_run(volume_3: Volume) -> None:
    told = {"DAGSHIP_SYNC_INCLUDE": "lib/include", "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundles()}

    def commit(word: str) -> str:
        more = "from include.deep.words import WORD as VALUE"
        return volume_3.commit(more=more, **{"../lib/include/deep/words": f"WORD = {word!r}\n"})

    first = commit("one")
    with volume_3.syncing(**told) as sync:
        sync.until("current", current=first)
        second = commit("two")
        sync.until("current", current=second)

    assert [f"{ROOT}/{second}/dags", second, ["two"], None] == volume_3.python(BUNDLE.format(version=None), **told)
    assert [f"{ROOT}/{first}/dags", first, ["one"], None] == volume_3.python(BUNDLE.format(version=first), **told)


REFRESH = """
import json, os
from airflow.dag_processing.bundles.manager import DagBundlesManager
seen = []
bundle = DagBundlesManager().get_bundle("dags-folder")
bundle.initialize()
for name in {names!r}:
    with open(os.path.join(bundle.root, "CURRENT"), "w") as file:
        file.write(name)
    try:
        bundle.refresh()
    except Exception as error:
        seen.append(str(error))
    seen.append([bundle.get_current_version().version, bundle.path.parent.name])
print(json.dumps(seen))
"""


def test_a_bundle_takes_a_new_version_at_its_refresh_and_never_one_that_is_not_there(volume_3: Volume) -> None:
    for name in ("one", "two"):
        (volume_3.root / name / "dags").mkdir(parents=True)
    (volume_3.root / "CURRENT").write_text("one")

    seen = volume_3.python(
        REFRESH.format(names=["two", "three"]), AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles()
    )

    error = f"The DAG bundle 'dags-folder' has no current version in {ROOT}."
    assert [["two", "two"], error, ["two", "two"]] == seen


UNKNOWN = """
import json, logging, os
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.manager import DagFileProcessorManager
from dagship_versions.dag_processor import parsing

class Kept(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())

def asks(self):
    bundle.refresh()

said = []
parsing.log.addHandler(Kept())
bundle = DagBundlesManager().get_bundle("dags-folder")
with open(os.path.join(bundle.root, "CURRENT"), "w") as file:
    file.write("two")
asks(object.__new__(DagFileProcessorManager))
print(json.dumps([said, bundle.path.parent.name]))
"""


def test_a_dag_processor_without_what_is_known_of_it_is_said_and_takes_the_version(volume_3: Volume) -> None:
    for name in ("one", "two"):
        (volume_3.root / name / "dags").mkdir(parents=True)
    (volume_3.root / "CURRENT").write_text("one")

    said, served = volume_3.python(UNKNOWN, AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles())

    warning = "The dag-processor of this Airflow is not known: what it parses now of 'dags-folder' may be mixed up"
    assert ([warning], "two") == (said, served)


def test_a_bundle_fetches_the_commit_that_a_run_is_pinned_to(volume_3: Volume) -> None:
    old = volume_3.commit(value="old")
    newest = volume_3.commit(value="new")
    volume_3.once()

    served = volume_3.python(BUNDLE.format(version=old), AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles())

    assert [f"{ROOT}/{old}/dags", old, ["old"], None] == served
    assert newest == volume_3.current


MISSING = """
import json
from airflow.dag_processing.bundles.manager import DagBundlesManager
from dagship_versions import bundle as module
module._WAIT_SECONDS, said = 0.5, []
for release in ((3, 1, 6), (3, 1, 7)):
    module._release = lambda: release
    for version in (None, "f" * 40, "../x"):
        try:
            made = DagBundlesManager().get_bundle("dags-folder", version=version)
            made.initialize()
            said.append("")
        except Exception as error:
            said.append(str(error))
print(json.dumps(said))
"""


def test_a_version_that_is_nowhere_is_an_error_only_where_airflow_would_not_try_again(volume_3: Volume) -> None:
    said = volume_3.python(MISSING, DAGSHIP_SYNC_URL="", AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles())

    none = f"The DAG bundle 'dags-folder' does not have a current version in {ROOT}."
    wrong = "'../x' is no version of the DAG bundle 'dags-folder'."
    missing = f"The DAG bundle 'dags-folder' does not have the version {'f' * 40} in {ROOT}."
    assert [none, missing, wrong, none, "", wrong] == said
