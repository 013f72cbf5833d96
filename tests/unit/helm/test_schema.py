"""What Helm says of values that the chart's schema does not allow, in sentences."""

import pytest

from dagship.errors import DagshipError, UsageError
from dagship.helm.errors import error

HEAD = "values don't meet the specifications of the schema(s) in the following chart(s):\nairflow:\n"
FOUR = f"""Error: {HEAD}- at '/replicas': got string, want integer
- at '/executor': value must be one of 'CeleryExecutor', 'LocalExecutor'
- at '/image/digest': 'abc' does not match pattern '^$|^sha256:[0-9a-f]{{64}}$'
- at '/dags': missing property 'git'
- at '': additional properties 'foo', 'bar' not allowed

"""
THREE = f"""WARNING: Kubernetes configuration file is group-readable. This is insecure. Location: /root/.kube/config
Error: UPGRADE FAILED: {HEAD}- (root): Additional property foo is not allowed
- replicas: Invalid type. Expected: integer, given: string
- dags: Must validate "then" as "if" was valid
- dags: git is required
- image.digest: Does not match pattern '^$|^sha256:[0-9a-f]{{64}}$'
- executor: executor must be one of the following: "CeleryExecutor", "LocalExecutor"

"""


def said(stderr: str, what: str = "install airflow") -> DagshipError:
    return error(stderr, what, "prod")


def test_each_wrong_value_is_a_sentence() -> None:
    wrong = said(FOUR)

    assert isinstance(wrong, UsageError)
    assert wrong.message == (
        "foo, bar are not values of the chart. dags.git must be given. "
        "executor must be one of 'CeleryExecutor', 'LocalExecutor'. "
        "image.digest: 'abc' does not match pattern '^$|^sha256:[0-9a-f]{64}$'. "
        "replicas must be an integer, and is a string."
    )


def test_helm_3_says_it_in_other_words() -> None:
    assert said(THREE).message == (
        "foo is not a value of the chart. dags.git must be given. "
        "executor must be one of 'CeleryExecutor', 'LocalExecutor'. "
        "image.digest: Does not match pattern '^$|^sha256:[0-9a-f]{64}$'. "
        "replicas must be an integer, and is a string."
    )


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ("- at '/replicas': minimum: got -1, want 0", "replicas must be at least 0."),
        ("- replicas: Must be greater than or equal to 0", "replicas must be at least 0."),
        ("- at '/dags/git': additional properties 'brunch' not allowed", "dags.git.brunch is not a value of the chart."),
        (
            ("- at '/dags/git': 'oneOf' failed, none matched\n"
            "  - at '/dags/git': got object, want null\n  - at '/dags/git': missing property 'url'"),
            "dags.git must be null, and is an object. dags.git.url must be given.",
        ),
        ("- at '/a~1b': 'not' failed", "a/b: 'not' failed."),
        ("- at '/dags/git': 'allOf' failed", "dags.git: 'allOf' failed."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(items: str, sentence: str) -> None:
    assert said(f"Error: {HEAD}{items}\n").message == sentence
