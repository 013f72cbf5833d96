"""What each setting may say, and what is refused."""

from pathlib import Path

import pytest

from dagship.errors import UsageError
from dagship.settings import Settings
from dagship.settings_sources import load as read


def load(root: Path, **flags: object) -> Settings:
    return read(root, flags)


@pytest.fixture
def authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A file for each variable by which a machine says whom to trust; all of them set."""
    files = {name: tmp_path / f"{name}.pem" for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    monkeypatch.delenv("DAGSHIP_CA_CERT", raising=False)
    for name, path in files.items():
        path.touch()
        monkeypatch.setenv(name, str(path))
    return files


def test_the_authorities_are_those_that_the_machine_trusts_and_pips_own_come_first(
    tmp_path: Path, authorities: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        assert load(tmp_path).authorities == authorities[name]
        monkeypatch.delenv(name)
    assert load(tmp_path).authorities is None


def test_a_setting_wins_over_what_the_machine_trusts(tmp_path: Path, authorities: dict[str, Path]) -> None:
    (tmp_path / "dagship.toml").write_text('ca_cert = "ours.pem"')

    assert load(tmp_path).authorities == Path("ours.pem")


def test_a_file_of_authorities_that_is_not_there_is_not_taken(
    tmp_path: Path, authorities: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities["PIP_CERT"].unlink()

    assert load(tmp_path).authorities == authorities["SSL_CERT_FILE"]


def test_a_list_is_one_text_with_commas_or_an_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSHIP_SYSTEM_PACKAGES", "git, libpq5 ,")

    assert load(tmp_path).system_packages == ("git", "libpq5")


def test_values_files_are_a_list_of_paths(tmp_path: Path) -> None:
    (tmp_path / "dagship.toml").write_text('values = ["a,b.yaml"]')

    assert load(tmp_path).values == (Path("a,b.yaml"),)
    assert load(tmp_path, values="a.yaml, b.yaml").values == (Path("a.yaml"), Path("b.yaml"))


def test_a_cache_keeps_its_commas(tmp_path: Path) -> None:
    assert load(tmp_path, cache_from="type=registry,ref=a/b").cache_from == ("type=registry,ref=a/b",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("repository", "a:1"),
        ("repository", "A"),
        ("base", "a b"),
        ("airflow", "latest"),
        ("airflow", "3.3.2; x"),
        ("extras", "celery]; evil"),
        ("system_packages", "git; rm -rf /"),
        ("system_packages", "-o=x"),
        ("system_packages", "git\nRUN evil"),
        ("platform", "linux"),
        ("builder", "--x"),
        ("source_packages", "a b"),
        ("parse_budget", "0"),
        ("import_timeout", "soon"),
        ("max_file_size", "-1"),
        ("release", "Airflow"),
        ("release", "--all"),
        ("release", "a.b"),
        ("release", "a" * 54),
        ("cache_to", "type=s3,secret_access_key=x"),
        ("view_url_template", "https://github.com/acme/dags"),
        ("view_url_template", "javascript:alert({version})"),
        ("view_url_template", "https://github.com/acme/{commit}/{version}"),
        ("view_url_template", "https://github.com/{version.__class__}/{version}"),
        ("view_url_template", "https://acme:hunter2@github.com/acme/{version}"),
        ("view_url_template", "https://github.com/acme/{version}\nRUN evil"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(tmp_path, **{name: value})

    assert "\n" not in refused.value.message.replace(value, "")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "page",
    [
        "https://github.com/acme/dags/tree/dags-{version}",
        "http://git.acme.example:8080/data/dags?at=refs%2Ftags%2Fdags-{version}#files",
        "https://dev.azure.com/acme/data/_git/dags?version=GTdags-{version}",
    ],
)
def test_the_page_of_a_version_is_an_address_with_the_version_in_it(tmp_path: Path, page: str) -> None:
    assert load(tmp_path, view_url_template=page).view_url_template == page


def test_credentials_in_an_index_do_not_show(tmp_path: Path) -> None:
    loaded = load(tmp_path, index_url="https://user:hunter2@example.com/simple")

    assert "hunter2" not in repr(loaded)


def test_a_command_is_a_list_of_words_and_a_variable_gives_it_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagship.toml").write_text('prepare = [["dbt", "parse"], ["sh", "-c", "a; b, c\\nd"]]')

    assert load(tmp_path).prepare == (("dbt", "parse"), ("sh", "-c", "a; b, c\nd"))
    monkeypatch.setenv("DAGSHIP_PREPARE", '[["echo", "a,b"]]')
    assert load(tmp_path).prepare == (("echo", "a,b"),)
    monkeypatch.setenv("DAGSHIP_PREPARE", "")
    assert load(tmp_path).prepare == ()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('"dbt parse"', "'dbt parse' is no command"),
        ('["dbt parse"]', "'dbt parse' is no command"),
        ('["dbt", "parse"]', "'dbt' is no command"),
        ("3", "3 is no command"),
        ("[[]]", "a command has no program"),
        ('[["", "x"]]', "a command has no program"),
        ('[["dbt", 1]]', "valid string"),
        ('[["dbt", "\\u0000"]]', "no program can be given"),
    ],
)
def test_a_text_never_becomes_a_command_and_a_command_never_a_shell(tmp_path: Path, written: str, says: str) -> None:
    (tmp_path / "dagship.toml").write_text(f"prepare = {written}")

    with pytest.raises(UsageError, match=says):
        load(tmp_path)


@pytest.mark.parametrize("given", ["dbt parse", '[["dbt"', '["dbt"]', '[["\\ud800"]]', "[" * 100_000])
def test_a_variable_that_is_no_list_of_commands_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("DAGSHIP_PREPARE", given)

    with pytest.raises(UsageError):
        load(tmp_path)
