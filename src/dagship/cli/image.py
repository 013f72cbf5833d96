"""The tasks that make an image: flags in, one call of the pipeline, a summary out. Nothing is decided here."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke import Context

from dagship.cli.flags import explained, task
from dagship.cli.running import run

if TYPE_CHECKING:
    from dagship.project import Project


@task(help=explained("airflow", "extras", "constraints", "pip-conf", "ca-cert", "force", "json"))
def base(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    airflow: str = "",
    extras: str = "",
    constraints: str = "",
    pip_conf: str = "",
    ca_cert: str = "",
    force: bool = False,
    json: bool = False,
) -> None:
    """Build an Airflow base image from Debian and PyPI packages alone."""
    flags = {"airflow": airflow, "extras": extras, "constraints": constraints, "pip_conf": pip_conf, "ca_cert": ca_cert}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline

        built = pipeline.base(project, force=force)
        project.console.summary({"base": built.reference, "Airflow": built.airflow, "id": built.id})
        return built.model_dump(mode="json")

    run(json, flags, act)


@task(
    help=explained(
        "requirements", "check", "upgrade", "upgrade-package", "base", "airflow", "pip-conf", "ca-cert", "json"
    ),
)  # fmt: skip
def lock(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    requirements: str = "",
    check: bool = False,
    upgrade: bool = False,
    upgrade_package: str = "",
    base: str = "",
    airflow: str = "",
    pip_conf: str = "",
    ca_cert: str = "",
    json: bool = False,
) -> None:
    """Resolve requirements/dags.in into requirements/dags.txt: exact versions and hashes."""
    flags = {"requirements": requirements, "base": base, "airflow": airflow, "pip_conf": pip_conf, "ca_cert": ca_cert}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline

        names = tuple(name.strip() for name in upgrade_package.split(",") if name.strip())
        locked = pipeline.lock(project, check=check, upgrade=upgrade, upgrade_packages=names)
        state = "written" if locked.written else "up to date"
        project.console.summary({"lock": locked.path, "state": state})
        return locked.model_dump(mode="json", exclude={"text"})

    run(json, flags, act)


@task(
    help=explained(
        "dags", "requirements", "repository", "base", "airflow", "keep-versions", "previous", "platform", "builder",
        "cache-from", "cache-to", "push", "pip-conf", "ca-cert", "force", "json",
    ),
)  # fmt: skip
def build(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    dags: str = "",
    requirements: str = "",
    repository: str = "",
    base: str = "",
    airflow: str = "",
    keep_versions: str = "",
    previous: str = "",
    platform: str = "",
    builder: str = "",
    cache_from: str = "",
    cache_to: str = "",
    push: bool = False,
    pip_conf: str = "",
    ca_cert: str = "",
    force: bool = False,
    json: bool = False,
) -> None:
    """Build the image that carries the DAGs; the same input has the same tag and is built once."""
    flags = {
        "dags": dags, "requirements": requirements, "repository": repository, "base": base, "airflow": airflow,
        "keep_versions": keep_versions, "previous": previous, "platform": platform, "builder": builder,
        "cache_from": cache_from, "cache_to": cache_to, "pip_conf": pip_conf, "ca_cert": ca_cert,
    }  # fmt: skip

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.image.present import show_built

        image = pipeline.build(project, force=force, push=push)
        show_built(project.console, image)
        return image.model_dump(mode="json")

    run(json, flags, act)


@task(
    name="test-image",
    help=explained("image", "env-file", "pytest", "strict", "import-timeout", "parse-budget", "junit", "json"),
)
def test_image(  # noqa: PLR0917 - Invoke's flags
    _context: Context,
    image: str = "",
    env_file: str = "",
    pytest: str = "",
    strict: bool = False,
    import_timeout: str = "",
    parse_budget: str = "",
    junit: str = "",
    json: bool = False,
) -> None:
    """Import every DAG inside the built image: no network, read-only, no database."""
    flags = {"env_file": env_file, "strict": strict, "import_timeout": import_timeout, "parse_budget": parse_budget}

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.verify import report

        found = pipeline.test_image(project, image=image, pytest_path=Path(pytest) if pytest else None)
        report.show(project.console, found)
        if junit:
            report.write_junit(Path(junit), found)
        return found.model_dump(mode="json")

    run(json, flags, act)


@task(help=explained("image", "untested", "json"))
def push(_context: Context, image: str = "", untested: bool = False, json: bool = False) -> None:
    """Push the tested image; the registry's digest is the result."""

    def act(project: "Project") -> dict[str, Any]:
        from dagship import pipeline
        from dagship.reference import Reference

        pushed = pipeline.push(project, image=image, untested=untested)
        pinned = Reference.parse(pushed.reference).pinned(pushed.digest)
        project.console.summary(
            {"pushed": pushed.reference, "digest": pushed.digest, "look inside": f"docker run --rm -it {pinned} bash"}
        )
        return pushed.model_dump(mode="json")

    run(json, {}, act)
