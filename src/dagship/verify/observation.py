"""The report of the code inside an image: plain facts, checked on arrival, as anything there may have written them."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

_Text = Annotated[str, StringConstraints(max_length=200_000)]
_Name = Annotated[str, StringConstraints(max_length=4096)]
_Packed = Annotated[str, StringConstraints(max_length=32 * 1024 * 1024)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeenDag(_Fact):
    """A DAG.

    Attributes:
        id: Its dag_id.
        line: Line of the file that names it, 0 when none does.
        origin: The file whose line made it, absolute; empty when that was not seen.
        digest: SHA-256 of what it is serialized to.
        packed: That text, as base64 of zlib's; empty where it is too long.

    """

    id: _Name
    line: int
    origin: _Name = ""
    digest: _Name = ""
    packed: _Packed = ""


class SeenLost(_Fact):
    """A DAG that a file makes, or would make, and that Airflow does not see.

    Attributes:
        id: Its dag_id.
        line: The line that makes it, or would.
        name: Name of the function that nobody calls, empty where the DAG was made.

    """

    id: _Name
    line: int
    name: _Name = ""


class SeenDifference(_Fact):
    """Two processes made two things of a DAG.

    Attributes:
        dag: Its dag_id.
        where: The place in what it is serialized to, `dag.tasks.extract.bash_command`; empty when not found again.
        one: What the first had there.
        other: What the second had there.
        more: The other places at which they differ.

    """

    dag: _Name
    where: _Name
    one: _Text
    other: _Text
    more: Annotated[tuple[_Name, ...], Field(max_length=1000)] = ()


class SeenModule(_Fact):
    """A module that an import did not find.

    Attributes:
        name: What was not found, `dags` or `utils.tables`.
        asked: What was to be imported, `dags.utils.tables`, as far as a line of the traceback shows it.
        installed: Path of the package that its first part names outside of the DAG tree, empty when there is none.
        tree: Where its first part lies in the DAG tree, relative to it; a few at most.
        without: What it is called without its first part, where that lies at the tree's top; else empty.

    """

    name: _Name
    asked: _Name
    installed: _Name
    tree: tuple[_Name, ...]
    without: _Name


class SeenError(_Fact):
    """An error while a file was imported or its DAGs serialized.

    Attributes:
        phase: `import`, `serialize` or `varying`.
        dag: The DAG concerned, where it is one.
        text: Traceback or message.
        line: Line of the file that names the DAG or task concerned, 0 when unknown.
        module: The module that was not found, where that is the error.

    """

    phase: str
    dag: _Name
    text: _Text
    line: int
    module: SeenModule | None = None


class SeenEvent(_Fact):
    """Something that a line of the DAG tree did while it was imported.

    Attributes:
        file: Relative to the DAG tree.
        line: The line.
        host: The host it reached for.
        category: Class of the warning it got.
        message: Text of that warning.

    """

    file: _Name
    line: int
    host: _Name = ""
    category: _Name = ""
    message: _Text = ""


class Seen(_Fact):
    """The import of a file; see `dagship.inside.verify.importer.examine`."""

    seconds: float
    dags: tuple[SeenDag, ...]
    twice: tuple[_Name, ...]
    errors: tuple[SeenError, ...]
    network: tuple[SeenEvent, ...]
    warnings: tuple[SeenEvent, ...]
    varying: _Text
    lost: tuple[SeenLost, ...] = ()
    uncalled: tuple[SeenLost, ...] = ()
    differs: tuple[SeenDifference, ...] = ()
    imports: Annotated[tuple[_Name, ...], Field(max_length=100_000)] = ()


class Death(_Fact):
    """The death of a process that imported a file.

    Attributes:
        killed: Whether it was killed because its time was up.
        signal: The signal it died of, `SIGSEGV`; empty for none.
        exit: Its exit status.
        lost: Whether nothing came back from it although it was not ended: the file took away what it answers with.
        seconds: The time it had.
        log: The end of what it printed, and what `faulthandler` did.

    """

    killed: bool
    signal: _Name
    exit: int
    lost: bool = False
    seconds: float
    log: _Text


def _or_nothing(said: object, read: ValidatorFunctionWrapHandler) -> Seen | None:
    """Drops a report that is not valid: the process of a file may say anything, and others' count all the same."""
    try:
        answer: Seen | None = read(said)
    except ValidationError:
        return None
    return answer


class SeenFile(_Fact):
    """A DAG file.

    Attributes:
        file: Relative to the DAG tree.
        seen: What its import did, None when the process died of it, or said what is no such thing.
        died: How, then.

    """

    file: _Name
    seen: Annotated[Seen | None, WrapValidator(_or_nothing)]
    died: Death | None = None


class Packages(_Fact):
    """The answer of `pip check`: the tool, its exit status and its output."""

    tool: _Name
    code: int
    output: _Text


class SeenTest(_Fact):
    """One of the user's own tests.

    Attributes:
        name: pytest's node id.
        outcome: What came of it.
        seconds: Time it took.
        line: Line it begins on, 0 when unknown.
        message: Why it failed, in a sentence.
        text: The same with the traceback.

    """

    name: _Name
    outcome: Literal["passed", "failed", "skipped"]
    seconds: float
    line: int
    message: _Text
    text: _Text


class SeenTests(_Fact):
    """The result of the user's own tests: pytest's exit status and each test."""

    code: int
    tests: tuple[SeenTest, ...]


class SeenHidden(_Fact):
    """A module beside the DAG directory that is never imported, and the place of the other of its name."""

    name: _Name
    by: _Name


class SeenPlugin(_Fact):
    """A file of the plugins folder that cannot be loaded; no file where it is not known which one it is."""

    file: _Name
    error: _Text


class SeenVersion(_Fact):
    """An earlier DAG version in the image.

    Attributes:
        version: Its id.
        root: Its tree, absolute.
        failed: Traceback of what kept its import from going on, or empty.
        files: Its DAG files, in order.

    """

    version: _Name
    root: _Name
    failed: _Text
    files: Annotated[tuple[SeenFile, ...], Field(max_length=1_000_000)]


class Observation(_Fact):
    """Everything that was seen in an image.

    Attributes:
        python: Version of its Python.
        airflow: Version of Airflow, empty when it could not be imported.
        root: The DAG tree, absolute.
        failed: Traceback of what kept the test from going on, or empty.
        files: DAG files, in order.
        packages: Whether the installed packages fit; they do where nobody asked.
        earlier: The earlier DAG versions that were imported as well, newest first.
        hidden: What is included and never imported.
        plugins: The plugins of the image's folder that cannot be loaded.
        tree: The files of the current DAG version, relative to the DAG directory, each with its SHA-256.
        installed: The distributions that its Python imports from, canonical name to version.
        before: DAG files that were not imported: they are what they were in a test before.

    """

    python: _Name
    airflow: _Name
    root: _Name
    failed: _Text
    files: Annotated[tuple[SeenFile, ...], Field(max_length=1_000_000)]
    packages: Packages = Packages(tool="", code=0, output="")
    earlier: Annotated[tuple[SeenVersion, ...], Field(max_length=10_000)] = ()
    hidden: Annotated[tuple[SeenHidden, ...], Field(max_length=10_000)] = ()
    plugins: Annotated[tuple[SeenPlugin, ...], Field(max_length=10_000)] = ()
    tree: Annotated[dict[_Name, _Name], Field(max_length=100_000)] = Field(default_factory=dict)
    installed: Annotated[dict[_Name, _Name], Field(max_length=100_000)] = Field(default_factory=dict)
    before: Annotated[tuple[_Name, ...], Field(max_length=1_000_000)] = ()
