"""A program in a clean process: one that has nothing of the program that starts it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

SECONDS = 120.0
"""How long a clean process may take unless more is asked for: loading some libraries takes half a minute."""


class Ended(NamedTuple):
    """How the process ended.

    Attributes
    ----------
    answer : bytes
        What it wrote to the file it was given, as far as it came.
    code : int or None
        Its exit code, negative if a signal ended it; None if the time was up.
    """

    answer: bytes
    code: int | None


def run_clean(program: Path, question: bytes, *, seconds: float = SECONDS) -> Ended:
    """Run a file with ``python -I`` in an empty folder: no current folder, no PYTHONPATH, no user's packages.

    Parameters
    ----------
    program : Path
        A Python file, which finds the question on standard input and in ``sys.argv[1]`` the path for its answer.
    question : bytes
    seconds : float
        After them the process is killed.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     program = Path(folder, "program.py")
    ...     _ = program.write_text("import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read()[::-1])")
    ...     run_clean(program, b"abc")
    Ended(answer=b'cba', code=0)
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer")
        empty = Path(folder, "empty")
        empty.mkdir()
        try:
            code: int | None = subprocess.run(
                [sys.executable, "-I", str(program.resolve()), str(answer)],
                input=question,
                capture_output=True,
                cwd=empty,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
        return Ended(answer.read_bytes() if answer.exists() else b"", code)
