"""What a pyproject.toml declares, as requirements with the line that has each."""

import tomllib

import pytest

from dagship.errors import UsageError
from dagship.lock.pyproject import Chosen, source
from dagship.lock.requirements import Source


def read(text: str, known: frozenset[str] = frozenset(), **chosen: tuple[str, ...]) -> Source:
    return source(tomllib.loads(text), text, "pyproject.toml", Chosen(**chosen), known)


def asked(text: str, **chosen: tuple[str, ...]) -> list[str]:
    return [str(line.requirement) for line in read(text, **chosen).lines]


PROJECT = """\
[project]
name = "Our.DAGs"
dependencies = [
    "pandas>=2,<3",
    "boto3 ; python_version >= '3.9'",
]

[project.optional-dependencies]
Excel_Files = ["openpyxl>=3"]
all = ["our-dags[excel-files]", "six"]

[dependency-groups]
tests = ["pytest"]
dev = ["ruff", {include-group = "tests"}]
"""


def test_a_project_asks_for_its_dependencies_each_at_its_line() -> None:
    lines = read(PROJECT).lines

    assert [(str(line.requirement), line.place) for line in lines] == [
        ("pandas<3,>=2", "pyproject.toml:4"),
        ('boto3; python_version >= "3.9"', "pyproject.toml:5"),
    ]


def test_extras_and_groups_are_asked_for_by_name_and_bring_those_that_they_include() -> None:
    assert asked(PROJECT, extras=("excel.files",))[2:] == ["openpyxl>=3"]
    assert asked(PROJECT, extras=("all",))[2:] == ["six", "openpyxl>=3"]
    assert asked(PROJECT, groups=("dev",))[2:] == ["ruff", "pytest"]
    assert asked(PROJECT, groups=("Tests",))[2:] == ["pytest"]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"groups": ("docs",)}, "pyproject.toml has no 'docs' as dependency group"),
        ({"extras": ("docs",)}, "pyproject.toml has no 'docs' as optional dependencies"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_those_that_are(chosen: dict[str, tuple[str, ...]], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(PROJECT, **chosen)

    assert says in caught.value.message
    assert "It has: " in caught.value.hint


def test_groups_that_include_one_another_are_a_circle() -> None:
    text = '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n'

    with pytest.raises(UsageError, match="in a circle"):
        read(text, groups=("a",))


def test_poetrys_own_tables_are_read_where_there_is_no_project_table() -> None:
    text = """\
[tool.poetry.dependencies]
python = "^3.10"
pandas = "^2.2"
"ruamel.yaml" = {version = "~0.18", extras = ["jinja2"]}
openpyxl = {version = "*", optional = true}

[tool.poetry.extras]
excel = ["openpyxl"]

[tool.poetry.group.tests.dependencies]
pytest = "8.*"
"""

    assert [(str(line.requirement), line.place) for line in read(text).lines] == [
        ("pandas<3,>=2.2", "pyproject.toml:3"),
        ("ruamel.yaml[jinja2]<0.19,>=0.18", "pyproject.toml:4"),
    ]
    assert asked(text, extras=("excel",))[2:] == ["openpyxl"]
    assert asked(text, groups=("tests",))[2:] == ["pytest==8.*"]


def test_constraints_of_uv_bound_and_ask_for_nothing() -> None:
    found = read('[project]\nname = "x"\ndependencies = ["pandas"]\n[tool.uv]\nconstraint-dependencies = ["numpy<2"]\n')

    assert [line.name for line in found.lines] == ["pandas"]
    assert found.limits is not None
    assert [(line.bound, line.place) for line in found.limits.lines] == [("numpy<2", "pyproject.toml:5")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[build-system]\n", "declares no dependencies: it has neither [project] nor"),
        (
            '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n',
            "leaves its dependencies to the tool that builds it (dynamic). They are in requirements.txt.",
        ),
        (
            '[project]\nname = "x"\ndependencies = ["ours"]\n[tool.uv.sources]\nours = {git = "x"}\n',
            "[tool.uv.sources] takes ours from a git",
        ),
        (
            '[project]\ndependencies = ["ours"]\n[tool.uv.sources]\nours = {path = "libs/ours", marker = "os_name==1"}\n',
            "takes ours from libs/ours only under a marker",
        ),
        ('[project]\nname = "x"\ndependencies = 3\n', "a table of dependencies is not what it should be"),
        ('[project]\nname = "x"\ndependencies = [3]\n', "a table of dependencies is not what it should be"),
        (
            '[project]\ndependencies = []\n[[tool.uv.index]]\nurl = "https://i.test/s"\n',
            "[[tool.uv.index]] decides where packages come from",
        ),
        (
            '[tool.poetry.dependencies]\nsix = "*"\n[[tool.poetry.source]]\nname = "a"\nurl = "https://u:s3cret@i.test/s"\n',
            "[[tool.poetry.source]] names an index with credentials",
        ),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)

    assert caught.value.message.startswith("pyproject.toml")
    assert says in caught.value.message
    assert "s3cret" not in str(caught.value.__dict__)


def test_an_index_that_settings_name_may_stay() -> None:
    text = '[project]\nname = "x"\ndependencies = ["six"]\n[[tool.uv.index]]\nurl = "https://i.test/simple/"\n'

    assert [line.name for line in read(text, frozenset(["https://i.test/simple"])).lines] == ["six"]


INDEXES = {
    "uv": """\
[project]
name = "x"
dependencies = ["six"]
[dependency-groups]
models = ["torch"]
[tool.uv.sources]
torch = [{index = "torch", marker = "sys_platform == 'linux'"}]
[[tool.uv.index]]
name = "torch"
url = "https://torch.test/simple"
explicit = true
""",
    "poetry": """\
[tool.poetry.dependencies]
six = "*"
[tool.poetry.group.models.dependencies]
torch = {version = "*", source = "torch"}
[[tool.poetry.source]]
name = "torch"
url = "https://torch.test/simple"
priority = "explicit"
""",
}


@pytest.mark.parametrize("text", INDEXES.values(), ids=INDEXES)
def test_an_index_for_some_packages_alone_counts_where_they_are_asked_for(text: str) -> None:
    assert asked(text) == ["six"]
    with pytest.raises(UsageError, match="decides where packages come from"):
        asked(text, groups=("models",))
