"""The functions that make a source of files, each for one format."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from mlopskit.errors import PipelineError
from mlopskit.pipeline.pipeline import Pipeline
from mlopskit.pipeline.sources.consumption import Consumption
from mlopskit.pipeline.sources.formats import CSV, JSON_LINES, PARQUET, Format
from mlopskit.pipeline.sources.listing import Listing, placeholders
from mlopskit.pipeline.sources.reading import Reading
from mlopskit.pipeline.step import Step
from mlopskit.storage.files import Files, has_credentials, without_credentials
from mlopskit.storage.store import StoreLike

Url: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""Of a file, a folder or a pattern; or several of them."""


def csv(
    url: Url,
    *,
    name: str,
    incremental: bool = False,
    store: StoreLike = None,
    storage_options: Mapping[str, Any] | None = None,
    **read_options: Any,
) -> Pipeline:
    r"""Read CSV files into one frame.

    Parameters
    ----------
    url : str, path, or sequence of them
        A path or any URL of fsspec, such as ``s3://``, ``gs://``, ``az://``, ``https://`` or ``memory://``. It may be a
        pattern with ``*``, ``?``, ``[...]`` or ``**`` (not over HTTP), or a folder, which stands for the files right in
        it whose names end in ``.csv``, compressed or not. ``{month}`` in it is a run parameter, or the output of
        another step.
    name : str
        Of the step that gives the frame.
    incremental : bool, default False
        True gives only files that are new, or have new content, since the last run that succeeded as a whole.
        If there are none, the step is skipped, and so are those that need it.
    store : Store, str or path, optional
        Where an incremental source keeps, below ``sources/<name>``, what was consumed; the pipeline's own, usually.
    storage_options : mapping of str to object, optional
        Handed to the fsspec filesystem: ``key=``, ``endpoint_url=`` and so on.
    **read_options
        Of `pandas.read_csv`: ``usecols=``, ``dtype=``, ``parse_dates=``. How a file is compressed is told by its name.

    Returns
    -------
    Pipeline
        Of two steps, ``<name>_files`` and ``<name>``.

    Raises
    ------
    PipelineError
        If the URL can not be understood or carries a password, or `incremental` comes without `store`. In a run, if
        there are no files, one can not be read or has other columns than the first, or one changes while it is read.

    Notes
    -----
    The rows of all files are put together in the order of their URLs, and numbered anew unless they bring an index.

    What an incremental source has given counts as consumed once the whole run has succeeded. Two runs at once may
    both get the same new files: each file is given at least once.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "flights-1.csv").write_text("carrier,delay\nUA,2\nAA,4\n")
    >>> def mean_delay(flights): return float(flights["delay"].mean())
    >>> source = csv(folder / "flights-{month}.csv", name="flights")
    >>> pipeline = Pipeline([source, mean_delay], store="memory://docs-sources")
    >>> pipeline.run(month=1)["mean_delay"]
    3.0
    """
    return _source(CSV, url, name, read_options, storage_options, incremental=incremental, store=store)


def json_lines(
    url: Url,
    *,
    name: str,
    incremental: bool = False,
    store: StoreLike = None,
    storage_options: Mapping[str, Any] | None = None,
    **read_options: Any,
) -> Pipeline:
    """Read files of one JSON object a line into one frame.

    Parameters
    ----------
    url, name, incremental, store, storage_options
        As of `csv`; in a folder, names that end in ``.jsonl`` or ``.ndjson`` count.
    **read_options
        Of `pandas.read_json`, which is called with ``lines=True``.

    Returns
    -------
    Pipeline
        Of two steps, ``<name>_files`` and ``<name>``.

    Raises
    ------
    PipelineError
        As of `csv`.
    """
    return _source(JSON_LINES, url, name, read_options, storage_options, incremental=incremental, store=store)


def parquet(
    url: Url,
    *,
    name: str,
    incremental: bool = False,
    store: StoreLike = None,
    storage_options: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
    **read_options: Any,
) -> Pipeline:
    """Read Parquet files into one frame; needs pyarrow.

    Parameters
    ----------
    url, name, incremental, store, storage_options
        As of `csv`; in a folder, names that end in ``.parquet`` count.
    columns : sequence of str, optional
        Those to read; default: all.
    **read_options
        Of `pyarrow.Table.to_pandas`, such as ``types_mapper=pandas.ArrowDtype``.

    Returns
    -------
    Pipeline
        Of two steps, ``<name>_files`` and ``<name>``.

    Raises
    ------
    PipelineError
        As of `csv`.
    """
    chosen = {} if columns is None else {"columns": list(columns)}
    options = {**chosen, **read_options}
    return _source(PARQUET, url, name, options, storage_options, incremental=incremental, store=store)


def forget(name: str, store: StoreLike) -> None:
    """Let an incremental source begin anew: its next run reads all files.

    Parameters
    ----------
    name : str
        The source's name.
    store : Store, str or path
        Where it keeps what was consumed.
    """
    Consumption(store, name).forget()


def _source(
    kind: Format,
    url: Url,
    name: str,
    read_options: Mapping[str, Any],
    storage_options: Mapping[str, Any] | None,
    *,
    incremental: bool,
    store: StoreLike,
) -> Pipeline:
    urls = _checked_urls(name, url)
    _check_incremental(name, urls, store, incremental=incremental)
    consumption = Consumption(store, name) if incremental else None
    files = Files(dict(storage_options or {}))
    listed = f"{name}_files"
    return Pipeline(
        [
            Step(
                _taking(placeholders(name, urls), Listing(urls, kind.suffixes, files, consumption)),
                name=listed,
                cache=False,
            ),
            Step(
                Reading(kind, dict(read_options), files),
                name=name,
                inputs={"listed": listed},
                depends_on=pd,  # another pandas may read the same file otherwise
                when=_taking([listed], _any_files) if consumption is not None else None,
                on_success=_taking([listed], consumption.commit) if consumption is not None else None,
            ),
        ],
        store=store,
        name=name,
    )


def _taking(names: Iterable[str], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as one whose signature has these arguments, which a pipeline fills by name."""
    taking = functools.partial(function)
    arguments = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    taking.__signature__ = inspect.Signature(arguments)  # type: ignore[attr-defined]
    return taking


def _any_files(**listed: Sequence[object]) -> bool:
    return any(listed.values())


def _checked_urls(name: str, url: Url) -> tuple[str, ...]:
    several = [url] if isinstance(url, str | os.PathLike) else url
    urls = tuple(os.fspath(each) for each in several)
    if not urls or not all(urls):
        raise PipelineError(f"Source {name!r} has no URL, or an empty one; give a path, a pattern or a folder.")
    for each in urls:
        if has_credentials(each):
            raise PipelineError(
                f"Source {name!r}: {without_credentials(each)} was given with a password in it, and URLs are shown and "
                "kept; give it in storage_options=, such as storage_options={'username': ..., 'password': ...}."
            )
        if "::" in each:
            raise PipelineError(
                f"Source {name!r}: {without_credentials(each)} chains filesystems, and what has changed is only known "
                "of one; give the URL of the files themselves."
            )
    return urls


def _check_incremental(name: str, urls: tuple[str, ...], store: StoreLike, *, incremental: bool) -> None:
    if incremental and store is None:
        raise PipelineError(f"Source {name!r} is incremental: say with store= where it is to keep what it has given.")
    if not incremental and store is not None:
        raise PipelineError(
            f"Source {name!r}: store= goes with incremental=True; outputs are kept where Pipeline(..., store=...) says."
        )
    for url in urls:
        if incremental and without_credentials(url) != url:
            raise PipelineError(
                f"Source {name!r} is incremental, so the URLs of its files are kept, and the query of "
                f"{without_credentials(url)} may be a token; leave out either of the two."
            )
