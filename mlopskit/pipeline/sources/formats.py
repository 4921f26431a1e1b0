"""The formats that sources read: how their files' names end, and how one file becomes a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import attrs
import pandas as pd

from mlopskit.errors import MissingDependencyError, MlopskitError, PipelineError
from mlopskit.storage.files import without_credentials

_COMPRESSIONS = {".gz": "gzip", ".zip": "zip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}


@attrs.frozen
class Format:
    """One way to keep a table in a file.

    Attributes
    ----------
    name : str
        What messages call it.
    suffixes : tuple of str
        How the names of its files end, in lower case.
    parse : callable
        ``parse(file, url, options)`` gives a frame.
    """

    name: str
    suffixes: tuple[str, ...]
    parse: Callable[[BinaryIO, str, Mapping[str, Any]], Any]

    def read(self, file: BinaryIO, url: str, options: Mapping[str, Any]) -> pd.DataFrame:
        """Read a file to its end.

        Raises
        ------
        PipelineError
            If it can not be read; the original error is its cause.
        """
        try:
            frame = self.parse(file, url, options)
        except (MlopskitError, ImportError):
            raise
        except Exception as error:  # what it says may show data
            raise PipelineError(
                f"{without_credentials(url)} can not be read as {self.name} ({type(error).__name__}). Check that it is "
                f"such a file and whole, and the read options: {', '.join(options) or 'there are none'}."
            ) from error
        if not isinstance(frame, pd.DataFrame):
            raise PipelineError(
                f"{without_credentials(url)} was read as a {type(frame).__name__}, and a source gives one DataFrame; "
                "leave chunksize= and iterator= out."
            )
        return frame


def compression_of(url: str) -> str | None:
    """Tell by its name how a file is compressed, in the words of pandas.

    Examples
    --------
    >>> compression_of("s3://team/flights.csv.gz"), compression_of("https://host/flights.csv?version=2")
    ('gzip', None)
    """
    name = url.partition("?")[0] if url.startswith("http") else url
    return next((compression for suffix, compression in _COMPRESSIONS.items() if name.lower().endswith(suffix)), None)


def _maybe_compressed(*suffixes: str) -> tuple[str, ...]:
    return tuple(suffix + compression for suffix in suffixes for compression in ("", *_COMPRESSIONS))


def _parse_csv(file: BinaryIO, url: str, options: Mapping[str, Any]) -> Any:
    return pd.read_csv(file, **{"compression": compression_of(url), **options})


def _parse_json_lines(file: BinaryIO, url: str, options: Mapping[str, Any]) -> Any:
    return pd.read_json(file, lines=True, **{"compression": compression_of(url), **options})


def _parse_parquet(file: BinaryIO, _url: str, options: Mapping[str, Any]) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingDependencyError("Parquet needs another library: pip install 'mlopskit[parquet]'") from error
    columns = options.get("columns")
    others = {name: value for name, value in options.items() if name != "columns"}
    # With threads, on a Python file, or through a dataset, as pandas does it, Arrow sometimes aborts a process that
    # ends soon after.
    parquet = pq.ParquetFile(pa.BufferReader(file.read()))
    table = parquet.read(columns=columns, use_threads=False, use_pandas_metadata=True)
    return table.to_pandas(**{"use_threads": False, **others})


CSV = Format("CSV", _maybe_compressed(".csv"), _parse_csv)
JSON_LINES = Format("JSON lines", _maybe_compressed(".jsonl", ".ndjson"), _parse_json_lines)
PARQUET = Format("Parquet", (".parquet",), _parse_parquet)
