"""The Invoke tasks. Heavy packages are imported when a task runs, so that `invoke --list` stays quick."""

from invoke import Collection

from dagship.tasks.chart import install, uninstall
from dagship.tasks.cluster import deploy, rollback, rollout, status
from dagship.tasks.image import base, build, lock, push, test_image
from dagship.tasks.registry import prune

namespace = Collection(
    "dagship", base, lock, build, test_image, push, rollout, rollback, status, deploy, install, uninstall, prune
)
