"""What can be validated: frames of pandas, tables of others, chunks of either, partitions of Dask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import pandas as pd

from mlopskit.errors import MissingDependencyError

Frames: TypeAlias = pd.DataFrame | Iterable[pd.DataFrame] | Any
"""A frame of pandas or of another library, or chunks of one."""


def frames_in(data: Frames) -> Iterator[pd.DataFrame]:
    """Yield the frames of pandas that some data consists of, one after the other.

    Raises
    ------
    TypeError
        If it is no frame, and does not consist of frames.
    MissingDependencyError
        If it is a table of another library, and pyarrow is missing.

    Examples
    --------
    >>> [len(frame) for frame in frames_in([pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [3]})])]
    [2, 1]
    """
    if (frame := _as_frame(data)) is not None:
        yield frame
        return
    if hasattr(data, "partitions") and hasattr(data, "compute"):  # a Dask frame
        for partition in data.partitions:
            yield partition.compute()
        return
    if not isinstance(data, Iterable):
        raise TypeError(f"expected a DataFrame or an iterable of DataFrames, got a {type(data).__name__}")
    for chunk in data:
        frame = _as_frame(chunk)
        if frame is None:
            raise TypeError(f"expected a DataFrame or an iterable of DataFrames, got a {type(data).__name__}")
        yield frame


def _as_frame(data: Any) -> pd.DataFrame | None:
    if isinstance(data, pd.DataFrame):
        return data
    if not hasattr(data, "__arrow_c_stream__") or isinstance(data, pd.Series):
        return None
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingDependencyError(
            f"a {type(data).__name__} is read through pyarrow; install mlopskit[parquet], or give a DataFrame of pandas"
        ) from error

    def is_text(kind: Any) -> bool:
        return str(kind) in ("string", "large_string", "string_view")

    def dtype(kind: Any) -> Any:
        if is_text(kind):
            return pd.StringDtype("pyarrow")
        return None if pa.types.is_dictionary(kind) else pd.ArrowDtype(kind)  # None: a categorical column

    table = pa.table(data)  # not all of Arrow's ways to store text are known to pandas
    fields = [pa.field(each.name, pa.large_string()) if is_text(each.type) else each for each in table.schema]
    frame: pd.DataFrame = table.cast(pa.schema(fields)).to_pandas(types_mapper=dtype, use_threads=False)
    return frame
