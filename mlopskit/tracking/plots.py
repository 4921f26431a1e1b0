"""Charts of a run's metrics, drawn without any plotting library."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlopskit.markup.components import section
from mlopskit.markup.html import Markup
from mlopskit.markup.lines import line_chart
from mlopskit.markup.page import fragment, page
from mlopskit.tracking.segments import Series

MOST_POINTS = 2000  # of a line; a chart has fewer pixels across


class Plot:
    """One or several charts, which a notebook shows; `html` is a page to keep.

    Parameters
    ----------
    charts : mapping of str to Markup
        Charts by their headings.
    """

    def __init__(self, charts: Mapping[str, Markup]) -> None:
        self._charts = dict(charts)

    @property
    def html(self) -> str:
        """A whole page that needs nothing from elsewhere."""
        return page("Metrics", *self._sections())

    def _sections(self) -> list[Markup]:
        return [section(heading, chart, level=4) for heading, chart in self._charts.items()]

    def _repr_html_(self) -> str:
        return fragment(*self._sections())

    def __repr__(self) -> str:
        return f"<Plot of {', '.join(self._charts) or 'nothing'}>"


def plot_series(series: Mapping[str, Series], *, x: str = "step") -> Plot:
    """Draw series; those that were logged at the same steps share a chart.

    Parameters
    ----------
    series : mapping of str to Series
    x : {"step", "time"}
        What runs along the horizontal axis; time is in seconds since the first point of all.

    Raises
    ------
    ValueError
        If `x` is neither.

    Examples
    --------
    >>> from mlopskit.tracking.segments import segment_of, series_by_metric
    >>> points = [("loss", step, step, 1 / (step + 1)) for step in range(10)]
    >>> plot_series(series_by_metric([segment_of(points)]))
    <Plot of loss>
    """
    if x not in ("step", "time"):
        raise ValueError(f"x is 'step' or 'time', not {x!r}.")
    begin = min((int(one.times.min()) for one in series.values()), default=0)
    groups: dict[bytes, tuple[NDArray[np.float64], dict[str, list[float]]]] = {}
    for name, one in series.items():
        places = one.steps.astype(np.float64) if x == "step" else (one.times - begin) / 1e9
        order = np.argsort(places, kind="stable")
        kept = order[thinned(one.values[order], MOST_POINTS)]
        _, lines = groups.setdefault(places[kept].tobytes(), (places[kept], {}))
        lines[name] = one.values[kept].tolist()
    return Plot({", ".join(lines): _chart(places, lines, x) for places, lines in groups.values()})


def thinned(values: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Choose at most about `most` places of a line, least and greatest value of each stretch among them."""
    if len(values) <= most:
        return np.arange(len(values))
    starts = np.linspace(0, len(values), most // 2, endpoint=False).astype(np.intp)
    low, high = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    ends = [*starts[1:].tolist(), len(values)]
    chosen = [place for start, end in zip(starts.tolist(), ends, strict=True)
              for place in (start + int(low[start:end].argmin()), start + int(high[start:end].argmax()))]  # fmt: skip
    return np.unique(np.array([0, *chosen, len(values) - 1], dtype=np.intp))


def _chart(places: NDArray[np.float64], lines: Mapping[str, list[float]], x: str) -> Markup:
    return line_chart(places.tolist(), lines, title=f"{', '.join(lines)} by {'step' if x == 'step' else 'seconds'}")
