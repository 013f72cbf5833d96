"""What the step that installs a lock says, in words for people; uv's own words were recorded with uv 0.13.9."""

import json

import pytest

from dagship.errors import DagshipError, OutsideError, Refused
from dagship.image import installing

EXPECTED, OTHER, GOT = (f"sha256:{digit * 64}" for digit in "01f")

MISMATCH = f"""\
error: Failed to download `python-slugify==8.0.4`
  cause: Hash mismatch for `python-slugify==8.0.4`

         Expected:
           {EXPECTED}
           {OTHER}

         Computed:
           {GOT}
"""


def uv(words: str) -> DagshipError:
    error = installing.reason([{"kind": "uv", "words": words}], "requirements/dags.txt")
    assert error is not None
    return error


def test_a_hash_mismatch_is_a_refusal_that_names_package_lock_and_both_hashes() -> None:
    error = uv(MISMATCH)

    assert isinstance(error, Refused)
    assert error.message.startswith("python-slugify 8.0.4 from the index is not the file that requirements/dags.txt")
    assert error.detail == f"requirements/dags.txt expects {EXPECTED} or {OTHER}\nthe index sent {GOT}"
    assert "lock --upgrade-package python-slugify" in error.hint


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("Because nosuch was not found in the package registry and you require nosuch==1.0, we can", "has nosuch, and"),
        (
            "Because there is no version of jmespath==99.0 and you require jmespath==99.0, we can conclude",
            "has jmespath==99.0, and",
        ),
        ("Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2", "has docopt 0.6.2, of which"),
        (
            "Because pywin32==306 has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`) and",
            "has pywin32 306, of which",
        ),
    ],
)
def test_what_the_index_cannot_give_is_a_refusal(words: str, says: str) -> None:
    error = uv(f"error: No solution found when resolving dependencies\n  cause: {words}")

    assert isinstance(error, Refused)
    assert says in error.message


LACKING = (
    "error: No solution found when resolving dependencies\n  cause: Because foo was not found in the package registry"
)
LOGIN = f"""{LACKING} and you require foo==1.0

hint: An index URL (http://127.0.0.1/simple) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)
"""
FORBIDDEN = f"""{LACKING} and you require foo==1.0

hint: An index (http://127.0.0.1/simple) returned a 403 Forbidden error. Check that the index URL is correct and the credentials are valid.
"""
NOT_BUILT = "error: Failed to build `broke==1.0`\n  cause: The build backend returned an error"
FULL = "error: Failed to install: six\n  cause: failed to copy file: No space left on device (os error 28)"


@pytest.mark.parametrize(
    ("words", "kind", "says", "hint"),
    [
        (
            "error: Request failed after 3 retries in 11.4s",
            OutsideError,
            "could not be installed.",
            "reach the network",
        ),
        (LOGIN, OutsideError, "index refuses", "login"),
        (FORBIDDEN, OutsideError, "index refuses", "login"),
        (NOT_BUILT, Refused, "broke==1.0 of requirements/dags.txt could not be built", "build_packages"),
        (FULL, OutsideError, "disk is full", "docker system df"),
    ],
)
def test_what_keeps_a_lock_from_being_installed_is_not_said_to_be_the_locks_fault(
    words: str, kind: type[DagshipError], says: str, hint: str
) -> None:
    error = uv(words)

    assert type(error) is kind
    assert says in error.message
    assert hint in error.hint


def test_what_the_step_says_to_dagship_is_not_shown_and_a_warning_alone_stops_nothing() -> None:
    said: list[dict[str, object]] = []
    shown: list[str] = []
    hear = installing.listener(said, shown.append)

    hear("#12 0.5 61 packages installed")
    shared = {"kind": "shared", "files": [["opencv-python-headless 4.0", "opencv-python 4.0", "cv2/version.py"]]}
    hear(f"#12 0.6 @@INSTALL@@{json.dumps(shared)}")

    assert shown == ["0.5 61 packages installed"]
    assert installing.reason(said, "dags.txt") is None
    assert [warning.partition(", and not")[0] for warning in installing.warnings([*said, *said])] == [
        "opencv-python-headless 4.0 and opencv-python 4.0 both bring cv2/version.py"
    ]


@pytest.mark.parametrize(
    "files", [["py 1.11.0", "pytest 8.4.2", "py/__init__.py"], ["pytest 8.4.2", "py 1.11.0", "py.py"]]
)
def test_a_module_that_gives_way_is_a_warning_that_names_both(files: list[str]) -> None:
    said = [{"kind": "way", "files": [files]}]
    (warning,) = installing.warnings(said)

    assert installing.reason(said, "dags.txt") is None
    assert warning.startswith("Python will take 'py' from py 1.11.0, which has that name, and not from pytest 8.4.2: ")
    assert warning.endswith(f"leave {files[0].split(' ')[0]} out of the requirements.")


def test_a_package_over_the_files_of_another_names_both_and_the_file() -> None:
    files = [["jwt 1.4.0", "pyjwt 2.10.1", "jwt/__init__.py"], ["jwt 1.4.0", "pyjwt 2.10.1", "jwt/utils.py"]]
    error = installing.reason([{"kind": "overlap", "files": files}], "requirements/dags.txt")

    assert isinstance(error, Refused)
    assert error.message == (
        "jwt 1.4.0 of requirements/dags.txt would write over jwt/__init__.py and 1 more of pyjwt 2.10.1 of the base"
        " image."
    )


def test_a_package_of_the_project_over_the_files_of_another_names_both_and_the_file() -> None:
    said = [{"kind": "overlap", "files": [["ours 1.0", "other 2", "ours/__init__.py"]], "within": "lock"}]
    error = installing.reason(said, "requirements/dags.txt")

    assert isinstance(error, Refused)
    assert error.message == (
        "ours 1.0 of the project would write over ours/__init__.py of other 2 of requirements/dags.txt."
    )


def test_a_package_of_the_project_that_cannot_be_built_is_named() -> None:
    error = installing.reason([{"kind": "own", "path": "libs/ours", "words": "no such backend"}], "dags.txt")

    assert isinstance(error, Refused)
    assert "package libs/ours of the project could not be built" in error.message
    assert error.detail == "no such backend"


@pytest.mark.parametrize("words", ['{"kind": "uv", "wor}', "{}", '{"files": []}', "{kind}"])
def test_a_line_that_was_cut_or_has_no_kind_is_shown_as_any_other(words: str) -> None:
    said: list[dict[str, object]] = []
    shown: list[str] = []

    installing.listener(said, shown.append)(f"1.0 @@INSTALL@@{words}")

    assert (said, shown) == ([], [f"@@INSTALL@@{words}"])
