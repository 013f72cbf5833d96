"""What a DAG file leaves behind in its process."""

from pathlib import Path

import pytest

from tests.unit.inside.child import run


@pytest.mark.parametrize(
    "leave",
    [
        "os.environ['DAGSHIP_TEST_LEFT'] = '1'",
        "os.chdir('/')",
        "sys.modules['helpers'] = types.ModuleType('helpers')",
        "warnings.simplefilter('error', BytesWarning)",
        "threading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
        "sys.meta_path.append(None)",
        "sys.stdout = None",
        "sys.argv.append('more')",
        "os.umask(0)",
        "os.write = None",
        "json.dumps = None",
        "builtins.open = lambda *_: None",
        "os.close(0)",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "signal.alarm(60)",
        "logging.getLogger().setLevel(1)",
        "logging.disable()",
        "locale.setlocale(locale.LC_ALL, 'C.UTF-8' if locale.setlocale(locale.LC_ALL) == 'C' else 'C')",
        "socket.setdefaulttimeout(1)",
        "decimal.getcontext().prec = 5",
        "subprocess.Popen(['sleep', '1'])",
        "sys.modules['json'] = types.ModuleType('json')",
        "sys.modules['lazy'] = type('Lazy', (), {'__getattr__': lambda self, name: 1 / 0})()",
    ],
)
def test_a_process_is_not_the_same_after(tmp_path: Path, leave: str) -> None:
    program = f"""
import builtins, decimal, json, locale, logging, os, signal, socket, subprocess, sys, threading, time, types, warnings
from dagship.inside.verify.importer.side_effects import Trace
write = os.write
os.chdir({str(tmp_path)!r})
trace = Trace("/dags")
unchanged = trace.restored()
{leave}
changed = not trace.restored()
write(1, b"\\n[%s, %s]" % tuple(str(each).lower().encode() for each in (unchanged, changed)))
"""

    assert run(program) == [True, True]


def test_modules_of_the_tree_and_the_search_path_are_taken_back(tmp_path: Path) -> None:
    for name in ("helpers/tables.py", "plain/names.py", "dag.py", "dag.zip/main.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "helpers" / "__init__.py").write_text("")
    program = f"""
import json, sys
from dagship.inside.verify.importer.side_effects import Trace
path = list(sys.path)
trace = Trace({str(tmp_path)!r})
sys.path.append({str(tmp_path)!r})
import colorsys, dag, helpers.tables, plain.names
same = trace.restored()
left = [name for name in ("dag", "helpers", "helpers.tables", "plain", "plain.names") if name in sys.modules]
print(json.dumps([same, left, sys.path == path, "colorsys" in sys.modules]))
"""

    assert run(program) == [True, [], True, True]


def test_a_module_of_a_package_stays_and_is_a_trace(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "library.py").write_text("")
    program = f"""
import json, sys
from dagship.inside.verify.importer.side_effects import Trace
sys.path.append({str(tmp_path / "packages")!r})
trace = Trace({str(tmp_path / "dags")!r})
import library
print(json.dumps([trace.restored(), "library" in sys.modules]))
"""

    assert run(program) == [False, True]


def test_modules_of_the_tree_that_were_there_before_are_what_every_file_imports(tmp_path: Path) -> None:
    for name in ("early.py", "late.py"):
        (tmp_path / name).write_text("")
    program = f"""
import json, os, sys
from dagship.inside.verify.importer.side_effects import Trace
sys.path.append({str(tmp_path)!r})
sys.modules["lazy"] = type("Lazy", (), {{"__getattr__": lambda self, name: 1 / 0}})()
import early
trace = Trace({str(tmp_path)!r})
first = trace.imported()
import late
print(json.dumps([[os.path.basename(path) for path in paths] for paths in (first, trace.imported())]))
"""

    assert run(program) == [["early.py"], ["early.py", "late.py"]]
