"""Which package has a Python module."""

import pytest

from dagship import modules


@pytest.mark.parametrize(
    ("module", "provider"),
    [
        ("airflow.providers.amazon.aws.hooks.s3", "airflow.providers.amazon"),
        ("airflow.providers.apache.kafka.hooks", "airflow.providers.apache.kafka"),
        ("airflow.providers.apache", "airflow.providers.apache"),
        ("airflow.providers", ""),
        ("airflow.models", ""),
        ("pandas.providers.amazon", ""),
    ],
)
def test_the_provider_of_a_module_is_its_first_part_or_two_in_a_family(module: str, provider: str) -> None:
    assert modules.provider_of(module) == provider


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("pandas.io", "the package that has 'pandas'"),
        ("airflow.providers.amazon.aws.nope", "Add apache-airflow-providers-amazon to"),
        ("airflow.providers.cncf.kubernetes.hooks", "Add apache-airflow-providers-cncf-kubernetes to"),
        ("airflow.providers", "Add the provider that it is in"),
        ("airflow.contrib.hooks", "no such module"),
    ],
)
def test_what_to_add_follows_from_the_modules_name(module: str, advice: str) -> None:
    assert advice in modules.package_hint(module)
