"""Files replaced in place: the second control."""

import time

from tests.e2e.soak.dagfiles import files
from tests.e2e.soak.deliveries import Delivery
from tests.e2e.soak.evidence import Delivered


class InPlace(Delivery):
    """DAG files replaced on a volume that all components share, as git-sync does; no pod moves."""

    what = "DAG files replaced in place"

    def install(self) -> None:
        """Installs the base image, with a volume of this machine at the DAGs folder."""
        folder = self.project.directory / "dags"
        folder.mkdir()
        self.project.write(1)
        kubectl = self.release.kubectl
        claim = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
        kubectl.apply(
            {
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": self._volume},
                "spec": {
                    **claim, "capacity": {"storage": "1Gi"}, "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": str(folder)},
                    "claimRef": {"namespace": kubectl.namespace, "name": "soak-dags"},
                },
            },
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "soak-dags"},
                "spec": {**claim, "volumeName": self._volume, "resources": {"requests": {"storage": "1Gi"}}},
            },
        )  # fmt: skip
        self._installed({"dags": {"mode": "persistent", "persistent": {"claim": "soak-dags"}}})

    def deliver(self, number: int) -> Delivered:
        """Replaces each file whole: nothing ever reads half of one."""
        began = time.time()
        folder = self.project.directory / "dags"
        for name, text in files(number).items():
            beside = folder / f".{name}.new"
            beside.write_text(text, encoding="utf-8")
            beside.replace(folder / f"{name}.py")
        return Delivered(number=number, began=began, ended=time.time(), what="replaced")

    def gone(self) -> None:
        """Takes the volume away."""
        self.release.kubectl("delete", "persistentvolume", self._volume, "--wait=false", check=False)

    @property
    def _volume(self) -> str:
        return f"{self.release.kubectl.namespace}-soak-dags"
