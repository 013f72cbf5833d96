"""Ctrl-C, SIGTERM and SIGHUP end a task in order: the first stops it, those that follow only hurry what is ending.

A second exception in the middle of cleaning up would leave the rest undone: a program goes on writing to the cluster,
and the lease that kept others away is given back.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What is cleaned up is cleaned up within this, seconds. A signal after that means what goes on since.
_ORDERLY = 60.0


class _State:
    first = 0.0  # when the one came that is being obeyed, monotonic; 0 for none
    put_off = 0
    pending = False
    count = 0
    told: "list[Callable[[bool], None]]"

    def __init__(self) -> None:
        self.told = []


_state = _State()


@contextmanager
def heard() -> Iterator[None]:
    """Has the signals interrupt the block, but for those that whoever started this wants to be ignored, as nohup."""
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    _state.first = 0.0
    for one, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(one, _hear)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def put_off() -> Iterator[None]:
    """Has an interruption that comes within the block come at its end."""
    if threading.current_thread() is not threading.main_thread():  # which is where they come
        yield
        return
    _state.put_off += 1
    try:
        yield
    finally:
        _state.put_off -= 1
        if _state.pending and not _state.put_off:
            _state.pending = False
            raise KeyboardInterrupt


def count() -> int:
    """Returns how many signals were heard: a program that starts while one comes is not among those that it ends."""
    return _state.count


def tell(act: Callable[[bool], None]) -> None:
    """Has `act` called at each signal: with true where what is ending is to be hurried."""
    _state.told.append(act)


def _hear(*_: object) -> None:
    _state.count += 1  # before anything else: see `count`
    again = bool(_state.first) and time.monotonic() - _state.first < _ORDERLY
    for act in _state.told:
        act(again)
    if again:
        return
    _state.first = time.monotonic()
    if _state.put_off:
        _state.pending = True
        return
    raise KeyboardInterrupt
