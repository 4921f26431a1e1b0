"""What a failed step is reported as: where in the user's code, and what went into it."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Mapping
from typing import Any

from mlopskit.errors import PipelineError
from mlopskit.pipeline.caching.cache import Kept
from mlopskit.pipeline.running.shipping import frames_of, without_own_frames
from mlopskit.pipeline.step import Step
from mlopskit.storage.artifacts import ArtifactGroup


def failure(step: Step, arguments: Mapping[str, Any], cause: BaseException, *, part: str = "") -> PipelineError:
    """Return the error to raise from a step's own: with types and shapes of its inputs, never what is in them.

    The cause's traceback then begins in the step's function.

    Examples
    --------
    >>> print(failure(Step(lambda rows: rows, name="ranking"), {"rows": [1, 2]}, ValueError("too few")))
    Step 'ranking' failed: ValueError: too few
      rows: list of 2
    """
    said = str(cause) if isinstance(cause, PipelineError) else in_words(cause)
    lines = [f"Step {step.name!r} failed{f' in its {part}' if part else ''}: {said}"]
    if place := _place(step, cause):
        lines.append(f"  at {place}")
    lines += [f"  {argument}: {_described(value)}" for argument, value in arguments.items()]
    cause.__traceback__ = without_own_frames(cause)
    return PipelineError("\n".join(lines))


def in_words(error: BaseException) -> str:
    """Return what stands in the last line of a traceback.

    Examples
    --------
    >>> in_words(KeyError("month")), in_words(KeyboardInterrupt())
    ("KeyError: 'month'", 'KeyboardInterrupt')
    """
    return "".join(traceback.format_exception_only(error)).strip()


def _place(step: Step, cause: BaseException) -> str:
    """Find the last line that was run in the file the function comes from: below it is somebody else's code."""
    called = inspect.unwrap(getattr(step.function, "func", step.function))
    code = getattr(called, "__code__", None) or getattr(type(called).__call__, "__code__", None)
    own = [frame for frame in frames_of(cause) if code is not None and frame[0] == code.co_filename]
    if not own:
        return ""
    file, line, name = own[-1]
    source = linecache.getline(file, line).strip()
    return f"{file}:{line} in {name}" + (f": {source}" if source else "")


def _described(value: Any) -> str:
    if isinstance(value, Kept):  # it has not been loaded here
        artifact = value.artifact
        return artifact.container if isinstance(artifact, ArtifactGroup) else artifact.type.rpartition(".")[2]
    kind = type(value).__name__
    if isinstance(shape := getattr(value, "shape", None), tuple):
        return f"{kind} of shape {shape}"
    return f"{kind} of {len(value)}" if isinstance(value, dict | list | tuple | set) else kind
