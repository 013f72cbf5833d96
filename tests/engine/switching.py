"""A real dag-processor whose bundle takes versions while files are being parsed, and what is stored then."""

import json
from dataclasses import replace

from dagship.airflow.served import Wanted
from dagship.image.tree.model import Tree, TreeFile
from dagship.model.thin import FOUNDATION
from tests.builders.mounts import Mount
from tests.engine.airflows import Airflow

ROOT = "/tmp/versions"
# Two files like this one, whose import takes until it is let go, and ends with what lies beside it.
DAG = """
import os
import time

from airflow.sdk import DAG, task

WORD = {word!r}


def wait(there, go):
    with open(there, "a"):
        pass
    while not os.path.exists(go):
        time.sleep(0.05)


def failed(context):
    wait("/tmp/telling-" + WORD, "/tmp/tell")
    with open("/tmp/told", "a") as file:
        print(context["run_id"], WORD, file=file)


wait("/tmp/importing-" + WORD, "/tmp/go-" + WORD)
import later

with DAG({name!r}, schedule=None, on_failure_callback=failed):

    @task(task_id=WORD + "-" + later.WORD)
    def work():
        pass

    work()
"""
# A version as the sync makes it and publishes it; by a clock that is behind, so that no file is newer than its last parse.
_PUBLISH = f"""
import json, os, sys
from dagship_versions import store
version, files = sys.argv[1], json.loads(sys.argv[2])
os.makedirs("{ROOT}", exist_ok=True)
dags = os.path.join(store.begin("{ROOT}", version), "dags")
os.mkdir(dags)
for name, text in files.items():
    with open(os.path.join(dags, name), "w") as file:
        file.write(text)
store.finish("{ROOT}", version)
for name in files:
    os.utime(os.path.join("{ROOT}", version, "dags", name), (0, 0))
os.utime = lambda *_: None
store.publish("{ROOT}", version)
"""
# Each pair of stamp and structure that a DAG is seen with, once; what runs are made of at that moment.
_WATCH = """
import sqlite3, time
query = '''SELECT dag.bundle_version, json_extract(stored.data, '$.dag.tasks[0].__var.task_id')
    FROM dag JOIN serialized_dag AS stored ON stored.dag_id = dag.dag_id
    WHERE stored.created_at = (SELECT max(created_at) FROM serialized_dag WHERE dag_id = dag.dag_id)'''
seen = set()
with open("/tmp/pairs", "a", buffering=1) as out:
    while True:
        for pair in sqlite3.connect("file:/tmp/airflow.db?mode=ro", uri=True, timeout=30).execute(query):
            if pair not in seen:
                seen.add(pair)
                print(*pair, file=out)
        time.sleep(0.05)
"""
_BUNDLES = [
    {
        "name": "dags-folder",
        "classpath": "dagship_versions.bundle.SyncedDagBundle",
        "kwargs": {"root": ROOT, "refresh_interval": 1},
    }
]
_LIST = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
_ENVIRONMENT = {
    "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    # While one of the files is being parsed, the other is queued.
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
}


class Switching:
    """A dag-processor, and versions that are published one after another: as commits, on a volume."""

    bundles = json.dumps(_BUNDLES)

    def __init__(self, airflow: Airflow) -> None:
        self.airflow = airflow

    def version(self, word: str) -> str:
        """The id of a version."""
        return word

    def structure(self, word: str) -> str:
        """The structure of its DAGs."""
        return f"{word}-{word}"

    def start(self) -> None:
        """Starts it, and what watches the database."""
        self.airflow.execute("python", "-c", _WATCH, detached=True)
        self.start_anew()

    def start_anew(self, **environment: str) -> None:
        """Starts it, in place of the one that may run."""
        self.airflow.announce(**_ENVIRONMENT | environment, **{_LIST: self.bundles} if self.bundles else {})

    def publish(self, word: str, *, lets_go: bool) -> None:
        """Publishes a version, whose files can be imported or wait."""
        if lets_go:
            self.let_go(word)
        files = {**_files(word), "later.py": f"WORD = {word!r}\n"}
        self.airflow.execute("python", "-c", _PUBLISH, word, json.dumps(files))

    def let_go(self, word: str) -> None:
        """Lets the files of a version be imported to their end."""
        self.airflow.execute("touch", f"/tmp/go-{word}")

    def until_importing(self, word: str) -> None:
        """Waits until a file of a version is being imported."""
        self.airflow.until(lambda: self.airflow.has(f"/tmp/importing-{word}"))

    def until_taken(self, word: str) -> None:
        """Waits until Airflow has a version for the bundle."""
        self.airflow.until(lambda: self.airflow.rows("SELECT version FROM dag_bundle") == [[self.version(word)]])

    def until_stored(self, word: str, seconds: float = 300) -> None:
        """Waits until the latest structure of both DAGs is that of a version, under its stamp."""
        query = "SELECT bundle_version FROM dag WHERE dag_id IN ('one', 'two')"
        latest = (
            "SELECT max(created_at), json_extract(data, '$.dag.tasks[0].__var.task_id') FROM serialized_dag "
            "WHERE dag_id IN ('one', 'two') GROUP BY dag_id"
        )
        self.airflow.until(
            lambda: (
                self.airflow.rows(query) == [[self.version(word)]] * 2
                and [row[1] for row in self.airflow.rows(latest)] == [self.structure(word)] * 2
            ),
            seconds,
        )

    def pairs(self) -> set[str]:
        """What stamp and structure were seen together."""
        return set(self.airflow.read("/tmp/pairs").splitlines())

    def switch_while_parsing(self) -> None:
        """From a to b, and on to c while one file of b is being parsed and the other is queued."""
        self.publish("a", lets_go=True)
        self.start()
        self.until_stored("a")
        self.publish("b", lets_go=False)
        self.until_importing("b")
        self.publish("c", lets_go=True)
        self.until_taken("c")
        self.let_go("b")
        self.until_stored("c")


class Announcing(Switching):
    """The same with an image's own bundle, to which versions are announced: in each the two files differ, and no other."""

    bundles = ""

    def __init__(self, airflow: Airflow, mount: Mount, base: Tree) -> None:
        super().__init__(airflow)
        self._mount, self._base, self._foundation = mount, base, airflow.execute("printenv", FOUNDATION).strip()
        self._versions: dict[str, str] = {}

    def version(self, word: str) -> str:
        """The id of a version."""
        return self._versions[word]

    def structure(self, word: str) -> str:
        """The structure of its DAGs."""
        return f"{word}-B"

    def publish(self, word: str, *, lets_go: bool) -> None:
        """Announces a version, whose files can be imported or wait."""
        if lets_go:
            self.let_go(word)
        made = (TreeFile(path=path, executable=False, content=text.encode()) for path, text in _files(word).items())
        files = tuple(sorted((*self._base.files, *made), key=lambda file: file.path))
        tree = replace(self._base, files=files)
        self._versions[word] = tree.version
        self._mount.announce(tree, self._base, serial=len(self._versions), foundation=self._foundation)

    def wanted(self, word: str) -> Wanted:
        """What is waited for, where a version is announced that was announced last."""
        files = {name: f"{name}.py" for name in ("one", "two")}
        return Wanted(version=self.version(word), serial=len(self._versions), dags=files, broken=())

    def pairs(self) -> set[str]:
        """What stamp and structure were seen together, of the two files."""
        found = [line.split(" ") for line in super().pairs()]
        words = {version: word for word, version in self._versions.items()}
        return {f"{words.get(stamp, stamp)} {structure}" for stamp, structure in found if "-" in structure}


def _files(word: str) -> dict[str, str]:
    return {f"{name}.py": DAG.format(word=word, name=name) for name in ("one", "two")}
