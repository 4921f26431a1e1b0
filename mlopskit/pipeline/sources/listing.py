"""`Listing`: the step of a source that looks which files there are, in every run."""

from __future__ import annotations

import keyword
from string import Formatter
from typing import Any

import attrs

from mlopskit.errors import NotFoundError, PipelineError
from mlopskit.pipeline.sources.consumption import Consumption
from mlopskit.storage.files import File, Files, without_credentials


@attrs.frozen
class Listing:
    """Lists the files of a source as they are now.

    Parameters
    ----------
    urls : tuple of str
        Of files, folders or patterns, with run parameters in braces.
    suffixes : tuple of str
        How the names end that count in a folder.
    files : Files
        How they are reached.
    consumption : Consumption, optional
        Of an incremental source: what it need not list any more.
    """

    urls: tuple[str, ...]
    suffixes: tuple[str, ...]
    files: Files
    consumption: Consumption | None = None

    def __call__(self, **parameters: Any) -> list[dict[str, Any]]:
        """Return url, size and version of each file, in the order of the URLs.

        Raises
        ------
        NotFoundError
            If there is nothing at a URL; to an incremental source, which may have been there before the
            files, only as long as nothing has come at all.
        """
        consumed = self.consumption.versions() if self.consumption is not None else {}
        found: dict[str, File] = {}
        for url in (url.format_map(parameters) for url in self.urls):
            there = self.files.find(url, self.suffixes)
            if not there and not consumed:
                raise NotFoundError(
                    f"There is no file at {without_credentials(url)}; check the URL, and that the files have been "
                    f"written. In a folder, names count that end in {', '.join(self.suffixes)}."
                )
            found |= {file.url: file for file in there}
        return [attrs.asdict(found[url]) for url in sorted(found) if consumed.get(url) != found[url].version]


def placeholders(source: str, urls: tuple[str, ...]) -> list[str]:
    """Name what stands in braces, each once.

    Raises
    ------
    PipelineError
        If something there is no name.

    Examples
    --------
    >>> placeholders("flights", ("s3://team/{airport}/{month:02}-*.csv", "s3://team/{month}.csv"))
    ['airport', 'month']
    """
    found: dict[str, None] = {}
    for url in urls:
        try:
            fields = [field for _, field, _, _ in Formatter().parse(url) if field is not None]
        except ValueError:
            fields = [""]  # a brace without its other half
        for field in fields:
            if not field.isidentifier() or keyword.iskeyword(field) or field == "self":
                raise PipelineError(
                    f"Source {source!r}: in {without_credentials(url)}, {{{field}}} names no run parameter; "
                    "write {month}, and {{ or }} for a brace that is part of the URL."
                )
            found[field] = None
    return list(found)
