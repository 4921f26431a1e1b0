"""What git says about the code that runs: asked for briefly, changing nothing, running nothing of the repository's."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from pathlib import Path

import attrs

from mlopskit.records.environment import Code

LONGEST_DIFF = 256 * 1024
MOST_UNTRACKED = 500
_LONGEST_STATUS = 1024 * 1024
_LONGEST_ANSWER = 64 * 1024
_SECONDS = 2.0
_MOMENT = 5.0
# No lock on the index, no question to the user, no fetch of what a partial clone lacks, messages as written below.
_VARIABLES = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_SAFE = ("--no-pager", "-c", "core.fsmonitor=", "-c", "core.quotePath=false")
_DIFF = (
    *("diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative"),
    *("--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)
_CREDENTIALS = re.compile(r"(?<=://)[^/]*@")  # a password may hold an @ that nobody encoded
_QUERY = re.compile(r"[?#].*", re.DOTALL)

_asked: dict[Path, tuple[float, Code]] = {}


def repository(folder: Path) -> Path | None:
    """Return the root of the git repository that a folder belongs to; None if it belongs to none."""
    return next((root for root in (folder, *folder.parents) if (root / ".git").exists()), None)


def code_at(root: Path) -> Code:
    """Ask git about a repository, and remember the answer for five seconds.

    Parameters
    ----------
    root : Path
        Where its ``.git`` is.

    Returns
    -------
    Code
        Without script and command; what git did not tell within two seconds a question is not known.
    """
    asked, code = _asked.get(root, (0.0, Code()))
    if asked and time.monotonic() - asked < _MOMENT:
        return code
    try:
        code = _code(root)
    except (OSError, ValueError):  # no git on this machine, or it can not be started in that folder
        code = Code()
    _asked[root] = time.monotonic(), code
    return code


def without_credentials(url: str) -> str:
    """Cut user, password and query off an address.

    Examples
    --------
    >>> without_credentials("https://ana:hunter2@git.example.com/flights.git?token=1")
    'https://git.example.com/flights.git'
    >>> without_credentials("git@example.com:flights.git")
    'git@example.com:flights.git'
    """
    return _QUERY.sub("", _CREDENTIALS.sub("", url))


def _code(root: Path) -> Code:
    commit, branch = [*(_answer(root, "rev-parse", "HEAD", "--abbrev-ref", "HEAD") or "").split("\n"), "", ""][:2]
    status, status_cut, known = _output(
        root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", limit=_LONGEST_STATUS
    )
    entries = status.split("\0")[:-1]
    untracked = [entry[3:] for entry in entries if entry.startswith("?? ")]
    code = Code(
        commit=commit,
        branch="" if branch == "HEAD" else branch,
        remote=_remote(root),
        dirty=len(untracked) < len(entries) if known else None,
        untracked=tuple(untracked[:MOST_UNTRACKED]),
        untracked_cut=status_cut or len(untracked) > MOST_UNTRACKED,
    )
    if code.dirty is False or not commit:
        return code
    diff, cut, known = _output(root, *_DIFF, limit=LONGEST_DIFF)
    return attrs.evolve(code, diff=diff, diff_cut=cut or not known)


def _remote(root: Path) -> str:
    listed = (_answer(root, "config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines()
    addresses = {name: address for name, _, address in (line.partition(" ") for line in listed)}
    return without_credentials(addresses.get("remote.origin.url") or next(iter(addresses.values()), ""))


def _answer(root: Path, *arguments: str) -> str | None:
    text, cut, known = _output(root, *arguments, limit=_LONGEST_ANSWER)
    return text.rstrip("\n") if known and not cut else None


def _output(root: Path, *arguments: str, limit: int) -> tuple[str, bool, bool]:
    """Return what git prints, whether that was more than `limit` bytes, and whether git came to its end or that far."""
    process = subprocess.Popen(
        ["git", *_SAFE, *arguments],
        cwd=root,
        env=os.environ | _VARIABLES,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    deadline = threading.Timer(_SECONDS, process.kill)
    deadline.daemon = True
    deadline.start()
    try:
        with process:
            data = process.stdout.read(limit + 1) if process.stdout else b""
            cut = len(data) > limit
            if cut:
                process.kill()
    finally:
        deadline.cancel()
    return data[:limit].decode("utf-8", "replace"), cut, cut or process.returncode == 0
