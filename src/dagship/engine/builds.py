"""Builds, through the `docker` command.

docker-py cannot drive BuildKit (docker/docker-py#2230), so they go through `docker buildx build`.
"""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dagship import process
from dagship.engine import diagnosis

# buildx runs git in the context, which then looks for a repository upwards from there.
_NO_GIT = {"BUILDX_GIT_INFO": "false", "BUILDX_GIT_LABELS": "false"}


@dataclass(frozen=True, kw_only=True)
class Build:
    """One call of `docker buildx build`.

    Attributes:
        context: Build context directory.
        dockerfile: Path of the Dockerfile.
        target: Stage to build, empty for the last.
        tag: Reference to give the result, empty for none.
        build_args: `ARG` values; not for secrets.
        labels: Labels.
        secrets: Secret id to the file that holds it.
        contexts: Named contexts, name to a directory or an image.
        outputs: Values of `--output`.
        platforms: `os/architecture`, empty for the engine's own.
        builder: Builder, empty for the current one.
        cache_from: Values of `--cache-from`.
        cache_to: Values of `--cache-to`.
        no_cache: Whether every step runs again.

    """

    context: Path
    dockerfile: Path
    target: str = ""
    tag: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    builder: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    no_cache: bool = False


def fields(*parts: str) -> str:
    """Returns what buildx reads as a line of CSV: a comma in a path does not end it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(parts)
    return line.getvalue()


def buildx_argv(build: Build, metadata: Path) -> list[str]:
    """Returns the command for a build; the builder writes what it made to `metadata`."""
    argv = ["docker", "buildx", "build", "--progress=plain", "--provenance=false", f"--metadata-file={metadata}"]
    argv += [f"--file={build.dockerfile}"]
    for option, value in (("target", build.target), ("tag", build.tag), ("builder", build.builder)):
        argv += [f"--{option}={value}"] if value else []
    argv += [f"--platform={','.join(build.platforms)}"] if build.platforms else []
    argv += [f"--build-arg={name}={value}" for name, value in build.build_args.items()]
    argv += [f"--label={name}={value}" for name, value in build.labels.items()]
    argv += ["--secret=" + fields(f"id={name}", f"src={path}") for name, path in build.secrets.items()]
    argv += [f"--build-context={name}={value}" for name, value in build.contexts.items()]
    argv += [f"--output={value}" for value in build.outputs]
    argv += [f"--cache-from={value}" for value in build.cache_from]
    argv += [f"--cache-to={value}" for value in build.cache_to]
    argv += ["--no-cache"] if build.no_cache else []
    return [*argv, "--", str(build.context)]


@dataclass(frozen=True, kw_only=True)
class Built:
    """The result of a build.

    Attributes:
        digest: Digest of the manifest or index that was exported, empty when no image was.
        config: Digest of the image's configuration, which is the id in an engine with a store of the older kind.
        log: BuildKit's plain progress.

    """

    digest: str
    config: str
    log: str


def build(request: Build, on_line: Callable[[str], None] | None = None) -> Built:
    """Builds.

    Raises:
        OutsideError: The engine refused or the build failed; the message names the cause where it is known.

    """
    with tempfile.TemporaryDirectory(prefix="dagship-") as scratch:
        metadata = Path(scratch, "metadata.json")
        finished = process.run(buildx_argv(request, metadata), env=_NO_GIT, on_line=on_line)
        if finished.code != 0:
            raise diagnosis.of_build(finished.stderr)
        made = json.loads(metadata.read_text("utf-8")) if metadata.exists() else {}
    return Built(
        digest=str(made.get("containerimage.digest", "")),
        config=str(made.get("containerimage.config.digest", "")),
        log=finished.stderr,
    )
