"""`Reading`: the step of a source that reads the files that were listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pandas as pd

from mlopskit.errors import PipelineError
from mlopskit.pipeline.sources.formats import Format
from mlopskit.storage.files import Files, without_credentials


@attrs.frozen
class Reading:
    """Reads files into one frame.

    Parameters
    ----------
    format : Format
        What they are.
    options : mapping of str to object
        How to read them.
    files : Files
        How they are reached.
    """

    format: Format
    options: Mapping[str, Any]
    files: Files

    def __call__(self, listed: list[dict[str, Any]]) -> pd.DataFrame:
        """Return the rows of all files in the order of the list.

        Raises
        ------
        PipelineError
            If a file has changed since it was listed, can not be read, or has other columns than the first.
        """
        return joined({file["url"]: self._frame(file["url"], file["version"]) for file in listed})

    def _frame(self, url: str, version: str) -> pd.DataFrame:
        try:
            with self.files.open(url) as file:
                return self.format.read(file, url, self.options)
        finally:  # also when it can not be read, as this may be why
            if self.files.version(url) != version:
                raise PipelineError(
                    f"{without_credentials(url)} has changed since it was listed, so what was read may be neither old "
                    "nor new content. Run again; whoever writes a file should rename it to this when it is whole."
                )


def joined(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put frames under one another; rows are numbered anew unless a frame brings an index of its own.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        By what to call them; at least one.

    Raises
    ------
    PipelineError
        If they have not the same columns: what is missing would become NaN, and integers floats with it.

    Examples
    --------
    >>> joined({"a.csv": pd.DataFrame({"delay": [2]}), "b.csv": pd.DataFrame({"delay": [4]})})["delay"].to_dict()
    {0: 2, 1: 4}
    """
    # A file of JSON lines without any has no columns either, and says nothing of those of the others.
    frames = {name: frame for name, frame in frames.items() if len(frame) or len(frame.columns)} or frames
    first, *others = frames
    for other in others:
        if different := set(frames[first].columns) ^ set(frames[other].columns):
            raise PipelineError(
                f"{without_credentials(first)} and {without_credentials(other)} differ in their columns: only one has "
                f"{', '.join(sorted(map(str, different)))}. Read them as two sources, and join those in a step."
            )
    # The columns of a frame without rows have no types of their own, and would take the others' away.
    filled = [frame for frame in frames.values() if len(frame)] or [frames[first]]
    unnumbered = all(isinstance(frame.index, pd.RangeIndex) for frame in filled)
    return filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=unnumbered)
