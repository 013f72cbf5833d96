"""Findings that take all files of a tree: DAGs that share an id, and those that Airflow does not see. Pure."""

from collections.abc import Collection, Iterable, Iterator

from dagship.model.verify_report import Finding, Severity
from dagship.verify.finding import finding, place
from dagship.verify.observation import SeenDag, SeenFile


def lost(files: Collection[SeenFile]) -> Iterator[Finding]:
    """DAGs that a file makes and Airflow does not see. Beside others it may mean to; alone it does not."""
    known = {dag.id for file in files if file.seen is not None for dag in file.seen.dags}
    for file in files:
        if file.seen is None:
            continue
        severity: Severity = "warning" if file.seen.dags else "error"
        for each in file.seen.lost:
            if each.id in known:  # another file takes it from this one
                continue
            yield finding(
                "lost-dag",
                f"It makes the DAG {each.id!r} and keeps it nowhere: Airflow does not see it.",
                severity=severity,
                file=file.file,
                line=each.line,
                hint="Give it a name of its own at the top of the file, or make it in a `with` block.",
            )
        for each in file.seen.uncalled:
            if each.id not in known:  # else another file calls it
                yield finding(
                    "lost-dag",
                    f"Nobody calls {each.name}(), which makes the DAG {each.id!r}: Airflow does not see it.",
                    file=file.file,
                    line=each.line,
                    hint=f"Call it at the end of the file: {each.name}(). A file that only holds parts for others is"
                    " named in .airflowignore.",
                )


def duplicates(files: Iterable[SeenFile], root: str) -> Iterator[Finding]:
    """Finds dag_ids that more than one DAG has.

    Args:
        files: What was seen of each file.
        root: The DAG tree.

    """
    first: dict[str, tuple[str, SeenDag]] = {}
    for file in files:
        if file.seen is None:
            continue
        lines = {dag.id: dag.line for dag in file.seen.dags}
        for dag_id in file.seen.twice:
            yield finding(
                "duplicate-dag-id",
                f"More than one DAG of this file has the dag_id {dag_id!r}.",
                file=file.file,
                line=lines.get(dag_id, 0),
                hint="Give each a dag_id of its own: Airflow keeps one of them and drops the others without a word.",
            )
        for dag in file.seen.dags:
            if dag.id in first:
                yield _duplicate(file.file, dag, *first[dag.id], root)
            else:
                first[dag.id] = (file.file, dag)


def _duplicate(file: str, dag: SeenDag, other: str, of_other: SeenDag, root: str) -> Finding:
    """Two files have a dag_id: each a DAG of its own, or one of them has imported that of the other."""
    owner = dag.origin.removeprefix(f"{root}/")
    if dag.origin == of_other.origin and owner in {file, other}:
        importer, line = (other, of_other.line) if owner == file else (file, dag.line)
        return finding(
            "duplicate-dag-id",
            f"It imports the DAG {dag.id!r} of {owner}, and Airflow takes it for one of this file as well.",
            file=importer,
            line=line,
            hint="Import the module, or what you need of it: every DAG among a file's names is that file's for Airflow,"
            " which shows it now in this file and now in that one.",
        )
    return finding(
        "duplicate-dag-id",
        f"The dag_id {dag.id!r} is also in {place(other, of_other.line)}.",
        file=file,
        line=dag.line,
        hint="Give one of them another dag_id: Airflow runs now this and now that one under the name.",
    )
