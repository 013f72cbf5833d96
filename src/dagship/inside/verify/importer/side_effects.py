"""Finds what a DAG file leaves behind in the process that imported it, and takes back what it can.

A helper module that stays imported, a directory that stays in `sys.path`, or a function of Python that is another one
now, would let the next file pass, or fail, for a reason that it does not have in the dag-processor, where every file
has a process of its own.
"""

import builtins
import datetime as dt
import decimal
import io
import json
import locale
import logging
import operator
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

# Modules of these packages hold nothing of a DAG file's; Airflow imports its own late, whoever comes first.
_NEUTRAL = frozenset(getattr(sys, "stdlib_module_names", ())) | {"airflow"}
# What is replaced in place, by those who replace something. What they gain meanwhile is no one else's loss.
_MODULES = (
    builtins, dt, decimal, io, json, locale, logging, os, os.path, random, signal, socket, subprocess, sys,
    tempfile, threading, time, warnings,
)  # fmt: skip
# Airflow leaves a handler of its own for SIGALRM, another for each file.
_SIGNALS = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM})
# They change by themselves.
_PASSING = {"last_type", "last_value", "last_traceback", "last_exc", "_", "__warningregistry__", "path"}


class Trace:
    """What must be the same after a file as before the first one.

    Args:
        root: The DAG directory, or the directory that it lies in with all that is included.
        also: More names whose values nobody may replace.

    """

    def __init__(self, root: str, also: Iterable[Mapping[str, Any]] = ()) -> None:
        self._root = root.rstrip(os.sep) + os.sep
        self._path = list(sys.path)
        self._modules = dict(sys.modules)
        self._there = self._below(map(_file, self._modules.values()))
        self._watched = [*map(vars, _MODULES), *also]
        self._attributes = [_kept(each) for each in self._watched]
        self._state = _state()

    def restored(self) -> bool:
        """Takes back what can be, the tree's own modules and `sys.path`, and returns whether all is as it was."""
        try:
            return self._restored()
        except Exception:  # noqa: BLE001 - what a file has put in the way may answer with anything
            return False

    def imported(self) -> list[str]:
        """Returns the files of the tree that modules were imported from, those that were there before among them."""
        new = [sys.modules[name] for name in sys.modules.keys() - self._modules.keys()]
        return [*self._there, *self._below(getattr(module, "__file__", None) for module in new)]

    def _below(self, files: Iterable[Any]) -> list[str]:
        return [file for file in files if isinstance(file, str) and file.startswith(self._root)]

    def taken_back(self) -> bool:
        """Takes back what can be, and looks at nothing else; False where that cannot be done."""
        try:
            self._take_back()
        except Exception:  # noqa: BLE001 - as in `restored`
            return False
        return True

    def _take_back(self) -> list[str]:
        """Takes back what can be, and returns the names of other modules that came."""
        others = []
        for name in sys.modules.keys() - self._modules.keys():
            if self._of_tree(sys.modules[name]):
                del sys.modules[name]
            else:
                others.append(name)
        sys.path[:] = self._path
        return others

    def _restored(self) -> bool:
        others = self._take_back()
        return (
            all(name.partition(".")[0] in _NEUTRAL for name in others)
            and _same(sys.modules, self._modules)
            and all(map(_same, self._watched, self._attributes))
            and _state() == self._state
        )

    def _of_tree(self, module: Any) -> bool:
        """Whether a module, or a package without a file of its own, lies in the tree."""
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        return any(isinstance(place, str) and place.startswith(self._root) for place in places)


def _file(module: Any) -> Any:
    """The file of a module, without asking it: it may be one that is loaded when it is asked."""
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None


def _kept(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in _PASSING}


def _same(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether every name stands for what it stood for."""
    return all(map(operator.is_, map(now.get, before), before.values()))


def _state() -> tuple[Any, ...]:
    root = logging.getLogger()
    context = decimal.getcontext()
    return (
        list(sys.argv),
        dict(os.environ),
        _directory(),
        _mask(),
        threading.active_count(),
        (os.getppid(), _has_children()),
        [signal.getsignal(number) for number in _SIGNALS],
        signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        [*warnings.filters],
        [*sys.meta_path, *sys.path_hooks, sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()],
        [root.level, logging.root.manager.disable, logging.getLoggerClass(), logging.getLogRecordFactory()],
        [*root.handlers, *root.filters],
        [stream is not None and not stream.closed for stream in (sys.stdin, sys.stdout, sys.stderr)],
        [_inode(descriptor) for descriptor in (0, 1, 2)],
        locale.setlocale(locale.LC_ALL),
        socket.getdefaulttimeout(),
        time.tzname,
        (context.prec, context.rounding, str(context.traps)),
    )


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _inode(descriptor: int) -> tuple[int, int]:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return -1, -1
    return found.st_dev, found.st_ino
