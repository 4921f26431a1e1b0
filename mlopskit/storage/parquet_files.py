"""Parquet files, read in bounded memory wherever they lie: one file, or all below a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from mlopskit.errors import FormatError, MissingDependencyError, NotFoundError
from mlopskit.storage.files import Files, without_credentials

SUFFIXES = (".parquet",)
"""How the names end of the files in a folder that are read."""

ROWS_AT_ONCE = 1 << 16
_BYTES_AT_ONCE = 1 << 18  # of each column, however large its row groups are
_BEGINNINGS = (b"PAR1", b"PARE")
_IS_INT = re.compile(r"-?[0-9]{1,18}").fullmatch
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_OTHER_FORMATS = "chunks of frames are taken as well, such as pandas.read_csv(..., chunksize=100_000)"

Keys: TypeAlias = dict[str, Any]
"""What the names of the folders around a file say of its rows, as ``month=1`` does: scalars of pyarrow by name."""


def tables_in(url: str) -> Iterator[Any]:
    """Yield the rows of Parquet files as tables of pyarrow, at most 65,536 rows at once.

    Parameters
    ----------
    url : str
        A path or any URL of fsspec, of a file, or of a folder: then all files in it and in the folders below it are
        read whose names end in ``.parquet``, in the order of their paths. Names that begin with ``_`` or ``.`` are
        passed over. Folders named as Hive names partitions, such as ``month=1``, are columns: of ints if all values
        of that name are whole numbers, else of text.

    Raises
    ------
    NotFoundError
        If there is nothing, or no Parquet in the folder.
    FormatError
        If a file is no Parquet, or damaged.
    MissingDependencyError
        If pyarrow is missing, or the library for this protocol.

    Notes
    -----
    Memory does not grow with the number of files, the size of a file, or that of its row groups. A file on another
    machine is copied to the local disk while it is read. Every file gives at least one table, be it one of no rows.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingDependencyError(
            f"{without_credentials(url)} is read through pyarrow; install mlopskit[parquet], or give DataFrames"
        ) from error
    files = Files()
    found = files.below(url, SUFFIXES)
    if not found:
        raise NotFoundError(
            f"There is no Parquet file in {without_credentials(url)}: names count that end in {', '.join(SUFFIXES)} "
            f"and begin with neither _ nor a dot. Check the path; {_OTHER_FORMATS}."
        )
    for file, keys in _with_keys(found):
        with files.local_path(file) as path:
            try:
                for table in _read(path, without_credentials(file)):
                    yield _with_columns(table, keys)
            except (pa.ArrowException, OSError) as error:
                raise FormatError(
                    f"{without_credentials(file)} can not be read as Parquet ({type(error).__name__}); "
                    "check that it is whole and may be read."
                ) from error


def _read(path: Path, shown: str) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        if file.read(4) not in _BEGINNINGS:
            raise FormatError(f"{shown} is no Parquet file; {_OTHER_FORMATS}.")
    # With threads, or on a Python file, Arrow sometimes aborts a process that ends soon after.
    with pq.ParquetFile(path, buffer_size=_BYTES_AT_ONCE, pre_buffer=False) as parquet:
        if not parquet.metadata.num_rows:
            yield parquet.schema_arrow.empty_table()
        for batch in parquet.iter_batches(ROWS_AT_ONCE, use_threads=False):
            yield pa.Table.from_batches([batch])


def _with_keys(found: Mapping[str, str]) -> Iterator[tuple[str, Keys]]:
    """Give each file, found by its path below the folder, with the keys of its partition."""
    import pyarrow as pa

    texts = {path: dict(_keys_in(path)) for path in found}
    names = dict.fromkeys(name for keys in texts.values() for name in keys)
    are_ints = {name: _are_ints(keys.get(name) for keys in texts.values()) for name in names}
    types = {name: pa.int64() if are_ints[name] else pa.string() for name in names}
    for path, file in found.items():
        values = ((name, texts[path].get(name)) for name in names)
        yield file, {name: pa.scalar(text, pa.string()).cast(types[name]) for name, text in values}


def _keys_in(path: str) -> Iterator[tuple[str, str | None]]:
    for folder in path.split("/")[:-1]:
        name, separator, text = folder.partition("=")
        if separator:
            yield unquote(name), None if text == _NO_VALUE else unquote(text)


def _are_ints(texts: Iterable[str | None]) -> bool:
    present = [text for text in texts if text is not None]
    return bool(present) and all(map(_IS_INT, present))


def _with_columns(table: Any, keys: Keys) -> Any:
    """Add what a file does not say itself."""
    import pyarrow as pa

    for name, value in keys.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.repeat(value, len(table)))
    return table
