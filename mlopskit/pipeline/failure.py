"""What a failed step is reported as: where in the user's code, and what went into it."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Mapping
from typing import Any

from mlopskit.errors import PipelineError
from mlopskit.pipeline.step import Step


def failure(step: Step, arguments: Mapping[str, Any], cause: Exception) -> PipelineError:
    """Return the error to raise from a step's own: with types and shapes of its inputs, never what is in them.

    Examples
    --------
    >>> print(failure(Step(lambda rows: rows, name="ranking"), {"rows": [1, 2]}, ValueError("too few")))
    Step 'ranking' failed: ValueError: too few
      rows: list of 2
    """
    lines = [f"Step {step.name!r} failed: {in_words(cause)}"]
    if place := _place(step, cause):
        lines.append(f"  at {place}")
    lines += [f"  {argument}: {_described(value)}" for argument, value in arguments.items()]
    return PipelineError("\n".join(lines))


def in_words(error: BaseException) -> str:
    """Return what stands in the last line of a traceback.

    Examples
    --------
    >>> in_words(KeyError("month")), in_words(KeyboardInterrupt())
    ("KeyError: 'month'", 'KeyboardInterrupt')
    """
    return "".join(traceback.format_exception_only(error)).strip()


def _place(step: Step, cause: Exception) -> str:
    """Find the last line that was run in the file the function comes from: below it is somebody else's code."""
    code = getattr(inspect.unwrap(getattr(step.function, "func", step.function)), "__code__", None)
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    return f"{own[-1].filename}:{own[-1].lineno} in {own[-1].name}" if own else ""


def _described(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(shape := getattr(value, "shape", None), tuple):
        return f"{kind} of shape {shape}"
    return f"{kind} of {len(value)}" if isinstance(value, dict | list | tuple | set) else kind
