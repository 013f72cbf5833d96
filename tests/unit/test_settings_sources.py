"""Settings: which source wins, and what is refused."""

from pathlib import Path

import pytest

from dagship import settings_sources
from dagship.errors import UsageError
from dagship.settings import Settings


def load(root: Path, **flags: object) -> Settings:
    return settings_sources.load(root, flags)


def refusal(root: Path, **flags: object) -> UsageError:
    with pytest.raises(UsageError) as refused:
        load(root, **flags)
    return refused.value


def test_flags_beat_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = load(tmp_path).repository
    (tmp_path / "dagship.toml").write_text('repository = "from/file"')
    from_file = load(tmp_path).repository
    monkeypatch.setenv("DAGSHIP_REPOSITORY", "from/environment")
    from_environment = load(tmp_path).repository

    assert (default, from_file, from_environment) == ("dagship/airflow", "from/file", "from/environment")
    assert load(tmp_path, repository="from/flag").repository == "from/flag"


def test_flags_that_were_not_given_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "dagship.toml").write_text("strict = true")

    assert load(tmp_path, strict=False, repository="", base=None).strict


def test_pyproject_serves_as_well(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.dagship]\nplatform = ["linux/amd64"]\n')

    assert load(tmp_path).platform == ("linux/amd64",)


def test_a_pyproject_of_others_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')

    assert load(tmp_path).platform == ()


def test_a_typing_error_in_a_file_is_refused_with_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "dagship.toml").write_text('repositori = "a"')

    refused = refusal(tmp_path)

    assert "'repositori' is not a setting" in refused.message
    assert "repository" in refused.hint


def test_a_typing_error_in_the_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSHIP_PLATFROM", "linux/amd64")

    refused = refusal(tmp_path)

    assert "DAGSHIP_PLATFROM" in refused.message
    assert "DAGSHIP_PLATFORM" in refused.hint


# Of the Services dagship and dagship-api-server, as a kubelet sets them.
OF_SERVICES = {
    "DAGSHIP_SERVICE_HOST": "10.96.0.17",
    "DAGSHIP_SERVICE_PORT": "80",
    "DAGSHIP_SERVICE_PORT_HTTP": "80",
    "DAGSHIP_PORT": "tcp://10.96.0.17:80",
    "DAGSHIP_PORT_80_TCP": "tcp://10.96.0.17:80",
    "DAGSHIP_PORT_80_TCP_PROTO": "tcp",
    "DAGSHIP_PORT_80_TCP_PORT": "80",
    "DAGSHIP_PORT_80_TCP_ADDR": "10.96.0.17",
    "DAGSHIP_API_SERVER_SERVICE_HOST": "fd00::17",
    "DAGSHIP_API_SERVER_SERVICE_PORT_API": "8080",
    "DAGSHIP_API_SERVER_PORT": "udp://[fd00::17]:8080",
    "DAGSHIP_API_SERVER_PORT_8080_UDP_ADDR": "fd00::17",
}


OWN = {"DAGSHIP_SYNC_URL": "https://git.example/dags", "DAGSHIP_SYNC_ROOT": "/dags", "DAGSHIP_DAG_VERSION": "a" * 12}


@pytest.mark.parametrize(("name", "value"), [*OF_SERVICES.items(), *OWN.items()])
def test_what_a_pod_has_of_services_and_of_a_git_sync_is_no_typing_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert load(tmp_path).repository == "dagship/airflow"


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("DAGSHIP_REPOSITRY", "a", "DAGSHIP_REPOSITORY"),
        ("DAGSHIP_NAMESPASE", "a", "DAGSHIP_NAMESPACE"),
        # Of no Service: the value is none that Kubernetes would write.
        ("DAGSHIP_PORT", "8080", "settings.md"),
        ("DAGSHIP_SERVICE_HOST", "registry.example", "settings.md"),
        ("DAGSHIP_SYNCH_URL", "a", "settings.md"),
    ],
)
def test_a_typing_error_beside_them_is_still_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, meant: str
) -> None:
    for known, said in OF_SERVICES.items():
        monkeypatch.setenv(known, said)
    monkeypatch.setenv(name, value)
    refused = refusal(tmp_path)

    assert name in refused.message
    assert meant in refused.hint


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dagship.toml").write_text("= 3")

    assert "cannot be read" in refusal(tmp_path).message


@pytest.mark.parametrize("text", ["[tool]\ndagship = 3", "tool = 3", "[[tool.dagship]]\ndags = 'x'", "tool = []"])
def test_a_table_of_settings_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert "is not a table." in refusal(tmp_path).message


@pytest.mark.parametrize("name", ["dagship.toml", "pyproject.toml"])
def test_brackets_without_end_are_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"x = {'[' * 6000}")

    assert "nested too deep" in refusal(tmp_path).message


OUTSIDE = [
    ("ca_cert", '"/etc/ssl/certs/ca.pem"'),
    ("pip_conf", '"../pip.conf"'),
    ("env_file", '"/root/.netrc"'),
    ("requirements", '"~/../../.netrc"'),
    ("constraints", '"/root/.netrc"'),
    ("dags", '"../../.ssh"'),
    ("values", '["chart.yaml", "/root/values.yaml"]'),
    ("cache_to", '["type=registry,ref=a/b", "type=local,dest=/root/.cache"]'),
    ("cache_from", '"type=local,src=../cache"'),
    ("cache_to", '["type=local,DEST=/etc/outside"]'),
    ("cache_from", """'type=local," Src =../cache"'"""),
]


@pytest.mark.parametrize(("name", "value"), OUTSIDE)
def test_a_file_of_the_project_names_nothing_outside_of_it(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "dagship.toml").write_text(f"{name} = {value}")
    refused = refusal(tmp_path)

    assert f"have {name} lead out of the project" in refused.message
    assert f"DAGSHIP_{name.upper()}" in refused.hint


def test_flags_and_environment_may_name_what_is_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagship.toml").write_text('ca_cert = "/etc/in-file.pem"\nenv_file = "/etc/in-file"')
    monkeypatch.setenv("DAGSHIP_CA_CERT", "/etc/ca.pem")

    assert Path("/etc/ca.pem") == load(tmp_path, env_file="../test.env").ca_cert


@pytest.mark.parametrize("given", [{}, {"requirements": "requirements/dags.txt"}])
def test_a_link_out_of_the_project_is_refused_whoever_names_it(tmp_path: Path, given: dict[str, str]) -> None:
    project = tmp_path / "project"
    (project / "requirements").mkdir(parents=True)
    (tmp_path / "netrc").write_text("machine")
    (project / "requirements" / "dags.txt").symlink_to("../../netrc")

    assert "A link leads requirements/dags.txt out of the project." == refusal(project, **given).message


def test_a_link_within_the_project_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.txt").symlink_to("a.txt")
    (tmp_path / "dagship.toml").write_text('requirements = "b.txt"')

    assert Path("b.txt") == load(tmp_path).requirements


@pytest.mark.parametrize("name", ["airflow_url", "airflow_token"])
def test_where_a_token_goes_and_what_it_is_no_file_of_the_project_says(tmp_path: Path, name: str) -> None:
    secret = "https://s3cr3t-of-a-test.example.com"
    (tmp_path / "dagship.toml").write_text(f'{name} = "{secret}"')
    refused = refusal(tmp_path)

    assert f"{name} stands in a file of the project" in refused.message
    assert f"DAGSHIP_{name.upper()}" in refused.hint
    assert secret not in f"{refused.message} {refused.hint} {refused.detail}"


def test_a_token_without_an_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSHIP_AIRFLOW_TOKEN", "s3cr3t-of-a-test")

    assert "DAGSHIP_AIRFLOW_URL" in refusal(tmp_path).hint


def test_a_token_that_ci_leaves_empty_is_none_and_a_wrong_one_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSHIP_AIRFLOW_URL", "https://airflow.example.com/")
    monkeypatch.setenv("DAGSHIP_AIRFLOW_TOKEN", "")
    assert None is load(tmp_path).airflow_token
    assert "https://airflow.example.com" == load(tmp_path).airflow_url

    monkeypatch.setenv("DAGSHIP_AIRFLOW_TOKEN", "s3cr3t of a test")
    refused = refusal(tmp_path)
    assert "airflow_token" in refused.message
    assert "s3cr3t" not in f"{refused.message} {refused.hint} {refused.detail}"


@pytest.mark.parametrize("value", ['"s3cr3t-of-a-test"', "[1]"])
def test_an_address_that_is_none_is_one_sentence(tmp_path: Path, value: str) -> None:
    (tmp_path / "dagship.toml").write_text(f"airflow_url = {value}")

    assert "airflow_url" in refusal(tmp_path).message
