"""The git repository of a sync: fetches, lists and checks out commits. It holds objects alone, no work tree."""

import contextlib
import os
import re
import shutil
import signal

from .. import child, store
from ..settings import Settings
from .program import LARGER, LIMIT, Failed, NoRoom, Program

_FIRST_LIMIT = 600.0
_NO_MATCH = 2

# A version with more is no directory of DAGs; and what lists them has to end.
_MOST_FILES, _LONGEST_LIST = 100_000, 20_000_000
# Of the size that is given: whoever watches it may count otherwise, and takes the pod away for more.
_USABLE = 0.95

__all__ = ["Failed", "Git", "NoRoom", "NoSuchRef", "NoSuchTree"]


class NoSuchRef(Exception):  # noqa: N818 - as above
    """The remote answers, and does not have what is to be followed; the text is a sentence."""


class NoSuchTree(Exception):  # noqa: N818 - as above
    """The commit has no such directory; the text is a sentence."""


class Git:
    """The store of a repository.

    Args:
        settings: The repository and what is followed.
        place: Directory of the store; made when it is missing.
        scratch: Directory of this process, for HOME and credentials.
        lock: File descriptor of the lock on the store, which is held until every git ended.
        until: Moment of `time.monotonic` at which patience ends.

    """

    def __init__(self, settings: Settings, place: str, scratch: str, lock: int, until: float = float("inf")) -> None:
        self._settings, self._store, self._scratch = settings, place, scratch
        self._git = Program(settings, place, scratch, lock, until)

    def fetch_tip(self) -> str:
        """Fetches what is followed and returns its commit; history that was rewritten is no obstacle.

        Raises:
            NoSuchRef: The remote does not have it.
            NoRoom: The volume cannot take it.
            Failed: The remote could not be asked.

        """
        self._prepare()
        first = not os.path.exists(os.path.join(self._store, "refs", "dagship"))
        if first and (there := self._look_for_it()).code != 0:
            raise self._git.failed(f"fetch from {self._git.host}", there)
        # All of a large repository takes longer than anybody who waits for a sign of life has patience.
        fetched = self._fetch(f"+{self._settings.source}:refs/dagship/tip", self._settings.depth, patient=first)
        if fetched.code != 0:
            failed = self._git.failed(f"fetch from {self._git.host}", fetched)
            if isinstance(failed, NoRoom) or self._look_for_it().code != 0:
                raise failed
            # The remote is fine, so it is the store: what a power failure left behind. It is fetched anew.
            shutil.rmtree(self._store)
            self._prepare()
            fetched = self._fetch(f"+{self._settings.source}:refs/dagship/tip", self._settings.depth)
            if fetched.code != 0:
                raise self._git.failed(f"fetch from {self._git.host}", fetched)
        return self._commit("refs/dagship/tip")

    def _look_for_it(self) -> child.Ended:
        there = self._git.remote("ls-remote", "--exit-code", "--", self._settings.url, self._settings.source)
        if there.code == _NO_MATCH:
            raise NoSuchRef(f"The repository {self._settings.shown_url} has no {self._settings.ref}.")
        return there

    def history(self, count: int) -> list[str]:
        """Fetches some of the history of what is followed and returns its commits, the newest first.

        Raises:
            Failed: The remote could not be asked.

        """
        if 0 < self._settings.depth < count:
            fetched = self._fetch(f"+{self._settings.source}:refs/dagship/tip", count)
            if fetched.code != 0:
                raise self._git.failed(f"fetch from {self._git.host}", fetched)
        return self._git.local("rev-list", "--first-parent", f"--max-count={count}", "refs/dagship/tip").out.split()

    def fetch_commit(self, commit: str) -> None:
        """Fetches one commit, or where the server gives none by its name, the history of what is followed.

        Raises:
            Failed: The remote could not be asked, or does not have it.

        """
        self._prepare()
        if self.has(commit) or self._fetch(commit, 1).code == 0:
            return
        fetched = self._fetch(f"+{self._settings.source}:refs/dagship/history", 0)
        if fetched.code != 0:
            raise self._git.failed(f"fetch from {self._git.host}", fetched)
        if not self.has(commit):
            raise Failed(f"The repository {self._settings.shown_url} has no commit {commit} in {self._settings.ref}.")

    def has(self, commit: str) -> bool:
        """Whether the store has a commit, with its files."""
        return self._git.local("rev-list", "--objects", "--no-walk", "--quiet", commit).code == 0

    def check_out(self, commit: str, path: str, into: str) -> None:
        """Writes a directory of a commit to a place where there is none.

        Args:
            commit: The commit.
            path: The directory in it; empty for all of it.
            into: The place.

        Raises:
            NoSuchTree: The commit has no such directory, or one of too many files.
            NoRoom: The volume cannot take it.
            Failed: It could not be written.

        """
        tree = f"{commit}:{path}"
        kind = self._git.local("cat-file", "-t", tree)
        if kind.code != 0 or kind.out.strip() != "tree":
            raise NoSuchTree(f"There is {f'no directory {path!r}' if path else 'no files'} in it.")
        size = self._size(tree)
        room = self._room()
        if size > room:
            raise NoRoom(f"It has files of {_mb(size)}, and the volume has room for {_mb(max(0, room))}. {LARGER}")
        os.mkdir(into)
        index = os.path.join(self._scratch, "index")
        if os.path.exists(index):
            os.remove(index)
        for argv in (("read-tree", tree), ("checkout-index", "--all", "--force", f"--prefix={into}/")):
            done = self._git.local(*argv, index=index, work_tree=into, largest=max(0, room))
            if done.code != 0:
                raise self._git.failed(argv[0], done)

    def _size(self, tree: str) -> int:
        """Bytes of all files of a tree: a small store can hold a tree of any size."""
        listed = self._git.local("ls-tree", "-r", "-l", "-z", tree, largest=_LONGEST_LIST, most=_LONGEST_LIST)
        entries = listed.out.split("\0")[:-1]
        if listed.code == -signal.SIGXFSZ or len(entries) > _MOST_FILES:
            raise NoSuchTree(f"It has more than {_MOST_FILES} files.")
        if listed.code != 0:
            raise self._git.failed("ls-tree", listed)
        sizes = (entry.partition("\t")[0].split()[3] for entry in entries)
        return sum(int(size) for size in sizes if size.isdigit())  # a submodule has none

    def _room(self) -> int:
        """Bytes that may still be written to the volume."""
        if self._settings.size:
            return int(self._settings.size * _USABLE) - store.used(self._settings.root)
        there = os.statvfs(self._settings.root)
        return there.f_bavail * there.f_frsize

    def tidy(self) -> None:
        """Removes what nothing refers to, when there is much of it."""
        self._git.local("gc", "--auto", "--quiet", largest=max(0, self._room()))

    def shrink(self) -> None:
        """Removes what nothing refers to: a fetch of one commit leaves the files of the one before."""
        packs = os.path.join(self._store, "objects", "pack")
        with contextlib.suppress(Failed):  # what takes too long stays
            self._git.local("prune", "--expire=now")
            # It writes before it removes. Where there is one pack, this was done, or there is little to win.
            if os.path.isdir(packs) and sum(name.endswith(".pack") for name in os.listdir(packs)) > 1:
                self._git.local("repack", "-a", "-d", "--quiet", largest=max(0, self._room()))

    def _prepare(self) -> None:
        """Makes the store, and takes away what a killed git left locked."""
        self._sweep()
        if self._git.local("rev-parse", "--git-dir").code != 0:
            shutil.rmtree(self._store, ignore_errors=True)
            made = self._git.local("init", "--quiet", "--bare", "--template=", "--", self._store)
            if made.code != 0:
                raise self._git.failed("init", made)

    def _sweep(self) -> None:
        """Removes what a git that was killed left half-made: nobody else holds the lock."""
        for directory, _, names in os.walk(self._store):
            for name in names:
                if name.endswith(".lock") or name.startswith(("tmp_pack_", "tmp_idx_", "tmp_obj_")):
                    os.remove(os.path.join(directory, name))

    def _fetch(self, refspec: str, depth: int, *, patient: bool = False) -> child.Ended:
        argv = ["fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
        if depth:
            argv.append(f"--depth={depth}")
        elif os.path.exists(os.path.join(self._store, "shallow")):
            argv.append("--unshallow")
        first = not os.path.exists(os.path.join(self._store, "refs", "dagship"))
        limit = _FIRST_LIMIT if first else LIMIT
        largest = max(0, self._room())
        command = (*argv, "--", self._settings.url, refspec)
        fetched = self._git.remote(*command, limit=limit, patient=patient, largest=largest)
        if fetched.code != 0:
            self._sweep()  # half of what is too large would keep the room from all else
        return fetched

    def _commit(self, name: str) -> str:
        found = self._git.local("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.code != 0 or not re.fullmatch(r"[0-9a-f]{40,64}", found.out.strip()):
            raise NoSuchRef(f"The {self._settings.ref} of {self._settings.shown_url} is not a commit.")
        return found.out.strip()


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
