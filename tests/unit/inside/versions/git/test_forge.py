import pytest

from dagship.inside.versions.git import forge

GITHUB = "https://github.com/acme/dags/commit/{version}"
GITLAB = "https://gitlab.com/acme/data/dags/-/commit/{version}"
BITBUCKET = "https://bitbucket.org/acme/dags/commits/{version}"
AZURE = "https://dev.azure.com/acme/data/_git/dags/commit/{version}"


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/acme/dags.git", GITHUB),
        ("https://github.com/acme/dags", GITHUB),
        ("https://github.com/acme/dags/", GITHUB),
        ("git@github.com:acme/dags.git", GITHUB),
        ("ssh://git@github.com/acme/dags.git", GITHUB),
        ("ssh://git@ssh.github.com:443/acme/dags.git", GITHUB),
        ("git://GitHub.com/acme/dags.git", GITHUB),
        ("https://github.acme.example/data/dags.git", "https://github.acme.example/data/dags/commit/{version}"),
        ("https://gitlab.com/acme/data/dags.git", GITLAB),
        ("git@gitlab.com:acme/data/dags.git", GITLAB),
        ("ssh://git@altssh.gitlab.com:443/acme/data/dags.git", GITLAB),
        (
            "ssh://git@gitlab.acme.example:2222/data/dags.git",
            "https://gitlab.acme.example/data/dags/-/commit/{version}",
        ),
        ("http://gitlab.acme.example:8080/a/b.git", "http://gitlab.acme.example:8080/a/b/-/commit/{version}"),
        ("https://bitbucket.org/acme/dags.git", BITBUCKET),
        ("git@bitbucket.org:acme/dags.git", BITBUCKET),
        ("https://dev.azure.com/acme/data/_git/dags", AZURE),
        ("git@ssh.dev.azure.com:v3/acme/data/dags", AZURE),
        ("https://acme.visualstudio.com/data/_git/dags", AZURE),
        ("https://acme.visualstudio.com/DefaultCollection/data/_git/dags", AZURE),
        ("acme@vs-ssh.visualstudio.com:v3/acme/data/dags", AZURE),
        ("https://dev.azure.com/acme/_git/dags", "https://dev.azure.com/acme/_git/dags/commit/{version}"),
        (
            "https://dev.azure.com/acme/Data%20Team/_git/dags",
            "https://dev.azure.com/acme/Data%20Team/_git/dags/commit/{version}",
        ),
    ],
)
def test_a_remote_leads_to_the_page_of_a_commit(remote: str, page: str) -> None:
    assert forge.commit(remote) == page


@pytest.mark.parametrize(
    "remote",
    [
        "https://oauth2:hunter2@gitlab.com/acme/data/dags.git",
        "https://hunter2@github.com/acme/dags.git",
        "https://acme:hunter2@dev.azure.com/acme/data/_git/dags",
        "hunter2@github.com:acme/dags.git",
        "https://x:hunter2@y@github.com/acme/dags.git",
    ],
)
def test_what_a_remote_says_of_a_user_is_not_in_the_address(remote: str) -> None:
    page = forge.commit(remote)

    assert page.startswith("https://")
    assert "hunter2" not in page
    assert "@" not in page


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/dags.git",
        "file:///srv/git/dags.git",
        "https://git.acme.example/data/dags.git",
        "https://github.com/acme",
        "https://github.com/acme/{dags}.git",
        "https://github.com/acme/dags?token=hunter2",
        "https://github.com/acme/../dags",
        "https://github.com/acme//dags",
        "https://github.com/acme/dags\nx",
        "https://github.com/acme/<dags>",
        "https://bitbucket.acme.example/scm/data/dags.git",
        "git@ssh.dev.azure.com:v2/acme/data/dags",
    ],
)
def test_a_forge_that_is_not_known_and_an_address_that_is_none_have_no_page(remote: str) -> None:
    assert forge.commit(remote) == ""


def test_airflow_3_1_has_no_room_for_a_long_address_until_3_1_8() -> None:
    short, long = GITHUB, GITHUB.replace("dags", "d" * 60)

    assert forge.fits(short, "dags-folder", (3, 1, 0))
    assert not forge.fits(long, "dags-folder", (3, 1, 7))
    assert all(forge.fits(long, "dags-folder", release) for release in ((3, 0, 6), (3, 1, 8), (3, 3, 2)))
