"""The program of the clean process of `SurvivesRoundTrip`: load a model, ask it, and tell all it answers.

It runs as a file of its own and imports nothing of mlopskit. Each answer is written down before the next question is
put, so that a question that ends the process is known.
"""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path
from typing import Any, BinaryIO

_LONGEST = 2000


def main() -> None:
    """Answer what stands on standard input, in the file named by the first argument."""
    model, questions = pickle.load(sys.stdin.buffer)
    with Path(sys.argv[1]).open("wb") as answers:
        try:
            model = pickle.loads(model)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
            _write(answers, {"raised": type(error).__name__, "module": _missing_module(error)})
            return
        _write(answers, {})
        for method, rows in questions:
            _write(answers, _ask(model, method, rows))


def _ask(model: Any, method: str, rows: Any) -> dict[str, Any]:
    import numpy as np

    try:
        answer = getattr(model, method)(copy.deepcopy(rows))  # other questions may be about the same
        if isinstance(answer, list) and answer and all(np.ndim(part) == 2 for part in answer):
            answer = np.concatenate(answer, axis=1)  # as `one_array`
        return {"answer": np.asarray(answer)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"raised": type(error).__name__, "words": str(error)[:_LONGEST]}


def _missing_module(error: BaseException | None) -> str | None:
    while error is not None and not (isinstance(error, ImportError) and error.name):
        error = error.__cause__ or error.__context__
    return error.name if isinstance(error, ImportError) else None


def _write(file: BinaryIO, said: dict[str, Any]) -> None:
    file.write(pickle.dumps(said))
    file.flush()


if __name__ == "__main__":
    main()
