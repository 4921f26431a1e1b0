"""Figures as files: whatever can draw itself, by the methods that notebooks ask for."""

from __future__ import annotations

import io
from typing import Any

_SHOWN_BY = {".svg": "_repr_svg_", ".png": "_repr_png_", ".jpg": "_repr_jpeg_", ".html": "_repr_html_"}


def figure_file(figure: Any, suffix: str = ".png") -> tuple[str, bytes]:
    """Turn a figure into the bytes of a file.

    Parameters
    ----------
    figure : object
        A Matplotlib figure, or an object with one of the methods by which notebooks show things.
    suffix : str
        The format to prefer, where there is a choice.

    Returns
    -------
    (str, bytes)
        The suffix of the format it has become, and the file's content.

    Raises
    ------
    TypeError
        If it is nothing that can be shown.

    Examples
    --------
    >>> class Square:
    ...     def _repr_svg_(self):
    ...         return "<svg/>"
    >>> figure_file(Square())
    ('.svg', b'<svg/>')
    """
    if hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], bbox_inches="tight")
        return suffix, buffer.getvalue()
    for known in dict.fromkeys([suffix, *_SHOWN_BY]):
        shown = getattr(figure, _SHOWN_BY.get(known, ""), lambda: None)()
        if shown:
            return known, shown if isinstance(shown, bytes) else str(shown).encode()
    raise TypeError(f"{type(figure).__name__} is no figure: it has neither savefig nor a method such as _repr_svg_.")
