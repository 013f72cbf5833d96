"""Has files examined in forked processes, a few at a time, each file with a deadline; keeps every result itself.

A process goes on to another file only while it can be left as it was found (`importer.side_effects`); otherwise it
ends, and the next file gets a fresh one, as every file does in the dag-processor. Forking for each of them would cost
four times what importing a plain DAG file does, nearly all of it in copied pages.

What a process says is about the file that it was given and no other. A file whose process is over and has not answered
has that for its outcome: every process that is started brings the end nearer.
"""

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Optional

from .stem_handle import Stem
from .worker_handle import Worker

_REPORT_SECONDS = 0.5
# What a process that was killed gets to be over, and the stem to say so.
_END_SECONDS = 10.0


class Pool:
    """Processes that examine the files of a share.

    Args:
        stem: The process that forks them; it is started.
        share: Number of the share.
        limits: Seconds that each file gets.
        workers: Processes at a time.
        numbers: Which of the files; all of them without.
        spoilers: Files after which a process is not used again, whatever it says of itself.

    Attributes:
        spoilers: Those, and the files after which a process said that it was not as it had been.

    """

    def __init__(
        self,
        stem: Stem,
        share: int,
        limits: Sequence[float],
        workers: int,
        numbers: Optional[Sequence[int]] = None,
        *,
        spoilers: Iterable[int] = (),
    ) -> None:
        self._stem, self._share, self._limits, self._workers = stem, share, limits, workers
        self._numbers = range(len(limits)) if numbers is None else numbers
        self.spoilers = set(spoilers)
        self._outcomes: dict[int, dict[str, Any]] = {}
        self._left = deque(self._numbers)
        # Those that were out when the stem ended: each again, alone, to see whose doing it was.
        self._suspects: deque[int] = deque()
        self._running: dict[int, Worker] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, say: Callable[[str], None]) -> list[dict[str, Any]]:
        """Returns the outcome of each file, in order; `say` is told how many are done."""
        self._selector.register(self._stem, selectors.EVENT_READ)
        due = time.monotonic() + _REPORT_SECONDS
        try:
            # One that has answered may still have done something to the others.
            while len(self._outcomes) < len(self._numbers) or self._running:
                self._start()
                for key, _ in self._selector.select(self._patience()):
                    if key.data is None:
                        self._hear()
                    elif key.data.open:  # else it ended in the same breath
                        self._take(key.data)
                self._end_late()
                if time.monotonic() >= due:
                    self._tell(say)
                    due = time.monotonic() + _REPORT_SECONDS
        finally:
            for worker in self._running.values():
                worker.kill()
                worker.close()
            self._selector.close()
        self._tell(say)
        return [self._outcomes[number] for number in self._numbers]

    def _tell(self, say: Callable[[str], None]) -> None:
        say("%d of %d files" % (len(self._outcomes), len(self._numbers)))

    def _start(self) -> None:
        while self._suspects or self._left:
            alone = bool(self._suspects) or any(worker.alone for worker in self._running.values())
            if len(self._running) >= (1 if alone else self._workers):
                return
            worker = Worker(self._selector, alone=alone)
            number = (self._suspects or self._left).popleft()
            worker.give(number, self._limits[number])
            self._running[worker.fork(self._stem, self._share)] = worker

    def _take(self, worker: Worker) -> None:
        answer = worker.hear()
        if answer is None:
            return
        self._outcomes[answer.number] = {"seen": answer.seen}
        if not answer.clean:
            self.spoilers.add(answer.number)
        if answer.number not in self.spoilers and self._left and not worker.alone:
            number = self._left.popleft()
            worker.give(number, self._limits[number])
        else:
            worker.dismiss(_END_SECONDS)

    def _hear(self) -> None:
        said = self._stem.heard()
        if said is None:
            self._restart()
            return
        for each in said:
            worker = self._running.get(each["serial"])  # none: of the share before
            if worker is None:
                continue
            if "pid" in each:
                worker.pid = each["pid"]
            else:
                worker.status = each["status"]
                self._finish(each["serial"])

    def _finish(self, serial: int) -> None:
        """Takes what a process that is over has left."""
        worker = self._running.pop(serial)
        worker.kill()  # what it left behind
        answer = worker.hear()
        if answer is not None:
            self._outcomes[answer.number] = {"seen": answer.seen}
        elif worker.number is not None:
            self._outcomes[worker.number] = {"seen": None, "died": worker.death()}
        worker.close()

    def _restart(self) -> None:
        """Starts another stem in place of one that is gone, and finds out which file it is gone with."""
        had = [number for worker in self._running.values() for number in worker.had]
        for worker in self._running.values():
            worker.kill()
        for worker in self._running.values():
            worker.hear()
            if len(had) == 1 and worker.had:
                self._outcomes[had[0]] = {"seen": None, "died": dict(worker.death(), lost=True)}
            worker.close()
        if len(had) > 1:
            self._suspects.extend(had)
            for number in had:
                self._outcomes.pop(number, None)
        self._running.clear()
        self._selector.unregister(self._stem)
        self._stem.start()
        self._selector.register(self._stem, selectors.EVENT_READ)

    def _end_late(self) -> None:
        for worker in self._running.values():
            if time.monotonic() < worker.deadline:
                continue
            if worker.killed:
                self._restart()  # the stem does not say what must be so by now
                return
            worker.killed = True
            worker.deadline = time.monotonic() + _END_SECONDS
            worker.kill()

    def _patience(self) -> float:
        now = time.monotonic()
        until = min((worker.deadline - now for worker in self._running.values()), default=_REPORT_SECONDS)
        return max(0.01, min(_REPORT_SECONDS, float(until)))
