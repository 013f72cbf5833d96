"""What the import of a DAG file reaches for and is warned of."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.inside.child import run

WATCH = """
import json, sys
root, path, *top = sys.argv[1:]
from dagship.inside.verify.importer.audit import Watch
watch = Watch(root, *(top or [root]))
watch.start()
sys.path.append(root)
try:
    exec(compile(open(path).read(), path, "exec"), {"__name__": "dag"})
except OSError:
    pass
print(json.dumps({"network": watch.network, "warnings": watch.warnings, "files": sorted(watch.files)}))
"""


def watched(tmp_path: Path, source: str, **helpers: str) -> dict[str, list[dict[str, Any]]]:
    tree = tmp_path / "dags"
    tree.mkdir()
    (tree / "dag.py").write_text(source)
    for name, text in helpers.items():
        (tree / f"{name}.py").write_text(text)
    return dict(run(WATCH, str(tree), str(tree / "dag.py")))


@pytest.mark.parametrize(
    "source",
    [
        "import socket\nsocket.create_connection(('127.0.0.9', 9), 1)",
        "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.9', 9))",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.9:9/', timeout=1)",
    ],
)
def test_a_host_that_is_reached_for_is_noted_with_the_line(tmp_path: Path, source: str) -> None:
    assert watched(tmp_path, source)["network"] == [{"host": "127.0.0.9", "file": "dag.py", "line": 2}]


def test_a_host_that_a_helper_reaches_for_is_noted_with_the_helpers_line(tmp_path: Path) -> None:
    helper = "import socket\n\ndef call():\n    socket.create_connection(('127.0.0.9', 9), 1)\n"
    seen = watched(tmp_path, "import calls\ncalls.call()", calls=helper)

    assert seen["network"] == [{"host": "127.0.0.9", "file": "calls.py", "line": 4}]


def test_a_host_that_an_included_module_reaches_for_is_noted_with_its_place_beside_the_dag_directory(
    tmp_path: Path,
) -> None:
    tree = tmp_path / "dags"
    tree.mkdir()
    (tree / "dag.py").write_text(f"import sys\nsys.path.append({str(tmp_path)!r})\nimport included.calls")
    (tmp_path / "included").mkdir()
    (tmp_path / "included" / "calls.py").write_text("import socket\nsocket.create_connection(('127.0.0.9', 9), 1)\n")
    seen = run(WATCH, str(tree), str(tree / "dag.py"), str(tmp_path))

    assert seen["network"] == [{"host": "127.0.0.9", "file": "included/calls.py", "line": 2}]


def test_sockets_of_the_machine_itself_are_no_network(tmp_path: Path) -> None:
    source = "import socket\nsocket.socket(socket.AF_UNIX).connect_ex('/nothing')\nsocket.getaddrinfo('localhost', 80)"

    assert watched(tmp_path, source)["network"] == []


def test_a_deprecation_is_noted_with_the_line_that_it_is_blamed_on(tmp_path: Path) -> None:
    helper = "import warnings\n\ndef old():\n    warnings.warn('use new()', DeprecationWarning, stacklevel=2)\n"
    seen = watched(tmp_path, "import helper\n\nhelper.old()\nhelper.old()", helper=helper)

    assert [(event["file"], event["line"], event["message"]) for event in seen["warnings"]] == [
        ("dag.py", 3, "use new()"),
        ("dag.py", 4, "use new()"),
    ]


def test_a_warning_in_a_loop_is_noted_once(tmp_path: Path) -> None:
    source = "import warnings\nfor _ in range(9):\n    warnings.warn('old', FutureWarning)"

    assert len(watched(tmp_path, source)["warnings"]) == 1


def test_what_is_no_deprecation_is_not_noted(tmp_path: Path) -> None:
    assert watched(tmp_path, "import warnings\nwarnings.warn('look')")["warnings"] == []


def test_what_libraries_say_among_themselves_is_not_noted(tmp_path: Path) -> None:
    library = tmp_path / "library.py"
    library.write_text("import warnings\nwarnings.warn('old', DeprecationWarning)\n")

    assert watched(tmp_path, f"import sys\nsys.path.append({str(tmp_path)!r})\nimport library")["warnings"] == []


@pytest.mark.parametrize(
    "source",
    [
        "import words",
        "try:\n    import words\nexcept ZeroDivisionError:\n    pass",
        "import sys\nimport words\ndel sys.modules['words']",
        "import runpy\nrunpy.run_path({root!r} + '/words.py')",
        """
from importlib import util
spec = util.spec_from_file_location('x', {root!r} + '/words.py')
spec.loader.exec_module(util.module_from_spec(spec))
""",
        "text = open({root!r} + '/words.py').read()",
    ],
)
def test_a_file_of_the_tree_is_noted_whichever_way_it_is_read(tmp_path: Path, source: str) -> None:
    broken = "1 / 0" if "except" in source else "WORD = 1"
    seen: Any = watched(tmp_path, source.replace("{root!r}", repr(str(tmp_path / "dags"))), words=broken)

    files = [path for path in seen["files"] if not path.endswith(".pyc")]
    assert files == [str(tmp_path / "dags" / name) for name in ("dag.py", "words.py")]
