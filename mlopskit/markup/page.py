"""Whole documents, and fragments for notebooks: the one place where components meet their style."""

from __future__ import annotations

from mlopskit.markup.html import Markup, element, escape, join
from mlopskit.markup.style import COMPONENTS, DOCUMENT, WIDE_CHARTS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page(title: str, *sections: object, subtitle: object = "") -> str:
    """Make one self-contained HTML document: no script, no font, no request to anywhere, also if its data are hostile.

    Parameters
    ----------
    title : str
        The heading and the name of the browser's tab.
    *sections : object
        Text or components, from top to bottom.
    subtitle : str or Markup
        One line below the heading.

    Returns
    -------
    str
        Encode it as UTF-8. The same content gives the same text.

    Examples
    --------
    >>> page("Flights", "All is well.").startswith("<!DOCTYPE html>")
    True
    """
    header = element("header", element("h1", title), element("p", subtitle, class_="mk-subtitle") if subtitle else None)
    body = element("main", header, *sections, class_="mlopskit")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{DOCUMENT}{COMPONENTS}{WIDE_CHARTS}</style>
</head>
<body>
{body}
</body>
</html>
"""


def fragment(*parts: object) -> str:
    """Make what a ``_repr_html_`` returns: the parts with their style, which reaches nothing else in the notebook.

    Examples
    --------
    >>> fragment("3 < 4").endswith("3 &lt; 4</div>")
    True
    """
    return element("div", Markup(f"<style>{COMPONENTS}</style>"), join(parts), class_="mlopskit")
