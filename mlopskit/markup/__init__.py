"""The only place that knows HTML and SVG; everything that goes in is escaped."""

from mlopskit.markup.bars import bar_chart, interval_chart
from mlopskit.markup.components import (
    Entry,
    badge,
    details,
    figure,
    headline,
    image,
    key_values,
    link,
    note,
    paragraph,
    preformatted,
    section,
    side_by_side,
    table,
    timeline,
)
from mlopskit.markup.findings import Finding, findings
from mlopskit.markup.graph import graph
from mlopskit.markup.heatmap import heatmap
from mlopskit.markup.html import Markup, element, escape, join
from mlopskit.markup.lines import line_chart, sparkline
from mlopskit.markup.mermaid import mermaid
from mlopskit.markup.overlay import overlay
from mlopskit.markup.page import fragment, page

__all__ = [
    "Entry",
    "Finding",
    "Markup",
    "badge",
    "bar_chart",
    "details",
    "element",
    "escape",
    "figure",
    "findings",
    "fragment",
    "graph",
    "headline",
    "heatmap",
    "image",
    "interval_chart",
    "join",
    "key_values",
    "line_chart",
    "link",
    "mermaid",
    "note",
    "overlay",
    "page",
    "paragraph",
    "preformatted",
    "section",
    "side_by_side",
    "sparkline",
    "table",
    "timeline",
]
