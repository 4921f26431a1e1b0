"""`CommitLog`: numbered immutable commits, exactly one winner each; here, and only here, a commit is made.

A commit is one small file whose name is its number and which is created exclusively, so that of
any number of writers one wins. It carries the digest of the commit before it, so that editing,
removing or reordering history shows. Folding the commits in order gives the state; a checkpoint
keeps that state now and then, so that reading does not grow with history. A checkpoint is a
cache, and losing it loses nothing. It is believed where the commit it was made after is the one
on the store; that its state follows from the commits is what `verify` replays.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from mlopskit.errors import ConflictError, DamagedError, FormatError, MlopskitError, StoreError
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.commit import START, Change, Commit, Head, commit_bytes, commit_from_bytes, this_user
from mlopskit.storage.store import Store, StoreLike, checked_name
from mlopskit.storage.verification import Verification, broken_links, disagreements, end_of_chain

CHECKPOINT_EVERY = 64
PATIENCE_SECONDS = 60.0
_READ_AHEAD = 64  # commits asked for at once, at most
_LONGEST_COURTESY = 1.0  # seconds that a winner waits before its next try, at most
_MOST_RIVALS = 16
_FADING = 0.9  # what is left, one commit later, of the number of rivals met

State = TypeVar("State")


class CommitLog(Generic[State]):
    """An ordered history that many writers extend, and the state that it adds up to.

    Parameters
    ----------
    store : Store, str or path
        Where the log lies.
    folder : str
        The log's name, such as ``"registry/flight-delays"``.
    initial : JSON-able
        The state before the first commit.
    apply : callable
        ``apply(state, commit) -> state``: a pure function; it returns a new state and never
        changes the one it was given.
    fold : int, default 1
        Raise it when `apply` comes to mean something else: older checkpoints are then ignored.

    Examples
    --------
    >>> log = CommitLog("memory://docs-log", "counter", initial=0, apply=lambda total, commit: total + 1)
    >>> log.commit(lambda total: Change("count", {"seen": total}), actor="ana").number
    1
    >>> log.state()
    1
    >>> log.verify().ok
    True
    """

    def __init__(
        self,
        store: StoreLike,
        folder: str,
        *,
        initial: State,
        apply: Callable[[State, Commit], State],
        fold: int = 1,
    ) -> None:
        self.store = Store.of(store)
        self.folder = checked_name(folder)
        self._initial = initial
        self._apply = apply
        self._fold = fold
        self._state = initial
        self._head = START
        self._checkpointed = 0
        self._started = False
        self._rivals = 0.0
        self._courtesy_until = 0.0
        self._lock = threading.RLock()

    def state(self) -> State:
        """Return the state after every commit acknowledged before this call; do not change it.

        Raises
        ------
        DamagedError
            If a commit is unreadable or does not follow from the one before it.
        """
        with self._lock:
            self._catch_up()
            return self._state

    def head(self) -> Head:
        """Return number and digest of the last commit, as `state` sees it."""
        with self._lock:
            self._catch_up()
            return self._head

    def commits(self) -> Iterator[Commit]:
        """Read the history from its beginning, checking every link.

        Raises
        ------
        DamagedError
            As for `state`.
        """
        head = START
        while batch := self._read_after(head, _READ_AHEAD):
            for commit in batch:
                yield commit
                head = Head(commit.number, commit.digest)

    def commit(self, intent: Callable[[State], Change | None], *, actor: str | None = None) -> Commit | None:
        """Append what `intent` wants, checked against the newest state.

        `intent` may be called several times: whenever another writer was first, it is asked
        again with the state that writer left. When this returns, the commit is on the store.

        Parameters
        ----------
        intent : callable
            ``intent(state) -> Change``, or None if there is nothing to do. It may raise, for
            instance `ConflictError`, to refuse.
        actor : str, optional
            Who commits; default the name of this user.

        Returns
        -------
        Commit or None
            The commit made; None if `intent` had nothing to do.

        Raises
        ------
        ConflictError
            If other writers were first for a whole minute.
        """
        actor = actor or this_user()
        deadline, missed = time.monotonic() + PATIENCE_SECONDS, 1
        with self._lock:
            self._give_way()
            while True:
                change, head = self._decide(intent)
                if change is None:
                    return None
                began = time.monotonic()
                commit = self._put(change, head, actor)
                took = time.monotonic() - began
                if commit is not None:
                    self._courtesy_until = time.monotonic() + min(self._rivals * took, _LONGEST_COURTESY)
                    self._rivals *= _FADING
                    return commit
                if time.monotonic() > deadline:
                    raise ConflictError(f"{self}: other writers were first for {PATIENCE_SECONDS:g} s; try again.")
                time.sleep(random.uniform(0, took))  # noqa: S311 - spreads writers, hides nothing
                missed = self._overtake(missed)
                self._meet(missed)

    def _give_way(self) -> None:
        """Wait before the next commit as long as this writer owes it to others.

        Whoever wins is one request from winning again, while the others must first read what they
        missed: without this, one writer of many would win nearly always.
        """
        if (pause := self._courtesy_until - time.monotonic()) > 0:
            time.sleep(pause)
            known = self._head.number
            self._overtake(round(self._rivals))
            self._meet(self._head.number - known)

    def _meet(self, others: int) -> None:
        """Remember for some commits how many rivals there seem to be."""
        self._rivals = max(self._rivals, min(others, _MOST_RIVALS))

    def verify(self, head: Head | None = None) -> Verification:
        """Read the whole history again and report whatever does not hold together.

        Finds unreadable, edited, missing and reordered commits and a wrong checkpoint. An edited
        *last* commit, or a tail cut off, shows only against a `head` published earlier.

        Parameters
        ----------
        head : Head, optional
            A head known from before, that must still be part of the history.
        """
        checkpoint = self.store.read_many([self._checkpoint_name]).get(self._checkpoint_name)
        last = max(self._listed_numbers(), default=0)
        problems: list[str] = []
        commits: list[Commit | None] = []
        for number in range(1, last + 1):
            try:
                commits.append(self._read_alone(number))
            except MlopskitError as error:
                commits.append(None)
                problems.append(str(error))
        problems.extend(broken_links(commits, str(self)))
        problems.extend(disagreements(commits, head, str(self)))
        if not problems and checkpoint is not None:
            problems.extend(self._checkpoint_problems(checkpoint, last))
        return Verification(end_of_chain(commits), tuple(problems))

    def __repr__(self) -> str:
        return f"CommitLog({self.folder!r} in {self.store})"

    __str__ = __repr__

    # -- reading ---------------------------------------------------------------------------

    def _name(self, number: int) -> str:
        return f"{self.folder}/log/{number:08}.json"

    def _catch_up(self) -> None:
        """Fold in all commits after the head. Listing is never asked where the log ends.

        The end is where the first name is free that was asked for after this began; going on from there
        would be to run after those who write meanwhile. One look further shows whether a commit was removed.
        """
        if not self._started:
            self._start_from_checkpoint()
        ahead = 1
        try:
            while (found := self._fold_next(ahead)) == ahead:
                ahead = min(2 * ahead, _READ_AHEAD)
            if found:
                self._fold_next(ahead)
        except DamagedError:
            if not self._checkpointed:
                raise
            self._reset()  # it may be the checkpoint that is wrong: the commits decide
            self._catch_up()

    def _overtake(self, ahead: int) -> int:
        """Fold in all commits after the head, about `ahead` by guess; how many there were, at least 1.

        The last look is at one name alone, so that little time passes between seeing that it is
        free and trying to take it.
        """
        folded, ahead = 0, min(ahead, _READ_AHEAD)
        while ahead > 1 and (found := self._fold_next(ahead)):
            folded += found
            ahead = min(2 * ahead, _READ_AHEAD) if found == ahead else 1
        while self._fold_next(1):
            folded += 1
        return max(folded, 1)

    def _fold_next(self, count: int) -> int:
        """Fold in up to `count` commits after the head; how many there were."""
        commits = self._read_after(self._head, count)
        for commit in commits:
            self._advance(commit)
        return len(commits)

    def _advance(self, commit: Commit) -> None:
        self._state = self._apply(self._state, commit)
        self._head = Head(commit.number, commit.digest)

    def _reset(self) -> None:
        self._state, self._head, self._checkpointed, self._started = self._initial, START, 0, True

    def _read_after(self, head: Head, count: int) -> list[Commit]:
        """Read up to `count` commits after `head`, those that are there without a gap."""
        numbers = range(head.number + 1, head.number + 1 + count)
        found = self.store.read_many(self._name(number) for number in numbers)
        commits: list[Commit] = []
        for number in numbers:
            data = found.pop(self._name(number), None)
            if data is None:
                break
            commit = _linked(commit_from_bytes(data, number, str(self)), head, self)
            commits.append(commit)
            head = Head(number, commit.digest)
        if found and not commits:
            self._refuse_gap(head.number + 1)
        return commits

    def _refuse_gap(self, number: int) -> None:
        """A later commit exists: either `number` has just been written, or somebody removed it."""
        if not self.store.read_many([self._name(number)]):
            raise DamagedError(
                f"commit {number} of {self} is missing, though later ones exist; restore it from a backup."
            )

    def _listed_numbers(self) -> list[int]:
        names = self.store.list(f"{self.folder}/log")
        return [int(stem) for name in names if (stem := name.rpartition("/")[2].removesuffix(".json")).isdigit()]

    # -- verifying -------------------------------------------------------------------------

    def _read_alone(self, number: int) -> Commit:
        data = self.store.read_many([self._name(number)]).get(self._name(number))
        if data is None:
            raise DamagedError(f"commit {number} of {self} is missing, though later ones exist.")
        return commit_from_bytes(data, number, str(self))

    def _checkpoint_problems(self, data: bytes, last: int) -> Iterator[str]:
        content = _checkpoint_content(data)
        if content is None:
            yield f"the checkpoint of {self} is not readable; delete {self._checkpoint_name}, it will be made again."
        elif content["fold"] != self._fold:
            return
        elif content["n"] > last:
            yield f"{self} ends at commit {last}, but its checkpoint is of {content['n']}: the tail was cut off."
        elif (content["head"], content["state"]) != self._replayed(content["n"]):
            yield f"the checkpoint of {self} does not follow from its commits; delete {self._checkpoint_name}."

    def _replayed(self, number: int) -> tuple[str, State]:
        digest, state = "", self._initial
        for commit in islice(self.commits(), number):
            digest, state = commit.digest, self._apply(state, commit)
        return digest, state

    # -- writing ---------------------------------------------------------------------------

    def _decide(self, intent: Callable[[State], Change | None]) -> tuple[Change | None, Head]:
        """Ask `intent`, on the state at hand if it agrees, so that a warm commit is one request."""
        if not self._started:
            self._catch_up()
        known = self._head
        try:
            if (change := intent(self._state)) is not None:
                return change, known
        except Exception:
            self._catch_up()
            if self._head == known:
                raise
            return self._decide_anew(intent)
        self._catch_up()
        return (None, known) if self._head == known else self._decide_anew(intent)

    def _decide_anew(self, intent: Callable[[State], Change | None]) -> tuple[Change | None, Head]:
        known = self._head
        return intent(self._state), known

    def _put(self, change: Change, head: Head, actor: str) -> Commit | None:
        """Try to make the commit after `head`; None if another writer was first."""
        if head != self._head:  # the intent itself read on: what it decided is out of date
            return None
        data = commit_bytes(change, head, actor)
        commit = commit_from_bytes(data, head.number + 1, str(self))
        state = self._apply(self._state, commit)
        due = commit.number - self._checkpointed >= CHECKPOINT_EVERY
        checkpoint = self._checkpoint_bytes(Head(commit.number, commit.digest), state) if due else None
        try:  # only now: what can not be folded or kept must not become history
            self.store.create(self._name(commit.number), data)
        except ConflictError:
            return None
        self._state, self._head = state, Head(commit.number, commit.digest)
        if checkpoint is not None:
            self._write_checkpoint(checkpoint, commit.number)
        return commit

    # -- checkpoints -----------------------------------------------------------------------

    @property
    def _checkpoint_name(self) -> str:
        return f"{self.folder}/checkpoint.json"

    def _checkpoint_bytes(self, head: Head, state: State) -> bytes:
        content = {"fold": self._fold, "n": head.number, "head": head.digest, "state": state}
        return encode({"v": 1, "sha256": hashlib.sha256(encode(content)).hexdigest(), "content": content})

    def _write_checkpoint(self, data: bytes, number: int) -> None:
        try:
            self.store.replace(self._checkpoint_name, data, durable=False)
        except StoreError:  # the commit itself stands; the next writer makes a checkpoint
            return
        self._checkpointed = number

    def _start_from_checkpoint(self) -> None:
        self._reset()
        content = self._read_checkpoint()
        if content is None or content["fold"] != self._fold:
            return
        number = content["n"]
        commit = self.store.read_many([self._name(number)]).get(self._name(number))
        if commit is None:
            raise DamagedError(
                f"commit {number} of {self} is missing, though its checkpoint is there: the tail was cut off. "
                f"Restore it from a backup, or delete {self._checkpoint_name} to go on from what is left."
            )
        if hashlib.sha256(commit).hexdigest() == content["head"]:
            self._state, self._checkpointed = content["state"], number
            self._head = Head(number, content["head"])

    def _read_checkpoint(self) -> dict[str, Any] | None:
        data = self.store.read_many([self._checkpoint_name]).get(self._checkpoint_name)
        return _checkpoint_content(data) if data else None


def _checkpoint_content(data: bytes) -> dict[str, Any] | None:
    """Return what a checkpoint says; None if it is not whole."""
    try:
        kept = decode(data)
        content: dict[str, Any] = kept["content"]
        return content if hashlib.sha256(encode(content)).hexdigest() == kept["sha256"] else None
    except (FormatError, KeyError, TypeError):
        return None


def _linked(commit: Commit, previous: Head, log: CommitLog[Any]) -> Commit:
    """Return `commit` if it follows from `previous`."""
    if commit.previous == previous.digest:
        return commit
    raise DamagedError(
        f"commit {commit.number} of {log} does not follow from the one before it: one of the two was changed; "
        "run verify() to see which, and restore it from a backup."
    )
