"""Finds the package of a Python module, and tells how it gets into the image. Pure."""

# Providers whose name has two parts; of the others the first part is the provider, and the rest lies in it.
# https://airflow.apache.org/docs/#providers-packages-docs-apache-airflow-providers-index-html
_FAMILIES = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "ibm", "microsoft"})


def package_hint(module: str) -> str:
    """Returns how a module that is missing gets into the image.

    Args:
        module: Its whole name, `airflow.providers.amazon.aws.hooks.s3`.

    """
    package, *below = module.split(".")
    if package != "airflow":
        return (
            f"Add the package that has {package!r} to the requirements, lock and build again; or the missing file: "
            "what lies beside the DAG directory takes the setting include."
        )
    if below[:1] != ["providers"]:
        return "This Airflow has no such module: it was removed, or moved to a provider."
    provider = provider_of(module)
    if not provider:
        return "Add the provider that it is in to the requirements, lock and build again."
    name = "-".join(provider.split(".")[2:])
    return f"Add apache-airflow-providers-{name} to the requirements, lock and build again."


def provider_of(module: str) -> str:
    """Returns the provider that a module of Airflow lies in, `airflow.providers.amazon`; empty where it names none."""
    airflow, *below = module.split(".")
    if airflow != "airflow" or below[:1] != ["providers"] or len(below) == 1:
        return ""
    return ".".join((airflow, *below[: 3 if below[1] in _FAMILIES else 2]))
