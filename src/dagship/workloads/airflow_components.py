"""Whether a container that runs the repository is Airflow's: one repository may hold images of other programs. Pure.

Airflow's own does: its chart runs PgBouncer and its exporter from `apache/airflow:airflow-pgbouncer-…`; and mirrors
often have one repository for everything. What tells, the surest first:

- the command: what starts `airflow`, or a part of it, is Airflow's, and what starts `pgbouncer` is not;
- the workload's role, where its name or label has one, and its command does not speak against it;
- the image: what runs the very image that those run goes with them, a log groomer or a script of one's own;
- the tag, the label and the name of another program.

Where nothing at all says which is Airflow's, the repository alone decides.
"""

import re

from dagship.workloads.spec import COMPONENT_LABELS, Container, Workload

Found = tuple[tuple[Workload, tuple[Container, ...]], ...]

# What charts run beside Airflow, as programs and labels call it, and how tags begin.
_PROGRAM = r"(pgbouncer|statsd|redis|valkey|postgres(ql)?|otel|opentelemetry)"
_OTHER = re.compile(rf"{_PROGRAM}([-_](server|exporter|collector))?")
_TAG = re.compile(rf"(airflow-)?{_PROGRAM}([^a-z]|$)")
# What goes before the program, or may start any.
_BEFORE = re.compile(r"dumb-init|tini|exec|env|-.*|\w+=.*")
# What else goes before the program of each command that a shell is given.
_LEADS = re.compile(r"(ba|da|a)?sh|python[\d.]*|.*entrypoint.*|if|then|else|do|while|until|!|\{|timeout|\d+[smhd]?")
_ENDS = re.compile(r"[;&|()`\n]+")
# Clients to which `airflow` is a database, a user or a namespace, and `scheduler` the name of a workload.
_CLIENT = re.compile(
    r"kubectl|oc|helm|psql|pg_\w+|(create|drop|vacuum)db|mysql\w*|redis-cli|curl|wget|git|aws|gcloud|az"
)
_WRAPPED = re.compile(r"\s--\s+(\S*/)?airflow(\s|$)")
_NEUTRAL = re.compile(r"(|airflow|celery|(ba|da|a)?sh|.*\.sh|.*entrypoint.*)")


def airflows(found: Found) -> Found:
    """Returns of the containers that run the repository those that are Airflow's.

    Args:
        found: Workloads, each with its containers that run the repository.

    """
    sure = {
        container.image
        for workload, containers in found
        for container in containers
        if _is_sure(workload, container) and not is_another(workload, container)
    }
    kept = (
        (
            workload,
            tuple(
                container
                for container in containers
                if not is_another(workload, container)
                and (not sure or container.image in sure or _is_sure(workload, container))
            ),
        )
        for workload, containers in found
    )
    return tuple((workload, containers) for workload, containers in kept if containers)


def is_another(workload: Workload, container: Container) -> bool:
    """Whether a container's command or tag, or its workload's label, is that of a program that is known."""
    if _starts_airflow(container):
        return False
    labels = () if _is_component(workload) else (workload.labels.get(label, "") for label in COMPONENT_LABELS)
    tag = container.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return _TAG.match(tag) is not None or any(_OTHER.fullmatch(word) for word in (*_programs(container), *labels))


def _is_sure(workload: Workload, container: Container) -> bool:
    """Whether a container tells by itself that it is Airflow's, or by the workload's role and nothing against it."""
    return _starts_airflow(container) or (_is_component(workload) and _is_neutral(container))


def _starts_airflow(container: Container) -> bool:
    programs = _programs(container)
    if "airflow" in programs:
        return True
    if any(_OTHER.fullmatch(program) or _CLIENT.fullmatch(program) for program in programs):
        return False
    return bool(container.commands) or _WRAPPED.search(container.command) is not None


def _is_component(workload: Workload) -> bool:
    if workload.role in {"other", "cronjob"}:
        return False
    main = [container for container in workload.containers if not container.init]
    return any(one.commands for one in main) or _is_neutral(main[0])


def _is_neutral(container: Container) -> bool:
    """Whether a command may start Airflow as well as anything else."""
    return _NEUTRAL.fullmatch(_program(container)) is not None


def _program(container: Container) -> str:
    """The program that a command starts, without its directory; empty where the image's own is started."""
    return next((word for word in _words(container.command) if _BEFORE.fullmatch(word) is None), "")


def _programs(container: Container) -> tuple[str, ...]:
    """The programs that a command starts in the end, those of a shell's script included."""
    each = (_words(text) for text in _ENDS.split(container.command.replace("\\\n", " ")))
    found = (
        next((word for word in words if not (_BEFORE.fullmatch(word) or _LEADS.fullmatch(word))), "") for words in each
    )
    return tuple(program for program in found if program)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.rpartition("/")[2] for word in text.split())
