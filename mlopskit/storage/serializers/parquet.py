"""Frames and series as Parquet, which every data tool reads; needs pyarrow.

Column names and logical types are the natural ones. What pandas has and Parquet lacks (the index, dtypes, categories,
labels that are no text) is described in the file's metadata under ``mlopskit``, as JSON:
the labels of the columns, a description of each field, the index, name, attrs and flags.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, BinaryIO

import pandas as pd

from mlopskit.errors import MissingDependencyError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.storage.serializers.cells import cell_from_json, cell_to_json
from mlopskit.storage.serializers.columns import freq_to_json, index_from_values, values_of
from mlopskit.storage.serializers.dtypes import dtype_to_json
from mlopskit.storage.serializers.frames import build_frame, build_series, dtypes_of, traits_to_json
from mlopskit.storage.serializers.serializer import Serializer

_METADATA_KEY = b"mlopskit"
_INDEX_NAME = "__index_level_{}__"
_ROWS_AT_ONCE = 1 << 18
_KINDS_OF_DTYPE = frozenset({"numpy", "masked", "string", "object", "category", "zoned"})


class ParquetSerializer(Serializer):
    """A DataFrame or Series that Parquet can hold exactly; preferred, because everybody reads it and it is small."""

    name = "parquet"

    def accepts(self, value: object) -> bool:
        """Whether pyarrow is installed and every dtype has a place in Parquet."""
        if type(value) not in (pd.DataFrame, pd.Series) or find_spec("pyarrow") is None:
            return False
        return all(_has_place(dtype) for dtype in dtypes_of(value))

    def encode(self, value: Any, file: BinaryIO) -> None:
        """Write row group after row group."""
        import pyarrow.parquet as pq

        from mlopskit.storage.serializers import arrow

        index, index_columns = _take_index_apart(value.index)
        columns = [*_columns_of(value), *index_columns]
        fields = [arrow.describe(values) for values in columns]
        header = traits_to_json(value) | {"index": index, "fields": fields}
        if isinstance(value, pd.DataFrame):
            header["columns"] = arrow.index_to_text(value.columns)
        tables = _row_groups(columns, fields, _names_of(value, len(index_columns)), len(value))
        first = next(tables)
        schema = first.schema.with_metadata({_METADATA_KEY: canonical_json.encode(header)})
        with pq.ParquetWriter(_Sink(file), schema, compression="zstd") as writer:
            for table in itertools.chain([first], tables):
                writer.write_table(table)

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Return the frame or series."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise MissingDependencyError("this was kept as Parquet: pip install 'mlopskit[parquet]'") from error
        from mlopskit.storage.serializers import arrow

        # With threads, or on a Python file, Arrow sometimes aborts a process that ends soon after.
        table = pq.ParquetFile(pa.BufferReader(file.read())).read(use_threads=False)
        header = canonical_json.decode(table.schema.metadata[_METADATA_KEY])
        fields = header["fields"]
        values = [arrow.from_arrow(array, field) for array, field in zip(table.columns, fields, strict=True)]
        if "columns" not in header:
            return build_series(values[0], _put_index_together(header["index"], values[1:]), header)
        labels = arrow.index_from_text(header["columns"])
        index = _put_index_together(header["index"], values[len(labels) :])
        return build_frame(values[: len(labels)], index, labels, header)


class _Sink(io.RawIOBase):
    """A file for pyarrow over one that has nothing but ``write``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        self._file.write(data)
        self._position += len(data)
        return len(data)


def _columns_of(value: Any) -> list[Any]:
    if isinstance(value, pd.Series):
        return [values_of(value)]
    return [values_of(value.iloc[:, place]) for place in range(value.shape[1])]


def _names_of(value: Any, index_columns: int) -> list[str]:
    labels = [value.name] if isinstance(value, pd.Series) else list(value.columns)
    of_index = [_INDEX_NAME.format(level) for level in range(index_columns)]
    are_names = all(type(label) is str for label in labels) and len({*labels, *of_index}) == len(labels) + index_columns
    return [*(labels if are_names else map(str, range(len(labels)))), *of_index]


def _row_groups(columns: list[Any], fields: list[dict[str, Any]], names: list[str], rows: int) -> Iterator[Any]:
    import pyarrow as pa

    from mlopskit.storage.serializers import arrow

    for start in range(0, max(rows, 1), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        arrays = [arrow.to_arrow(values[part], field) for values, field in zip(columns, fields, strict=True)]
        yield pa.Table.from_arrays(arrays, names=names)


def _has_place(dtype: Any) -> bool:
    if isinstance(dtype, pd.ArrowDtype):
        return True
    try:
        return dtype_to_json(dtype)["kind"] in _KINDS_OF_DTYPE
    except SerializationError:
        return False


def _take_index_apart(index: pd.Index) -> tuple[dict[str, Any], list[Any]]:
    names = [cell_to_json(name) for name in index.names]
    if isinstance(index, pd.RangeIndex):
        return {"names": names, "range": [index.start, index.stop, index.step]}, []
    if isinstance(index, pd.MultiIndex):
        levels = zip(index.codes, index.levels, strict=True)
        return {"names": names, "levels": index.nlevels}, [pd.Categorical.from_codes(*level) for level in levels]
    return {"names": names, "freq": freq_to_json(index)}, [values_of(index)]


def _put_index_together(header: dict[str, Any], columns: list[Any]) -> pd.Index:
    names = [cell_from_json(name) for name in header["names"]]
    if "range" in header:
        return pd.RangeIndex(*header["range"]).set_names(names)
    if "levels" in header:
        return pd.MultiIndex([level.categories for level in columns], [level.codes for level in columns], names=names)
    return index_from_values(columns[0], header["freq"]).set_names(names)
