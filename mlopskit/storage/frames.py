"""What rows can come in: frames of pandas, tables of others, chunks of either, partitions of Dask, Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import pandas as pd

from mlopskit.errors import MissingDependencyError
from mlopskit.storage.parquet_files import tables_in

Frames: TypeAlias = pd.DataFrame | Iterable[pd.DataFrame] | str | os.PathLike[str] | Any
"""A frame of pandas or of another library, chunks of one, or where its Parquet files lie."""


def frames_in(data: Frames) -> Iterator[pd.DataFrame]:
    """Yield the frames of pandas that some data consists of, one after the other.

    Parameters
    ----------
    data : DataFrame, table, iterable of them, Dask frame, str or path
        A table is anything that shares its columns by the Arrow PyCapsule interface. A path or URL is that of a
        Parquet file, or of a folder of them; see `tables_in`.

    Raises
    ------
    TypeError
        If it is no frame, and does not consist of frames; or a table that pyarrow can not read.
    NotFoundError, FormatError
        If there is no Parquet at a path.
    MissingDependencyError
        If it is a table of another library or Parquet, and pyarrow is missing.

    Notes
    -----
    Tables and Parquet become columns of Arrow's dtypes, such as ``int64[pyarrow]``, since NumPy's have no place for
    missing ints: what a column is must not depend on where a chunk ends. An index that pandas wrote into them as a
    column is the index; other rows of them are numbered on from chunk to chunk.

    Examples
    --------
    >>> [len(frame) for frame in frames_in([pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [3]})])]
    [2, 1]
    """
    rows = 0
    for chunk in _chunks_of(data):
        frame = chunk if isinstance(chunk, pd.DataFrame) else _from_arrow(chunk, rows)
        yield frame
        rows += len(frame)


def _chunks_of(data: Frames) -> Iterator[Any]:
    """Yield the frames and tables."""
    if isinstance(data, str | os.PathLike):
        yield from tables_in(os.fspath(data))
    elif _is_chunk(data):
        yield data
    elif hasattr(data, "partitions") and hasattr(data, "compute"):  # a Dask frame
        for partition in data.partitions:
            yield partition.compute()
    elif isinstance(data, Iterable):
        for chunk in data:
            if not _is_chunk(chunk):
                raise _unexpected(f"a {type(data).__name__} of {type(chunk).__name__}")
            yield chunk
    else:
        raise _unexpected(f"a {type(data).__name__}")


def _is_chunk(data: Any) -> bool:
    if isinstance(data, pd.DataFrame):
        return True
    # A Series is one column, and a reader of batches is to be read batch by batch.
    return hasattr(data, "__arrow_c_stream__") and not isinstance(data, pd.Series | Iterator)


def _unexpected(found: str) -> TypeError:
    return TypeError(
        f"expected a DataFrame, an iterable of DataFrames, or the path of a Parquet file or folder, got {found}"
    )


def _from_arrow(data: Any, first_row: int) -> pd.DataFrame:
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

    try:
        table = pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:  # a single column, or of types that pyarrow lacks
        raise TypeError(
            f"a {type(data).__name__} can not be read as a table ({error}); give a frame, of types that pyarrow knows"
        ) from error
    # Not all of Arrow's ways to store text are known to pandas.
    fields = [pa.field(each.name, pa.large_string()) if is_text(each.type) else each for each in table.schema]
    texts = table.cast(pa.schema(fields, metadata=table.schema.metadata))
    frame: pd.DataFrame = texts.to_pandas(types_mapper=dtype, use_threads=False)
    if isinstance(frame.index, pd.RangeIndex):
        frame.index = pd.RangeIndex(first_row, first_row + len(frame), name=frame.index.name)
    return frame
