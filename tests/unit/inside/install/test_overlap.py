"""Files that two packages have: read from what installers leave, small packages written here."""

from pathlib import Path

import pytest

from dagship.inside.install import overlap

SITE = "lib/python3.11/site-packages"
NAMESPACE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


def install(prefix: Path, package: str, files: dict[str, str]) -> None:
    """Writes a package as an installer does: its files, and the list of them with hashes."""
    site = prefix / SITE
    record = []
    for name, text in files.items():
        path = (site / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        record.append(f"{name},sha256={hash(text)},{len(text)}\n")
    (site / f"{package}.dist-info").mkdir(parents=True)
    (site / f"{package}.dist-info" / "RECORD").write_text("".join(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("has", "brings"),
    [
        ({"jwt/__init__.py": "def encode(): ..."}, {"jwt/__init__.py": "class JWT: ..."}),
        ({"certifi/cacert.pem": "ours"}, {"certifi/cacert.pem": "theirs"}),
        ({"six.py": "a = 1"}, {"six/__init__.py": "a = 2"}),
        ({"yaml/__init__.py": "a = 1"}, {"yaml.py": "a = 2"}),
        ({"../../../bin/jp": "from jmespath import main"}, {"../../../bin/jp": "from other import main"}),
    ],
)
def test_a_file_that_would_be_lost_is_told_with_both_packages(
    tmp_path: Path, has: dict[str, str], brings: dict[str, str]
) -> None:
    install(tmp_path / "image", "PyJWT-2.10.1", has)
    install(tmp_path / "new", "jwt-1.4.0", brings)

    found, _ = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), [str(tmp_path / "image" / SITE)])

    assert found == [("jwt 1.4.0", "PyJWT 2.10.1", next(iter(brings)).replace("../../../", ""))]


def test_a_file_that_is_hidden_in_another_directory_of_the_path_is_told(tmp_path: Path) -> None:
    install(tmp_path / "system", "PyJWT-2.10.1", {"jwt/__init__.py": "def encode(): ..."})
    install(tmp_path / "new", "jwt-1.4.0", {"jwt/__init__.py": "class JWT: ..."})
    path = [str(tmp_path / "image" / SITE), str(tmp_path / "system" / SITE)]

    found, _ = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), path)

    assert found == [("jwt 1.4.0", "PyJWT 2.10.1", "jwt/__init__.py")]


@pytest.mark.parametrize(
    ("has", "brings"),
    [
        ({"a/__init__.py": "same"}, {"a/__init__.py": "same"}),
        ({"a/__init__.py": ""}, {"a/__init__.py": "# A licence.\n"}),
        ({"a/__init__.py": NAMESPACE}, {"a/__init__.py": "__import__('pkg_resources').declare_namespace(__name__)"}),
        ({"tests/__init__.py": "a = 1"}, {"tests/__init__.py": "a = 2"}),
        ({"LICENSE": "MIT"}, {"LICENSE": "Apache"}),
        ({"a/__pycache__/b.pyc": "1"}, {"a/__pycache__/b.pyc": "2"}),
        ({"../../../share/man/a.1": "1"}, {"../../../share/man/a.1": "2"}),
        (
            {"../../../bin/jp": "#!/p\nimport re\nfrom jmespath import main\nmain()"},
            {"../../../bin/jp": "#!/p\nfrom jmespath import main\nsys.exit(main())"},
        ),
    ],
)
def test_what_takes_nothing_from_anybody_is_no_overlap(
    tmp_path: Path, has: dict[str, str], brings: dict[str, str]
) -> None:
    install(tmp_path / "image", "one-1.0", has)
    install(tmp_path / "new", "other-2.0", brings)

    found = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), [str(tmp_path / "image" / SITE)])

    assert found == ([], [])


Packages = dict[str, dict[str, str]]

PY = {"py/__init__.py": "from py._vendored_packages import apipkg"}
SHIM = {"py.py": "import _pytest._py.path as path"}


def both(tmp_path: Path, owner: Packages, new: Packages) -> tuple[str, str, str]:
    """Installs a package in the image and a new one; returns them and the new one's file, as an overlap has them."""
    ((has, its), (brings, files)) = (*owner.items(), *new.items())
    install(tmp_path / "image", has, its)
    install(tmp_path / "new", brings, files)
    return brings.replace("-", " "), has.replace("-", " "), next(iter(files))


@pytest.mark.parametrize(
    ("owner", "new"), [({"pytest-8.4.2": SHIM}, {"py-1.11.0": PY}), ({"py-1.11.0": PY}, {"pytest-8.4.2": SHIM})]
)
def test_a_module_gives_way_to_the_package_that_has_its_name(tmp_path: Path, owner: Packages, new: Packages) -> None:
    expected = both(tmp_path, owner, new)

    found = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), [str(tmp_path / "image" / SITE)])

    assert found == ([], [expected])


@pytest.mark.parametrize(
    ("owner", "new"),
    [
        ({"pytest-8.4.2": {"py/__init__.py": "a = 1"}}, {"py-1.11.0": PY}),
        ({"py-2.0": {"py.py": "a = 1"}}, {"py-1.11.0": PY}),
        ({"pytest-8.4.2": SHIM}, {"pylib-1.0": PY}),
        ({"pytest-8.4.2": {"py/path.py": "a = 1"}}, {"py-1.11.0": {"py/path/__init__.py": "a = 2"}}),
    ],
)
def test_no_other_module_does(tmp_path: Path, owner: Packages, new: Packages) -> None:
    expected = both(tmp_path, owner, new)

    lost, _ = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), [str(tmp_path / "image" / SITE)])

    assert lost == [expected]


def test_a_module_that_is_found_before_the_package_of_its_name_hides_it(tmp_path: Path) -> None:
    """The package lies in a directory that Python looks in later."""
    install(tmp_path / "system", "py-1.11.0", PY)
    install(tmp_path / "new", "pytest-8.4.2", SHIM)
    path = [str(tmp_path / "image" / SITE), str(tmp_path / "system" / SITE)]

    lost, _ = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), path)

    assert lost == [("pytest 8.4.2", "py 1.11.0", "py.py")]


def test_new_packages_that_bring_the_same_file_are_told_but_for_namespaces(tmp_path: Path) -> None:
    install(tmp_path, "opencv_python-4.0", {"cv2/version.py": "headless = False", "n/__init__.py": NAMESPACE})
    install(tmp_path, "opencv_python_headless-4.0", {"cv2/version.py": "headless = True", "n/__init__.py": "# n\n"})

    assert overlap.among(str(tmp_path)) == [
        ("opencv-python-headless 4.0", "opencv-python 4.0", "cv2/version.py"),
    ]


def test_a_directory_in_the_place_of_a_file_is_an_overlap(tmp_path: Path) -> None:
    install(tmp_path / "image", "one-1.0", {"a.py/b.txt": "1"})
    install(tmp_path / "new", "other-2.0", {"a.py": "a = 1"})

    found, _ = overlap.with_image(str(tmp_path / "new"), str(tmp_path / "image"), [str(tmp_path / "image" / SITE)])

    assert found == [("other 2.0", "", "a.py")]


def test_a_package_takes_nothing_from_its_own_former_version_and_all_that_it_takes_from_others_is_told(
    tmp_path: Path,
) -> None:
    """`cv2/shared.py` is of both packages of the image, and so not taken out."""
    install(tmp_path / "image", "opencv-4.0", {"cv2/own.py": "a = 1", "cv2/shared.py": "a = 1"})
    install(tmp_path / "image", "contrib-4.0", {"cv2/shared.py": "a = 1"})
    install(tmp_path / "new", "opencv-5.0", {"cv2/own.py": "a = 2", "cv2/shared.py": "a = 2"})
    image = tmp_path / "image"
    going = [str(image / SITE / "cv2" / "own.py")]

    lost, _ = overlap.with_image(str(tmp_path / "new"), str(image), [str(image / SITE)], going)

    assert lost == [("opencv 5.0", "contrib 4.0", "cv2/shared.py")]
