"""The process that imports Airflow, once, and is forked for whoever examines DAG files.

It judges nothing and keeps no result: what it says of itself, and how its children ended, goes to the process that
started it (`verify.stem_handle`), over a socket that no child has.
"""

import faulthandler
import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from ..protocol import ORDER, line
from . import contents, examine, hidden, home, missing_modules, plugins, worker
from .audit import Watch
from .dag_bag import Airflow, load
from .side_effects import Trace

# After Airflow's own limit, what a file gets to be serialized in and to notice that its time is up.
_GRACE_SECONDS = 5.0
_PLUGINS_SECONDS = 60.0
# Who keeps the time comes before: against 500 processes that never wait it got its turn after half a minute or more.
_NICE = 19
_CURRENT = ""


def main(work: str, seed: str, descriptor: str) -> None:
    """Imports Airflow, says what there is to examine, and then forks as it is told.

    Args:
        work: Where the job is.
        seed: What `PYTHONHASHSEED` is in the image's environment: files find that, whichever it was for this process.
        descriptor: Number of the socket.

    """
    faulthandler.enable()
    os.nice(_NICE)
    os.environ.pop("PYTHONHASHSEED", None)
    if seed:
        os.environ["PYTHONHASHSEED"] = seed
    control = socket.socket(fileno=int(descriptor))
    home.be_like_airflow()
    sys.argv[:] = [home.command(), "dag-processor"]
    try:
        said, shares = _load(home.settle(work))
    except BaseException:  # noqa: BLE001 - Airflow's configuration and local settings may raise or exit
        said, shares = {"failed": examine.shortened(traceback.format_exc())}, []
    serve(control, said, shares)


def serve(control: socket.socket, said: dict[str, Any], shares: Sequence[worker.Share]) -> None:
    """Says what was found, then forks for each order and tells how the children end; never returns."""
    children: dict[int, int] = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    _say(control, said)
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if control.fileno() in ready:
            order, descriptors, _, _ = socket.recv_fds(control, ORDER.size, 2)
            if not order:
                break
            share, serial = ORDER.unpack(order)
            pid = os.fork()
            if pid == 0:
                _leave(control.detach(), woken, wake)
                channel, log = descriptors
                worker.live(channel, log, shares[share])
            for descriptor in descriptors:
                os.close(descriptor)
            children[pid] = serial
            _say(control, {"serial": serial, "pid": pid})
        if woken in ready:
            os.read(woken, 512)
        for pid, status in _ended(children):
            _say(control, {"serial": children.pop(pid), "status": status})
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)  # Airflow's exit handlers have nothing to tidy up here


def _leave(*descriptors: int) -> None:
    """Lets a child have nothing of what its parent hears and says."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in descriptors:
        os.close(descriptor)


def _ended(children: Iterable[int]) -> list[tuple[int, int]]:
    ended = (os.waitpid(pid, os.WNOHANG) for pid in children)
    return [(pid, status) for pid, status in ended if pid]


def _say(control: socket.socket, what: Any) -> None:
    control.sendall(line(what))


def _load(job: dict[str, Any]) -> tuple[dict[str, Any], list[worker.Share]]:
    gc.disable()  # nothing of what is imported here becomes garbage
    airflow = load()
    trees = [(_CURRENT, airflow)]
    trees += [(kept["version"], airflow.of(kept["root"])) for kept in job.get("earlier", [])]
    versions, shares = [], []
    for version, tree in trees:
        limits: list[float] = []
        paths: list[str] = []
        failed = ""
        try:
            if version != _CURRENT:
                os.listdir(tree.root)  # Airflow takes a directory that is not there for an empty one
            paths = tree.files()
            limits = [_limit(tree, path, float(job["import_timeout"])) for path in paths]
        except BaseException:  # noqa: BLE001 - it is the finding
            failed = examine.shortened(traceback.format_exc())
            paths, limits = [], []
        files = [os.path.relpath(path, tree.root) for path in paths]
        versions.append({"version": version, "root": tree.root, "failed": failed, "files": files, "limits": limits})
        versions[-1]["hidden"] = hidden.hidden(tree.root, tree.top) if version == _CURRENT and not failed else []
        shares.append(_share(tree, paths, limits, kept=bool(job.get("keep")) and version == _CURRENT))
    airflow.warm_up([path for share in shares for path in share.paths])
    # The current one once more, and then with what its DAGs are serialized to: that is long, and seldom asked for.
    for with_texts in (False, True):
        shares.append(_share(airflow, shares[0].paths, shares[0].limits, again=True, with_texts=with_texts))
    gc.freeze()  # keeps the collector, and with it the copying of pages, off what every child shares
    # Airflow has no limit for plugins: this one is for those that never end.
    broken = plugins.broken(max(_PLUGINS_SECONDS, float(job["import_timeout"])))
    said: dict[str, Any] = {"failed": "", "airflow": airflow.version, "versions": versions, "plugins": broken}
    if job.get("keep") or job.get("before"):
        said |= {"tree": contents.files(airflow.root, airflow.top), "installed": contents.packages(sys.path)}
    return said, shares


def _share(
    airflow: Airflow,
    paths: Sequence[str],
    limits: Sequence[float],
    *,
    kept: bool = False,
    again: bool = False,
    with_texts: bool = False,
) -> worker.Share:
    watch = Watch(airflow.root, airflow.top)
    traces: list[Trace] = []

    def enter() -> None:
        gc.enable()
        airflow.enter_child()
        watch.start()
        if again:
            airflow.trust_what_is_serialized()
        traces.append(Trace(airflow.top, airflow.shared()))

    def examined(path: str) -> tuple[dict[str, Any], bool]:
        watch.forget()
        if again:
            seen = examine.again(airflow, path, with_texts=with_texts)
            # Whether a file leaves a process as it was is known from the first time.
            return seen, traces[0].taken_back() and not seen["errors"]
        seen = examine.examine(airflow, watch, path, with_texts=kept)
        if kept:
            seen["imports"] = _imported(watch, traces[0], airflow)
        for error in seen["errors"]:
            error["module"] = _missing(error["text"], airflow)
        plain = not (seen["errors"] or watch.network or watch.warnings)
        return seen, plain and traces[0].restored()

    return worker.Share(paths, limits, enter, examined, on_stdin=airflow.major > 2)  # noqa: PLR2004 - since 3.0


def _imported(watch: Watch, trace: Trace, airflow: Airflow) -> list[str]:
    try:
        return contents.imported([*watch.files, *trace.imported()], airflow.root)
    except Exception:  # noqa: BLE001 - what a file has put among the modules may answer with anything
        return [contents.UNKNOWN]


def _missing(text: str, airflow: Airflow) -> Optional[dict[str, Any]]:
    try:
        found: Optional[dict[str, Any]] = missing_modules.missing(text, airflow.root, airflow.top)
    except Exception:  # noqa: BLE001 - a file has put something in the way; then it is not known
        return None
    return found


def _limit(airflow: Airflow, path: str, default: float) -> float:
    try:
        limit = float(airflow.limit(path))
    except Exception:  # noqa: BLE001 - from local settings; the import of the file fails by it too, and is reported
        limit = default
    return (limit if limit > 0 else default) + _GRACE_SECONDS
