"""The kinds of objects that run Airflow, and the roles they have there. Pure."""

from typing import Literal

Kind = Literal["StatefulSet", "Deployment", "CronJob", "ConfigMap"]


# What is watched after its template changed; the other kinds take effect by themselves.
WATCHED: tuple[Kind, ...] = ("StatefulSet", "Deployment")


Role = Literal[
    "worker", "triggerer", "scheduler", "api-server", "webserver", "dag-processor", "cronjob", "pod-template", "other"
]
