"""The tasks that make an image, and run it: one call of the pipeline, and a summary. Nothing is decided here."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dagship.cli.flags import FULL, IMAGE, JUNIT, REPORTS, Flag, asked, settings, task

if TYPE_CHECKING:
    from dagship.pipeline.project import Project

_FORCE = Flag("force", "Build again what is there already, without caches")


@task(*settings("airflow", "extras", "constraints", "pip_conf", "ca_cert"), _FORCE)
def base(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Build an Airflow base image from Debian and PyPI packages alone."""
    from dagship.pipeline import stages

    built = stages.base(project, force=flags.force)
    project.console.summary({"base": built.reference, "Airflow": built.airflow, "id": built.id})
    return built.model_dump(mode="json")


@task(
    *settings("requirements", "groups", "optional_dependencies"),
    Flag("check", "Change nothing; exit 1 and show a diff when the lock is stale"),
    Flag("upgrade", "Move every package to the newest version that fits"),
    Flag("upgrade_package", "Move only this package, or several with commas", default=""),
    Flag(
        "export", "Write versions for tools outside: base or constraints (for pip -c), or pylock (PEP 751)", default=""
    ),
    *settings("base", "airflow", "pip_conf", "ca_cert"),
)
def lock(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Resolve what the DAGs need, as requirements/dags.in, into a lock: exact versions and hashes."""
    from dagship.pipeline import stages

    names = tuple(name.strip() for name in flags.upgrade_package.split(",") if name.strip())
    locked = stages.lock(project, check=flags.check, upgrade=flags.upgrade, upgrade_packages=names, export=flags.export)
    for moved in locked.moved:
        project.console.say(str(moved))
    state = "written" if locked.written else "up to date"
    project.console.summary({"lock": locked.path, "state": state})
    return locked.model_dump(mode="json", exclude={"text"})


@task(
    *settings(
        "dags",
        "requirements",
        "groups",
        "optional_dependencies",
        "repository",
        "base",
        "airflow",
        "keep_versions",
        "previous",
    ),
    *settings("platform", "builder", "cache_from", "cache_to"),
    Flag("push", "Push it as well, straight from the builder"),
    *settings("pip_conf", "ca_cert"),
    FULL,
    _FORCE,
)
def build(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Build the image that carries the DAGs; the same input has the same tag and is built once."""
    from dagship.image.present import show_built
    from dagship.pipeline import stages

    image = stages.build(project, force=flags.force, push=flags.push, full=flags.full)
    show_built(project.console, image)
    return image.model_dump(mode="json")


@task(
    IMAGE,
    *settings("env_file"),
    Flag("pytest", "Run the tests in this file or directory inside the image as well", default=""),
    *settings("strict", "import_timeout", "parse_budget", "baseline"),
    Flag("write_baseline", "Accept what is wrong with DAG files today, for 90 days: write the baseline"),
    JUNIT,
    *REPORTS,
    name="test-image",
)
def test_image(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Import every DAG inside the built image: no network, read-only, no database."""
    from dagship.pipeline import reports, stages
    from dagship.verify import report

    own_tests = Path(flags.pytest) if flags.pytest else None
    found = stages.test_image(project, image=flags.image, pytest_path=own_tests, write_baseline=flags.write_baseline)
    report.show(project.console, found)
    reports.of_test(project, found, asked(flags), tests=flags.pytest)
    return found.model_dump(mode="json")


@task(
    IMAGE,
    *settings("dags", "env_file"),
    Flag("port", "Port on 127.0.0.1 (default: a free one)", default=""),
    Flag("keep", "Keep the database and the logs in a volume, for the next dev --keep"),
)
def dev(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Run the built image as a local Airflow on the project as it is, until Ctrl-C."""
    from dagship.dev.plan import port_of
    from dagship.pipeline import local

    ran = local.dev(project, image=flags.image, port=port_of(flags.port), keep=flags.keep)
    kept = f"docker volume rm {ran.volume} deletes its data" if ran.volume else "nothing of it is left"
    project.console.say(f"Airflow is stopped; {kept}.")
    return ran.model_dump(mode="json")


@task(IMAGE, Flag("untested", "Push it even though test-image did not pass on it"))
def push(project: "Project", flags: SimpleNamespace) -> dict[str, Any]:
    """Push the tested image; the registry's digest is the result."""
    from dagship.model.reference import Reference
    from dagship.pipeline import stages

    pushed = stages.push(project, image=flags.image, untested=flags.untested)
    pinned = Reference.parse(pushed.reference).pinned(pushed.digest)
    project.console.summary(
        {"pushed": pushed.reference, "digest": pushed.digest, "look inside": f"docker run --rm -it {pinned} bash"}
    )
    return pushed.model_dump(mode="json")
