"""The flags of the tasks, and what Invoke is told of them."""

import functools

from invoke import task as _invoke_task

# Shared by the tasks that have the flag. Defaults are those of settings.py; a test compares them.
HELP = {
    "airflow": "Version of Airflow (default 3.3.2)",
    "allow-airflow-change": "Roll out even though the image has another version of Airflow",
    "base": "Base image (default: the one `base` built, else apache/airflow:VERSION)",
    "builder": "buildx builder (default: the current one)",
    "ca-cert": "PEM bundle of authorities to trust in builds; travels as a secret",
    "cache-from": "BuildKit cache source, as type=registry,ref=REF",
    "cache-to": "BuildKit cache target, as type=registry,ref=REF",
    "check": "Change nothing; exit 1 and show a diff when the lock is stale",
    "constraints": "Constraints file (default: the packages of the release's day)",
    "context": "Context of the kubeconfig (default: the current one)",
    "dags": "Directory of DAGs (default dags)",
    "delete": "Delete the images that nothing refers to (default: only list them)",
    "delete-data": "Delete its claims and its keys too: the database, the logs, what opens them",
    "dry-run": "Show what would move, and ask the server, but change nothing",
    "env-file": "File of KEY=value lines: AIRFLOW_VAR_X, AIRFLOW_CONN_X",
    "extras": "Extras of Airflow, with commas (default: a set that runs on Kubernetes)",
    "force": "Build again what is there already, without caches",
    "force-ownership": "Take the image from another tool that owns it (Helm 4, Argo CD, Flux)",
    "from-image": "Repository whose place the image takes, for the first rollout",
    "hold-for-runs": "Airflow 2: let no run of a DAG that changes be under way meanwhile; seconds to wait for that",
    "ignore-runs": "Delete although an Airflow could not be asked which versions its unfinished runs need",
    "image": "Image reference instead of the one that the task before left",
    "import-timeout": "Limit for importing one DAG file, seconds (default 30)",
    "interrupt-tasks": "Roll out even where that kills running tasks, or leaves unfinished runs without their code",
    "json": "Print one JSON document on standard output",
    "junit": "Write a JUnit report to this file",
    "keep": "Newest images to keep, whatever refers to them (default 5)",
    "max-unavailable": "Worker pods of a StatefulSet that may be away at a time (default 1)",
    "namespace": "Kubernetes namespace (default: that of the context)",
    "no-undo": "On failure leave everything as it is, for inspection",
    "no-wait": "Refuse when another rollout is under way, instead of waiting for it",
    "keep-versions": "DAG versions in the image, the current one counted (default 5); those that runs need come on top",
    "parse-budget": "Time that one DAG file may take to parse, seconds (default 10)",
    "pip-conf": "pip.conf for package installs; travels as a secret",
    "places": "Further namespaces that run images of the repository, with commas, as CONTEXT/NAMESPACE",
    "platform": "Platforms, with commas, as linux/amd64 (default: the engine's own)",
    "previous": "Image whose DAG versions are kept (default: what the cluster runs, else what `push` left here)",
    "push": "Push it as well, straight from the builder",
    "pytest": "Run the tests in this file or directory inside the image as well",
    "release": "Name of the chart's release (default airflow)",
    "repository": "Repository of the image, without tag (default dagship/airflow)",
    "requirements": "Lock, .in or plain requirements file (default requirements/dags.txt)",
    "rollout-timeout": "Time a workload may stand still, seconds (default 600); a pod's grace period comes on top",
    "selector": "Label selector of the workloads to move, as release=airflow",
    "strict": "Warnings fail the test as well",
    "to": "Number of the release to go back to (default: the one before the last)",
    "undo": "Take back a rollout that was left half done",
    "untested": "Push it even though test-image did not pass on it",
    "upgrade": "Move every package to the newest version that fits",
    "upgrade-package": "Move only this package, or several with commas",
    "values": "Values files for the chart, with commas; where two say something, the later one counts",
    "wait-for-runs": "Wait for unfinished runs whose DAG version the image lacks, seconds (default: rollout-timeout)",
    "workloads": "Workloads to move, with commas, as statefulset/worker (default: all that run the image)",
    "yes": "Do not ask before data is deleted",
}


# Long flags alone: one letter for each of fourteen would be a riddle.
task = functools.partial(_invoke_task, auto_shortflags=False)


def explained(*names: str) -> dict[str, str]:
    """Returns what Invoke shows for these flags."""
    return {name: HELP[name] for name in names}
