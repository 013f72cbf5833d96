"""Git delivery whose dag-processor does not begin anew with a commit: the third control."""

import time
from dataclasses import replace

from tests.e2e.conftest import repository
from tests.e2e.git_server import GitServer
from tests.e2e.releases import BRIDGE, Release
from tests.e2e.soak.by_dagship import Dagship
from tests.e2e.soak.by_image import built
from tests.e2e.soak.dagfiles import files
from tests.e2e.soak.deliveries import OF_ALL, Delivery, Project
from tests.e2e.soak.evidence import Delivered

INTERVAL = 10
# As git delivery was before: no parse is ended at a switch, and none of what is queued is dropped. In no other image.
_AS_BEFORE = """FROM {image}
USER 0
RUN at=$(python -c 'from dagship_versions.dag_processor import parsing; print(parsing.__file__)') \\
    && printf '\\n\\ndef begin_anew(*_, **__):\\n    pass\\n' >>"$at" && rm -rf "${{at%/*}}/__pycache__"
USER 50000
"""


class GitAsBefore(Delivery):
    """A push, which each component's sync fetches; what is parsed meanwhile is stored as the new commit."""

    what = "git delivery without what keeps parses of two commits apart"

    def __init__(self, release: Release, project: Project) -> None:
        super().__init__(release, project)
        self._server = GitServer(project.directory, BRIDGE)

    def install(self) -> None:
        """Installs with an image of dagship from which that is taken."""
        where = self.project.directory / "image"
        where.mkdir()
        repository(where, self.project.base, **files(1, self.project.shapes))
        image = Dagship(self.release, replace(self.project, directory=where)).image(1)
        tag = f"{self.release.kubectl.namespace}-git"
        repo, digest = built(where, _AS_BEFORE.format(image=image), tag).split("@")
        self._commit(1)
        self._server.start()
        self._installed(
            {
                "image": {"repository": repo, "digest": digest},
                "dags": self._server.delivers("git", INTERVAL),
                **OF_ALL,
            }
        )

    def deliver(self, number: int) -> Delivered:
        """Pushes a commit; components take it in their own time."""
        began = time.time()
        self._commit(number)
        return Delivered(number=number, began=began, ended=time.time(), what="pushed")

    def gone(self) -> None:
        """Ends the server."""
        self._server.stop()

    def _commit(self, number: int) -> None:
        self.numbers[self._server.commit(**files(number, self.project.shapes))] = number
        self._server.push()
