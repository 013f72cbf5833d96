"""One sentence for each kind of finding and notice: the rules of SARIF, and what the pages say of them.

docs/reference/findings.md has the whole of what a test finds.
"""

OF_FINDINGS: dict[str, str] = {
    "airflow-broken": "Airflow itself does not start in the image, or cannot list the DAG files.",
    "airflow-moved": "The image runs another Airflow than its base.",
    "crashed": "The process that imported the file died, or the test ended without a report.",
    "cycle": "Tasks of a DAG wait for one another in a circle.",
    "deprecation": "The file uses what Airflow or a library will remove.",
    "duplicate-dag-id": "Two DAGs have the same id, and Airflow runs now this and now that one.",
    "hidden-include": "What is included is never imported, since Python finds another of its name first.",
    "import-error": "The file, or a module that it imports, cannot be imported.",
    "lost-dag": "The file makes a DAG that Airflow does not see.",
    "missing-connection": "A Connection is read at import that is not there.",
    "missing-variable": "A Variable is read at import that is not there.",
    "network-access": "The file reaches for a host at import.",
    "no-dags": "No file of the tree defines a DAG.",
    "no-tests": "pytest found no test.",
    "not-serializable": "A DAG cannot be written as JSON, which is how the scheduler knows it.",
    "pip-check": "Installed packages do not fit one another.",
    "plugin-error": "A file of the plugins folder cannot be loaded.",
    "slow": "Importing the file takes longer than parse_budget allows.",
    "test-failed": "One of the user's own tests failed.",
    "timeout": "An import did not end within its limit.",
    "varying-value": "A value of a DAG is another at each parse, and makes a new version of the DAG each time.",
}

OF_NOTICES: dict[str, str] = {
    "runs-at-once": "A DAG makes up for runs as soon as it is there and not paused.",
    "dag-removed": "A DAG goes.",
    "unfinished-runs": "Runs that are under way meet the change.",
    "pool-missing": "Tasks name a pool that is not there.",
    "queue-missing": "Tasks name a queue that no worker listens to.",
    "dag-renamed": "A DAG has another id: its history stays with the old one.",
    "schedule-changed": "Runs of a DAG are made at other times.",
    "varying-value": OF_FINDINGS["varying-value"],
    "not-compared": "Something could not be compared.",
}

SENTENCES = {**OF_NOTICES, **OF_FINDINGS}
