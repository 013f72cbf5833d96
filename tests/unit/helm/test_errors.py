"""What helm says, as Helm 4.1.4 and 3.17.1 printed it, and what comes of it."""

import pytest

from dagship.errors import DagshipError, OutsideError, Refused, UsageError
from dagship.helm.errors import error

HEAD = "values don't meet the specifications of the schema(s) in the following chart(s):\nairflow:\n"


def said(stderr: str, what: str = "install airflow") -> DagshipError:
    return error(stderr, what, "prod")


def test_what_the_chart_itself_refuses_is_its_own_sentence() -> None:
    wrong = said(
        "Error: UPGRADE FAILED: execution error at (airflow/templates/checks.yaml:21:4): The Secret db is not in the "
        "namespace prod; database.secret names it.\n\nUse --debug flag to render out invalid YAML\n"
    )

    assert isinstance(wrong, UsageError)
    assert wrong.message == "The Secret db is not in the namespace prod; database.secret names it."


@pytest.mark.parametrize(
    ("stderr", "kind", "part"),
    [
        (
            ('Error: kubernetes cluster unreachable: Get "http://127.0.0.1:9/version": dial tcp 127.0.0.1:9: connect: '
            "connection refused"),
            OutsideError,
            "helm cannot install airflow: kubernetes cluster unreachable",
        ),
        (
            "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            Refused,
            "Another helm is at the release in prod",
        ),
        (
            ("Error: failed to parse /x/bad.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node "
            "content"),
            UsageError,
            "did not find expected node content",
        ),
        (
            ('Error: airflow/templates/b.yaml:1:10\n  executing "airflow/templates/b.yaml" at <.Values.nope.deep>:\n'
            "    nil pointer evaluating interface {}.deep\n\nUse --debug flag to render out invalid YAML"),
            UsageError,
            "nil pointer evaluating interface {}.deep",
        ),
        (
            ('Error: UPGRADE FAILED: conflict occurred while applying object prod/airflow-worker apps/v1, '
            'Kind=StatefulSet: Apply failed with 1 conflict: conflict with "kubectl-set" using apps/v1: '
            '.spec.template.spec.containers[name="worker"].image'),
            Refused,
            'conflict with "kubectl-set"',
        ),
        ("", OutsideError, "it does not say why"),
    ],
)  # fmt: skip
def test_a_failure_is_of_a_kind_and_names_its_cause(stderr: str, kind: type[DagshipError], part: str) -> None:
    failed = said(stderr)

    assert type(failed) is kind
    assert part in failed.message
    assert "\n" not in failed.message


def test_who_has_a_release_can_be_found_out() -> None:
    refused = said("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress")

    assert "helm history airflow" in refused.hint


def test_no_advice_takes_a_running_release_or_its_data_away() -> None:
    busy = said("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress")
    taken = said(
        'Error: Secret "airflow-keys" exists and cannot be imported into the current release: invalid ownership'
    )

    assert busy.hint.endswith(
        "helm rollback airflow --namespace prod ends an upgrade that was cut off; helm uninstall airflow is for a first "
        "install alone."
    )
    assert "what holds data, must not be taken away" in taken.hint


def test_no_password_of_a_value_is_told() -> None:
    text = f"Error: {HEAD}- at '/dags/git/url': 'https://me:hun/ter2@git.example/x' does not match pattern '^ssh:'"

    assert "hun" not in said(text).message
    assert "https://***@git.example/x" in said(text).message


@pytest.mark.parametrize(
    ("stderr", "hint"),
    [
        (
            (
                'Error: Internal error occurred: failed calling webhook "check.acme.io": Post "https://check.acme.svc:443/": '
                "dial tcp 10.0.0.1:443: connect: connection refused"
            ),
            "The API server was reached",
        ),
        (
            "Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
            "Log in to the cluster again",
        ),
        (
            (
                'Error: Kubernetes cluster unreachable: Get "https://127.0.0.1:9/version": getting credentials: exec: '
                "executable gke-gcloud-auth-plugin not found"
            ),
            "Log in to the cluster again",
        ),
        (
            (
                'Error: Kubernetes cluster unreachable: Get "https://127.0.0.1:9/version": tls: failed to verify certificate: '
                "x509: certificate signed by unknown authority"
            ),
            "certificate-authority",
        ),
        (
            (
                'Error: create: failed to create: namespaces is forbidden: User "ci" cannot create resource "namespaces" in '
                'API group "" at the cluster scope'
            ),
            "Have somebody who may make the namespace",
        ),
    ],
)
def test_a_cluster_that_answers_is_not_said_to_be_out_of_reach(stderr: str, hint: str) -> None:
    failed = said(stderr)

    assert failed.exit_code == 3
    assert hint in failed.hint
    assert "can be reached from here" not in failed.hint


def test_what_ends_an_upgrade_that_was_cut_off_names_the_namespace() -> None:
    busy = said("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress")

    assert "helm history airflow --namespace prod" in busy.hint
    assert "helm rollback airflow --namespace prod" in busy.hint
