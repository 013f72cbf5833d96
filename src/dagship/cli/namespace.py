"""The Invoke tasks. Heavy packages are imported when a task runs, so that `invoke --list` stays quick."""

from invoke import Collection

from dagship.cli.chart import install, uninstall
from dagship.cli.cluster import deploy, rollback, rollout, status
from dagship.cli.diff import diff
from dagship.cli.image import base, build, dev, lock, push, test_image
from dagship.cli.registry import prune
from dagship.cli.repository import init

namespace = Collection(
    "dagship",
    init,
    base,
    lock,
    build,
    test_image,
    dev,
    diff,
    push,
    rollout,
    rollback,
    status,
    deploy,
    install,
    uninstall,
    prune,
)
