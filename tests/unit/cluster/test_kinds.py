"""Where the API has each kind of object."""

from dagship.cluster.kinds import RESOURCES, cron_jobs


def test_a_path_begins_with_the_group_the_version_and_the_namespace() -> None:
    assert RESOURCES["Pod"].path("prod") == "/api/v1/namespaces/prod/pods"
    assert RESOURCES["Deployment"].path("prod", "a", "scale") == ("/apis/apps/v1/namespaces/prod/deployments/a/scale")


def test_what_lives_in_no_namespace_has_none_in_its_path() -> None:
    assert RESOURCES["Node"].path("prod", "n") == "/api/v1/nodes/n"


def test_a_name_is_one_part_of_a_path_whatever_it_holds() -> None:
    assert RESOURCES["Pod"].path("a/b", "../c") == "/api/v1/namespaces/a%2Fb/pods/..%2Fc"


def test_cron_jobs_are_where_the_server_has_them() -> None:
    assert cron_jobs({"resources": [{"name": "jobs"}, {"name": "cronjobs"}]}).version == "batch/v1"
    assert cron_jobs({"resources": [{"name": "jobs"}]}).version == "batch/v1beta1"
    assert cron_jobs({}).version == "batch/v1beta1"
