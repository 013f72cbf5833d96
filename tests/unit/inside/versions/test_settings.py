"""What the environment of the sync may say."""

import subprocess

import pytest

from dagship.inside.versions.settings import Settings, WrongSettings, read

URL = "https://git.example.com/team/dags.git"


def of(**values: str) -> Settings:
    return read({f"DAGSHIP_SYNC_{name}": value for name, value in ({"URL": URL} | values).items()})


def test_defaults_are_what_the_documentation_says() -> None:
    found = of()

    assert ("/opt/airflow/dag-versions", 1, "", 60.0, 10, False, 300.0, "/etc/dagship/git") == (
        found.root, found.depth, found.subdirectory, found.interval, found.keep, found.hold, found.check_timeout,
        found.credentials,
    )  # fmt: skip
    assert ("HEAD", "HEAD") == (found.source, found.ref)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert of() == of(BRANCH="", TAG="", DEPTH="", INTERVAL="", HOLD="", ROOT="")


NAMES = [
    "main", "team/release-1", "v1.2.3", "ünïcode", "a@b", "@", "a.b", "-x", "--upload-pack=evil", "a..b", "a b", "a~1", "a^",
    "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a@{1}", "a\x07", "a\n", "HEAD",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["BRANCH", "TAG"])
def test_a_name_is_taken_if_git_would_take_it_and_it_is_no_option(name: str, kind: str) -> None:
    taken = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"]).returncode == 0

    if taken and name[0] != "-" and name != "@":
        assert name in of(**{kind: name}).source
    else:
        with pytest.raises(WrongSettings, match=f"DAGSHIP_SYNC_{kind} is .* which git does not allow as a name"):
            of(**{kind: name})


@pytest.mark.parametrize(
    ("url", "shown", "host"),
    [
        (URL, URL, "git.example.com"),
        ("ssh://git@git.example.com:2222/dags.git", "ssh://git.example.com:2222/dags.git", "git.example.com:2222"),
        ("git@git.example.com:team/dags.git", "git.example.com:team/dags.git", "git.example.com"),
        ("git.example.com:/srv/dags.git", "git.example.com:/srv/dags.git", "git.example.com"),
        ("git://git.example.com/dags.git", "git://git.example.com/dags.git", "git.example.com"),
        ("file:///srv/dags.git", "file:///srv/dags.git", ""),
        ("/srv/dags.git", "/srv/dags.git", ""),
    ],
)
def test_an_address_is_shown_without_its_user(url: str, shown: str, host: str) -> None:
    assert (shown, host) == (of(URL=url).shown_url, of(URL=url).host)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is not set"),
        ("--upload-pack=evil", "not the address"),
        ("https://git.example.com/a b", "not the address"),
        ("https://x/\ny", "not the address"),
        ("ext::sh", "neither a URL"),
        ("ftp://git.example.com/x", "none of https"),
        ("EXT://x/y", "none of https"),
        ("https://user:hunter2@git.example.com/x", "belong into the Secret"),
        ("https://ghp_hunter2@git.example.com/x", "belong into the Secret"),
        ("ssh://git:hunter2@git.example.com/x", "belongs into the Secret: ssh-privatekey"),
        ("git:hunter2@git.example.com:team/x", "belongs into the Secret: ssh-privatekey"),
        ("relative/path", "neither a URL"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_without_it(url: str, words: str) -> None:
    with pytest.raises(WrongSettings, match=words) as wrong:
        of(URL=url)

    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("value", ["dags", "dags/", "./team//dags", "a b"])
def test_a_subdirectory_is_a_path_below_the_top(value: str) -> None:
    assert of(SUBDIRECTORY=value).subdirectory in ("dags", "team/dags", "a b")


def test_what_is_included_is_a_list_of_paths_below_the_top() -> None:
    found = of(SUBDIRECTORY="team/dags", INCLUDE="./lib/include/,sql")

    assert found.include == ("lib/include", "sql")
    assert found.parts == {"dags": "team/dags", "include": "lib/include", "sql": "sql"}


@pytest.mark.parametrize("value", ["../lib", "/lib", "team/dags/lib", "a/lib,b/lib", "."])
def test_what_cannot_be_included_is_refused_before_git_is_asked(value: str) -> None:
    with pytest.raises(WrongSettings, match=r"DAGSHIP_SYNC_INCLUDE|include names"):
        of(SUBDIRECTORY="team/dags", INCLUDE=value)


@pytest.mark.parametrize("value", ["/etc", "..", "a/../..", "-x", "a\nb"])
def test_a_subdirectory_cannot_lead_elsewhere(value: str) -> None:
    with pytest.raises(WrongSettings, match="below the top"):
        of(SUBDIRECTORY=value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPTH", "-1"),
        ("DEPTH", "1.5"),
        ("DEPTH", "x"),
        ("INTERVAL", "0"),
        ("INTERVAL", "nan"),
        ("INTERVAL", "inf"),
        ("KEEP", "0"),
        ("HOLD", "maybe"),
        ("CHECK_TIMEOUT", "0"),
    ],
)
def test_what_is_no_such_value_is_named(name: str, value: str) -> None:
    with pytest.raises(WrongSettings, match=f"DAGSHIP_SYNC_{name} is '{value}'"):
        of(**{name: value})


def test_a_branch_and_a_tag_at_once_are_refused() -> None:
    with pytest.raises(WrongSettings, match="both set"):
        of(BRANCH="main", TAG="v1")


@pytest.mark.parametrize(
    ("given", "size"), [("", 0), ("0", 0), ("4Gi", 4 * 1024**3), ("1.5G", 1_500_000_000), ("512Ki", 512 * 1024)]
)
def test_the_size_of_the_volume_is_a_quantity_of_kubernetes(given: str, size: int) -> None:
    assert read({"DAGSHIP_SYNC_URL": "/srv/dags.git", "DAGSHIP_SYNC_SIZE": given}).size == size


@pytest.mark.parametrize("given", ["much", "-1", "1e9", "4 Gi", "4GiB", "9" * 5_000])
def test_what_is_no_size_is_a_sentence(given: str) -> None:
    with pytest.raises(WrongSettings, match="DAGSHIP_SYNC_SIZE is"):
        read({"DAGSHIP_SYNC_URL": "/srv/dags.git", "DAGSHIP_SYNC_SIZE": given})
