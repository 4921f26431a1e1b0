"""Calls that are made in another process: what goes there and what comes back, as bytes of cloudpickle.

Functions and classes of ``__main__``, of notebooks and lambdas travel by value. An error comes back as itself if it
can, with the place where it was raised; one that can not be pickled comes back in words.
"""

from __future__ import annotations

import io
import pickle
import traceback
from collections import ChainMap
from collections.abc import Callable
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, ClassVar

import cloudpickle

from mlopskit.errors import MlopskitError, PipelineError, SerializationError

Frame = tuple[str, int, str]
"""File, line and function of one call on the way to an error."""

_OWN_FOLDER = str(Path(__file__).parents[1])


class UnpackError(SerializationError):
    """A process can not unpack what it was sent, such as a function of a module that it does not find."""


def shipped(function: Callable[..., Any], *arguments: Any) -> bytes:
    """Pack a call.

    Raises
    ------
    SerializationError
        If something of it can not be pickled.
    """
    try:
        packed = _packed((function, arguments))
    except Exception as error:
        raise SerializationError(f"it can not be sent to another process ({_in_short(error)})") from error
    return packed


def run_shipped(packed: bytes, _number: str = "") -> bytes:
    """Make a call that was packed, and pack what comes of it; to be called in the other process.

    The number does nothing here; it keeps a scheduler from taking an equal call for one that it has made already.
    """
    try:
        function, arguments = _unpacked(packed)
        return _packed_result(function(*arguments))
    except Exception as error:  # noqa: BLE001 - all of them are for the caller
        return _packed_error(error)


def received(packed: bytes) -> Any:
    """Return what a call returned, or raise what it raised.

    Examples
    --------
    >>> received(run_shipped(shipped(divmod, 7, 2)))
    (3, 1)
    """
    result, error, frames = _unpacked(packed)
    if error is None:
        return result
    error = _unpacked(error)
    error.frames_elsewhere = frames
    raise error


def frames_of(error: BaseException) -> list[Frame]:
    """List the calls on the way to an error, those in another process included."""
    here = [(frame.filename, frame.lineno or 0, frame.name) for frame in traceback.extract_tb(error.__traceback__)]
    return [*here, *getattr(error, "frames_elsewhere", ())]


def portable(error: Exception) -> Any:
    """Return what becomes the error, with its cause, once it is pickled and unpickled.

    An error that can not be pickled becomes a PipelineError that says the same, and a cause that can not is left out.
    """
    cause = error.__cause__
    if isinstance(error, PipelineError) and isinstance(cause, Exception):
        with_cause = _Caused(str(error), cause)
        return with_cause if _comes_back(with_cause) else PipelineError(str(error))
    return error if _comes_back(error) else PipelineError(_in_short(error))


def without_own_frames(error: BaseException) -> TracebackType | None:
    """Return an error's traceback without how this library came to call the function; all of it if that failed."""
    way = error.__traceback__
    while way is not None and way.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
        way = way.tb_next
    return way if way is not None or isinstance(error, MlopskitError) else error.__traceback__


def _reduced(code: CodeType) -> tuple[Callable[..., CodeType], tuple[Any, ...]]:
    """Keep the file of code that is sent by value, which cloudpickle leaves out: errors name it."""
    build, arguments = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return _code_from, (build, arguments, code.co_filename)


def _code_from(build: Callable[..., CodeType], arguments: tuple[Any, ...], file: str) -> CodeType:
    return build(*arguments).replace(co_filename=file)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    dispatch_table: ClassVar = ChainMap({CodeType: _reduced}, cloudpickle.Pickler.dispatch_table)


def _packed(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


def _unpacked(packed: bytes) -> Any:
    try:
        return pickle.loads(packed)
    except Exception as error:
        raise UnpackError(f"it can not be unpacked in another process ({_in_short(error)})") from error


def _packed_result(result: Any) -> bytes:
    try:
        packed = _packed((result, None, []))
    except Exception as error:
        raise SerializationError(
            f"what it gave can not be sent back from another process ({_in_short(error)})"
        ) from error
    return packed


def _packed_error(error: Exception) -> bytes:
    return pickle.dumps((None, _packed(portable(error)), frames_of(error)), protocol=5)


def _comes_back(error: Any) -> bool:
    try:
        pickle.loads(_packed(error))
    except Exception:  # noqa: BLE001 - whatever is the matter with it
        return False
    return True


def _in_short(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()


class _Caused:
    """Becomes an error together with its cause, and with how the function came to it, which pickling leaves out."""

    def __init__(self, message: str, cause: Exception) -> None:
        self._message, self._cause = message, cause

    def __reduce__(self) -> tuple[Callable[..., PipelineError], tuple[str, Exception, str]]:
        way = "".join(traceback.format_list(traceback.extract_tb(without_own_frames(self._cause))))
        return _caused, (self._message, self._cause, way.rstrip())


def _caused(message: str, cause: Exception, way: str) -> PipelineError:
    error = PipelineError(message)
    error.__cause__ = cause
    if way and cause.__traceback__ is None:  # Dask has taught pickle to keep it
        cause.add_note(f"Traceback in the other process:\n{way}")
    return error
