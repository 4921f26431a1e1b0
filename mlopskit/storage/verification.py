"""Whether a log's commits hold together: an unbroken chain, and the head that was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import attrs

from mlopskit.errors import DamagedError
from mlopskit.storage.commit import START, Commit, Head


@attrs.frozen
class Verification:
    """What reading a whole log again found.

    Attributes
    ----------
    head : Head
        The last commit that is connected to the first by an unbroken chain.
    problems : tuple of str
        A sentence for each problem, naming the commit; empty if the history is whole.
    """

    head: Head
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    def raise_if_damaged(self) -> None:
        """Raise `DamagedError` with all problems, if there are any."""
        if self.problems:
            raise DamagedError("; ".join(self.problems))


def broken_links(commits: Sequence[Commit | None], log: str) -> Iterator[str]:
    """Name each commit whose successor follows from another one; None stands for one that can not be read."""
    if commits and commits[0] is not None and commits[0].previous:
        yield f"commit 1 of {log} was changed: it claims that another came before."
    for before, after in pairwise(commits):
        if before is not None and after is not None and after.previous != before.digest:
            yield f"commit {before.number} of {log} was changed: commit {after.number} follows from another."


def disagreements(commits: Sequence[Commit | None], published: Head | None, log: str) -> Iterator[str]:
    """Say how the commits differ from a head that was published, if they do."""
    if published is None or published == START:
        return
    if published.number > len(commits):
        yield f"{log} ends at commit {len(commits)}, but {published.number} was published: the tail was cut off."
        return
    commit = commits[published.number - 1]
    if commit is not None and commit.digest != published.digest:
        yield f"commit {published.number} of {log} is not the one whose digest was published."


def end_of_chain(commits: Sequence[Commit | None]) -> Head:
    """Return the last commit that an unbroken chain connects to the first."""
    head = START
    for commit in commits:
        if commit is None or commit.previous != head.digest:
            break
        head = Head(commit.number, commit.digest)
    return head
