"""How well a model does by estimate, before labels arrive, and how well it did once they are there."""

from __future__ import annotations

from typing import Any, Literal

import attrs

Verdict = Literal["worse", "stable", "better", "not enough data"]
ShiftStatus = Literal["not asked", "none seen", "corrected", "too far"]

_SHIFT_WORDS: dict[ShiftStatus, str] = {
    "not asked": "",
    "none seen": "features have not moved",
    "corrected": "features have moved, which the estimate accounts for",
    "too far": "features have moved so far that too little of the reference looks like them",
}


@attrs.frozen
class MetricEstimate:
    """One metric of some rows.

    Attributes
    ----------
    metric : str
        Its name.
    value : float or None
        The estimate; None if there is not enough data.
    lower, upper : float or None
        Between these the metric will lie once all labels are there, with the report's confidence.
    reference : float
        The metric on the reference, from its labels.
    higher_is_better : bool
    realised : float or None
        The metric on those rows whose labels are there; None if it is undefined for them, or there are none.
    """

    metric: str
    value: float | None
    lower: float | None
    upper: float | None
    reference: float
    higher_is_better: bool
    realised: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the whole interval lies on one side of the reference, and on which."""
        if self.value is None or self.lower is None or self.upper is None:
            return "not enough data"
        if self.lower <= self.reference <= self.upper:
            return "stable"
        return "better" if (self.lower > self.reference) == self.higher_is_better else "worse"

    def __str__(self) -> str:
        known = "" if self.realised is None else f", realised {_written(self.realised)}"
        if self.value is None or self.lower is None or self.upper is None:
            return f"{self.metric}: not enough data{known}"
        interval = f"{_written(self.value)} ({_written(self.lower)} to {_written(self.upper)})"
        return f"{self.metric} {interval}, reference {_written(self.reference)}{known}: {self.verdict}"


@attrs.frozen
class Shift:
    """Whether the features have moved, and what was done about it.

    Attributes
    ----------
    status : {"not asked", "none seen", "corrected", "too far"}
        *not asked* without features; *corrected* when rows of the reference were weighted to look like the current
        ones; *too far* when too few of them do to estimate anything, or too many current rows look like none.
    auc : float or None
        How well a classifier tells current rows from those of the reference: 0.5 not at all, 1 always.
    effective_rows : float or None
        As many rows of equal weight would tell as much as the weighted reference.
    covered : float or None
        The share of current rows that have look-alikes in the reference.
    """

    status: ShiftStatus = "not asked"
    auc: float | None = None
    effective_rows: float | None = None
    covered: float | None = None


@attrs.frozen(repr=False)
class PerformanceReport:
    """How well a model does on some rows, by estimate.

    Attributes
    ----------
    metrics : tuple of MetricEstimate
    rows : int
        How many the estimate is about.
    labelled : int
        Of how many of them labels are there.
    confidence : float
        Of the intervals, between 0 and 1.
    shift : Shift
        What became of the features.

    Examples
    --------
    >>> auc = MetricEstimate("roc_auc", 0.68, 0.66, 0.7, reference=0.74, higher_is_better=True)
    >>> report = PerformanceReport((auc,), rows=4000, labelled=0, confidence=0.95)
    >>> report["roc_auc"].verdict
    'worse'
    >>> report.summary()
    'roc_auc 0.6800 (0.6600 to 0.7000), reference 0.7400: worse.'
    """

    metrics: tuple[MetricEstimate, ...]
    rows: int
    labelled: int
    confidence: float
    shift: Shift = Shift()

    def __getitem__(self, metric: str) -> MetricEstimate:
        """Return the estimate of a metric."""
        found = {each.metric: each for each in self.metrics}
        if metric not in found:
            raise KeyError(f"{metric!r} was not estimated; there are {', '.join(found)}")
        return found[metric]

    @property
    def worse(self) -> tuple[str, ...]:
        """Names of the metrics that are worse than on the reference."""
        return tuple(each.metric for each in self.metrics if each.verdict == "worse")

    def within(self, metric: str) -> bool | None:
        """Whether the realised metric lies in the interval; None as long as labels are missing."""
        found = self[metric]
        if found.realised is None or found.lower is None or found.upper is None or self.labelled < self.rows:
            return None
        return found.lower <= found.realised <= found.upper

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per metric.

        Returns
        -------
        DataFrame
            Columns as the attributes of `MetricEstimate`, then ``verdict``, ``within``, ``rows``, ``labelled`` and
            ``shift``.
        """
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=_COLUMNS)

    def summary(self) -> str:
        """Say in one sentence what is expected."""
        words = [*map(str, self.metrics), _SHIFT_WORDS[self.shift.status]]
        return "; ".join(filter(None, words)) + "."

    def __repr__(self) -> str:
        return "\n".join([f"PerformanceReport: {self._terms()}", *(f"  {each}" for each in self.metrics)])

    def _repr_html_(self) -> str:
        from mlopskit import markup

        columns = {
            "metric": "metric", "value": "estimate", "lower": "from", "upper": "to", "realised": "realised",
            "reference": "reference",
        }  # fmt: skip
        rows = [
            {**attrs.asdict(each), "badge": markup.badge(_BADGES[each.verdict], each.verdict)} for each in self.metrics
        ]
        return markup.fragment(
            markup.table(rows, {**columns, "badge": "beside the reference"}), markup.paragraph(self._terms())
        )

    def _rows(self) -> list[dict[str, Any]]:
        about = {"rows": self.rows, "labelled": self.labelled, "shift": self.shift.status}
        return [
            {**attrs.asdict(each), "verdict": each.verdict, "within": self.within(each.metric), **about}
            for each in self.metrics
        ]

    def _terms(self) -> str:
        labels = f", {self.labelled:,} with labels" if self.labelled else ""
        words = _SHIFT_WORDS[self.shift.status]
        return f"{self.rows:,} rows{labels}, intervals of {self.confidence:.4g}{f'; {words}' if words else ''}."


_BADGES: dict[Verdict, Literal["ok", "warn", "fail", "neutral"]] = {
    "worse": "fail", "stable": "ok", "better": "ok", "not enough data": "neutral",
}  # fmt: skip
_COLUMNS = [*(field.name for field in attrs.fields(MetricEstimate)), "verdict", "within", "rows", "labelled", "shift"]


@attrs.frozen
class PerformancePeriod:
    """A report about one stretch of time, or of rows.

    Attributes
    ----------
    period : str
        A moment in ISO 8601, as pandas labels the stretch; without times ``"rows 0-999"``, the numbers of the first and
        the last one.
    report : PerformanceReport
    """

    period: str
    report: PerformanceReport


@attrs.frozen(repr=False)
class PerformanceTimeline:
    """How performance went on: one report per period, in order."""

    periods: tuple[PerformancePeriod, ...]

    @property
    def worse(self) -> tuple[tuple[str, str], ...]:
        """Period and metric wherever one is worse than on the reference."""
        return tuple((each.period, metric) for each in self.periods for metric in each.report.worse)

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per period and metric.

        Returns
        -------
        DataFrame
            ``period``, then the columns of `PerformanceReport.to_frame`.
        """
        import pandas as pd

        rows = [{"period": each.period, **row} for each in self.periods for row in each.report._rows()]
        return pd.DataFrame(rows, columns=["period", *_COLUMNS])

    def chart(self, metric: str) -> Any:
        """Draw the estimate with its interval, the realised metric where labels are there, and the reference.

        Returns
        -------
        Markup
            Inline SVG.
        """
        from mlopskit import markup

        found = [each.report[metric] for each in self.periods]
        labels = [_label(each.period) for each in self.periods]
        return markup.line_chart(
            labels, {"estimate": [each.value for each in found], "realised": [each.realised for each in found]},
            title=f"{metric} by period, estimated and realised", points=("realised",),
            bands={"estimate": ([each.lower for each in found], [each.upper for each in found])},
            threshold=float(f"{found[0].reference:.4g}") if found else None, threshold_label="reference",
        )  # fmt: skip

    def summary(self) -> str:
        """Say in a few sentences what was found."""
        if not self.periods:
            return "There are no periods."
        return " ".join(self._words(each.metric) for each in self.periods[0].report.metrics)

    def __repr__(self) -> str:
        lines = [f"  {_label(each.period)}  {each.report.summary()}" for each in self.periods]
        return "\n".join([f"PerformanceTimeline: {self.summary()}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit import markup

        metrics = [each.metric for each in self.periods[0].report.metrics] if self.periods else []
        charts = [markup.figure(self.chart(metric), self._words(metric)) for metric in metrics]
        return markup.fragment(*charts or [markup.paragraph(self.summary())])

    def _words(self, metric: str) -> str:
        several = f"of {len(self.periods)} periods" if len(self.periods) != 1 else "of 1 period"
        worse = sum(each.report[metric].verdict == "worse" for each in self.periods)
        few = sum(each.report[metric].verdict == "not enough data" for each in self.periods)
        within = [inside for each in self.periods if (inside := each.report.within(metric)) is not None]
        parts = [f"{metric} is worse than the reference in {worse} {several}"]
        parts += [f"{few} without enough data"] if few else []
        parts += [f"the realised one lies in its interval in {sum(within)} of {len(within)}"] if within else []
        return "; ".join(parts) + "."


def _label(period: str) -> str:
    return period.removesuffix("T00:00:00")


def _written(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.5g}"
