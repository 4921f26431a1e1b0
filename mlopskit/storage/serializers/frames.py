"""Frames, series and indexes of pandas without any other library: a file of sections, exact for what it accepts.

After the magic line come, each written as `columns` and `sections` describe: one section that says whether this is a
``frame``, a ``series`` or an ``index``; the index; and for a frame the index of the columns and then each column's
values, for a series its values. Reading never runs code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pandas as pd

from mlopskit.errors import DamagedError, SerializationError
from mlopskit.storage.serializers.cells import cell_from_json, cell_to_json
from mlopskit.storage.serializers.columns import read_index, read_values, values_of, write_index, write_values
from mlopskit.storage.serializers.dtypes import dtype_to_json
from mlopskit.storage.serializers.sections import read_section, write_section
from mlopskit.storage.serializers.serializer import Serializer

_MAGIC = b"mlopskit columns\n"
_INDEXES = frozenset(
    {
        *(pd.Index, pd.RangeIndex, pd.MultiIndex, pd.CategoricalIndex, pd.IntervalIndex),
        *(pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex),
    }
)


class ColumnsSerializer(Serializer):
    """A DataFrame, Series or Index with all that pandas' equality and more looks at; arbitrary objects are refused."""

    name = "columns"

    def accepts(self, value: object) -> bool:
        """Whether this is no subclass and every dtype in it is one that can be kept."""
        kind = type(value)
        if kind is not pd.DataFrame and kind is not pd.Series and kind not in _INDEXES:
            return False
        try:
            for dtype in dtypes_of(value):
                dtype_to_json(dtype)
        except SerializationError:
            return False
        return True

    def encode(self, value: Any, file: BinaryIO) -> None:
        """Write column after column; a cell of a type that can not be kept is refused when it is met."""
        file.write(_MAGIC)
        if type(value) is pd.DataFrame:
            write_section(file, {"kind": "frame"} | traits_to_json(value))
            write_index(file, value.index)
            write_index(file, value.columns)
            for position in range(value.shape[1]):
                write_values(file, values_of(value.iloc[:, position]))
        elif type(value) is pd.Series:
            write_section(file, {"kind": "series"} | traits_to_json(value))
            write_index(file, value.index)
            write_values(file, values_of(value))
        else:
            write_section(file, {"kind": "index"})
            write_index(file, value)

    def decode(self, file: BinaryIO, _version: int) -> Any:
        """Return the frame, series or index."""
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DamagedError("these bytes do not begin as a frame does: restore them from a copy")
        header, _ = read_section(file)
        index = read_index(file)
        if header["kind"] == "index":
            return index
        if header["kind"] == "series":
            return build_series(read_values(file), index, header)
        columns = read_index(file)
        return build_frame([read_values(file) for _ in columns], index, columns, header)


def dtypes_of(value: Any) -> Iterator[Any]:
    """Yield the dtype of each column or level."""
    if isinstance(value, pd.MultiIndex):
        yield from (level.dtype for level in value.levels)
    elif isinstance(value, pd.Index | pd.Series):
        yield value.dtype
    else:
        yield from value.dtypes


def traits_to_json(value: Any) -> dict[str, Any]:
    """Return what a frame or series has beside labels and values: name, attrs and flags."""
    return {
        "name": cell_to_json(getattr(value, "name", None)) if type(value) is pd.Series else None,
        "attrs": cell_to_json(dict(value.attrs)),
        "allows_duplicate_labels": value.flags.allows_duplicate_labels,
    }


def build_series(values: Any, index: pd.Index, traits: dict[str, Any]) -> pd.Series:
    """Return the series of these values, whose dtype is not guessed anew."""
    series = pd.Series(values, index=index, dtype=values.dtype, name=cell_from_json(traits["name"]), copy=False)
    return _with_traits(series, traits)


def build_frame(columns: list[Any], index: pd.Index, labels: pd.Index, traits: dict[str, Any]) -> pd.DataFrame:
    """Return the frame of these columns; their labels may repeat."""
    series = {
        place: pd.Series(values, index=index, dtype=values.dtype, copy=False) for place, values in enumerate(columns)
    }
    frame = pd.DataFrame(series, index=index, copy=False)
    frame.columns = labels
    return _with_traits(frame, traits)


def _with_traits(value: Any, traits: dict[str, Any]) -> Any:
    value.attrs = cell_from_json(traits["attrs"])
    value.flags.allows_duplicate_labels = traits["allows_duplicate_labels"]
    return value
