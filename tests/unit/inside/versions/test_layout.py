"""What lies beside the DAG directory of a version."""

import pytest

from dagship.inside.versions import layout


@pytest.mark.parametrize(
    ("dags", "link"),
    [("", ""), ("dags", ""), ("team/dags", ""), ("pipelines", "pipelines"), ("team/flows", "flows"), ("my-dags", ""),
     ("class", "")],
)  # fmt: skip
def test_a_dag_directory_of_another_name_has_a_link_where_python_can_import_it(dags: str, link: str) -> None:
    assert layout.link(dags) == link


@pytest.mark.parametrize(
    ("dags", "include", "beside"),
    [
        ("dags", [], {}),
        ("dags", ["sql", "lib/include", "helpers.py"], {"sql": "sql", "include": "lib/include", "helpers.py": "helpers.py"}),
        ("src/pkg/dags", ["src/pkg"], {"pkg": "src/pkg"}),
        ("dags", ["dags2", "lib", "lib2"], {"dags2": "dags2", "lib": "lib", "lib2": "lib2"}),
    ],
)  # fmt: skip
def test_each_lies_there_by_its_last_name(dags: str, include: list[str], beside: dict[str, str]) -> None:
    found = layout.beside(dags, include)

    assert found == beside
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("dags", "include", "sentence"),
    [
        ("dags", [""], "include names the whole project; name what the DAGs import or read of it."),
        ("dags", ["dags"], "include names dags, which lies in the DAG directory: what is there goes in by itself."),
        ("", ["lib"], "include names lib, which lies in the DAG directory: what is there goes in by itself."),
        ("dags", ["dags/lib"], "include names dags/lib, which lies in the DAG directory: what is there goes in by"),
        ("dags", ["lib", "lib/x"], "include names lib/x and lib, which holds it already: one of them is enough."),
        ("dags", ["a/lib", "b/lib"], "include names a/lib and b/lib, which would both be lib."),
        ("dags", ["lib", "lib"], "include names lib and lib, which would both be lib."),
        ("dags", ["a/lib", "lib.py"], "include names a/lib and lib.py, which would both be lib."),
        ("flows", ["b/flows"], "include names b/flows, and the DAG directory has the name flows in a version."),
        ("flows", ["b/dags"], "include names b/dags, and the DAG directory has the name dags in a version."),
    ],
)
def test_what_cannot_lie_there_is_one_sentence(dags: str, include: list[str], sentence: str) -> None:
    with pytest.raises(layout.Wrong) as wrong:
        layout.beside(dags, include)

    assert str(wrong.value).startswith(sentence)


@pytest.mark.parametrize(("name", "can"), [("lib", True), ("lib.py", True), ("my-lib", False), ("class", False)])
def test_python_imports_identifiers_that_are_no_keywords(name: str, can: bool) -> None:
    assert layout.can_be_imported(name) is can
