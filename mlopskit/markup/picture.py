"""`Picture`: a drawing that a notebook shows and a file can keep."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mlopskit.markup.html import Markup
from mlopskit.markup.page import fragment, page


class Picture(NamedTuple):
    """A drawing, as `plot` methods return it.

    Examples
    --------
    >>> Picture("Drift", Markup("<svg></svg>"))
    Picture('Drift')
    """

    title: str
    content: Markup

    def save(self, path: str | Path) -> None:
        """Write it as one HTML document that needs nothing else, replacing what is there."""
        Path(path).write_text(page(self.title, self.content), encoding="utf-8")

    def __repr__(self) -> str:
        return f"Picture({self.title!r})"

    def _repr_html_(self) -> str:
        return fragment(self.content)
