"""What a drift detector found: column by column, and period by period."""

from __future__ import annotations

from typing import Any, Literal

import attrs

Verdict = Literal["drifted", "stable", "not enough data", "missing column", "changed kind"]

_ALARMS = ("missing column", "changed kind", "drifted")
_SHOWN = 20


@attrs.frozen
class ColumnDrift:
    """How one column of the current data differs from the reference.

    Attributes
    ----------
    column : str
        Its name.
    kind : str
        What the reference holds: ``"numeric"``, ``"datetime"``, ``"timedelta"``, ``"boolean"``, ``"categorical"``, or
        ``"empty"`` if nothing but missing values.
    verdict : {"drifted", "stable", "not enough data", "missing column", "changed kind"}
        The last two are facts rather than tests and count as drift, with a p-value of 0 and an effect of 1.
    method : str
        What was tested: ``"kolmogorov-smirnov"`` or ``"chi-square"`` on the values, or ``"missing share"`` if that is
        what drifted while the values did not. Empty if nothing was.
    statistic, p_value, effect : float
        Of that method; without any 0, 1 and 0. An effect lies between 0 and 1, whatever the method.
    corrected_p_value : float
        The p-value after correction for all tests made on the batch; this is what alpha is held against.
    missing_before, missing_after : float
        Share of missing values in the reference and in the current data, from 0 to 1.
    n : int
        Values of the current data that are not missing.
    """

    column: str
    kind: str
    verdict: Verdict
    method: str = ""
    statistic: float = 0.0
    p_value: float = 1.0
    corrected_p_value: float = 1.0
    effect: float = 0.0
    missing_before: float = 0.0
    missing_after: float = 0.0
    n: int = 0

    @property
    def drifted(self) -> bool:
        """Whether this column raises the alarm: it drifted, is missing, or is of another kind."""
        return self.verdict in _ALARMS


@attrs.frozen(repr=False)
class DriftReport:
    """Whether current data has moved away from the reference, and in which columns.

    Attributes
    ----------
    columns : tuple of ColumnDrift
        In the reference's order.
    alpha, correction, min_effect
        The detector's parameters.
    n_reference, n_current : int
        Rows on both sides.

    Examples
    --------
    >>> moved = ColumnDrift("temp", "numeric", "drifted", "kolmogorov-smirnov", 0.6, 1e-9, 2e-9, 0.6, n=744)
    >>> report = DriftReport((moved, ColumnDrift("origin", "categorical", "stable")), 0.05, "bh", 0.1, 1000, 744)
    >>> report.drifted, report.drifted_columns
    (True, ('temp',))
    >>> report.summary()
    '1 of 2 columns drifted: temp.'
    """

    columns: tuple[ColumnDrift, ...]
    alpha: float
    correction: str
    min_effect: float
    n_reference: int
    n_current: int

    @property
    def drifted(self) -> bool:
        """Whether any column raises the alarm."""
        return any(row.drifted for row in self.columns)

    @property
    def drifted_columns(self) -> tuple[str, ...]:
        """Names of the columns that raise the alarm, the largest effect first."""
        return tuple(row.column for row in self._ranked() if row.drifted)

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per column of the data.

        Returns
        -------
        DataFrame
            Columns as the attributes of `ColumnDrift`, and ``drifted``.
        """
        import pandas as pd

        names = [field.name for field in attrs.fields(ColumnDrift)]
        rows = [{**attrs.asdict(row), "drifted": row.drifted} for row in self.columns]
        return pd.DataFrame(rows, columns=[*names, "drifted"])

    def summary(self) -> str:
        """Say in one sentence what was found."""
        moved = self.drifted_columns
        found = f"{len(moved) or 'None'} of {_counted(len(self.columns), 'column')} drifted"
        if moved:
            more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
            found += f": {', '.join(moved[:5])}{more}"
        notes = [self._note("missing column", "missing"), self._note("changed kind", "of another kind"),
                 self._note("not enough data", "without enough data to tell")]  # fmt: skip
        return "; ".join([found, *filter(None, notes)]) + "."

    def __repr__(self) -> str:
        rows = self._ranked()[:_SHOWN]
        width = max((len(row.column) for row in rows), default=0)
        lines = [
            f"  {row.column:{width}}  {row.verdict:15}  effect {row.effect:.3f}  p {row.corrected_p_value:<8.2g}  "
            f"missing {row.missing_before:.1%} -> {row.missing_after:.1%}  {row.method}".rstrip()
            for row in rows
        ]
        if len(self.columns) > _SHOWN:
            lines.append(f"  ... and {len(self.columns) - _SHOWN} more")
        return "\n".join([f"DriftReport: {self.summary()} {self._terms()}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.markup.bars import bar_chart
        from mlopskit.markup.html import element, join

        ranked = self._ranked()
        heads = ("column", "verdict", "effect", "corrected p", "missing before", "missing after", "n", "method")
        body = [
            element("tr", *(element("td", text) for text in (
                row.column, row.verdict, f"{row.effect:.3f}", f"{row.corrected_p_value:.2g}",
                f"{row.missing_before:.1%}", f"{row.missing_after:.1%}", row.n, row.method,
            )))
            for row in ranked
        ]  # fmt: skip
        table = element("table", element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
                        element("tbody", *body))  # fmt: skip
        effects = {row.column: row.effect for row in ranked[:_SHOWN]}
        chart = bar_chart(effects, title="Effect by column", threshold=self.min_effect, threshold_label="min_effect")
        words = join([element("strong", self.summary()), self._terms()], separator=" ")
        return element("div", element("p", words), chart, element("details", element("summary", "All columns"), table))

    def _ranked(self) -> list[ColumnDrift]:
        return sorted(self.columns, key=lambda row: (not row.drifted, -row.effect, row.column))

    def _note(self, verdict: Verdict, words: str) -> str:
        count = sum(row.verdict == verdict for row in self.columns)
        return f"{count} {words}" if count else ""

    def _terms(self) -> str:
        return (
            f"{_counted(self.n_current, 'row')} against {self.n_reference}; "
            f"alpha {self.alpha:g} ({self.correction}), effect at least {self.min_effect:g}."
        )


@attrs.frozen
class DriftPeriod:
    """A report about one stretch of time.

    Attributes
    ----------
    period : str
        The label of the stretch in ISO 8601, as pandas chooses it for a frequency: the start of a month for ``"MS"``,
        the last day of a week for ``"W"``.
    report : DriftReport
        What was found in its rows.
    """

    period: str
    report: DriftReport


@attrs.frozen(repr=False)
class DriftTimeline:
    """How drift went on over time: one report per period, in order."""

    periods: tuple[DriftPeriod, ...]

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per period and column of the data.

        Returns
        -------
        DataFrame
            ``period`` (a timestamp), then the columns of `DriftReport.to_frame`.
        """
        import pandas as pd

        frames = [each.report.to_frame().assign(period=pd.Timestamp(each.period)) for each in self.periods]
        if not frames:
            return pd.DataFrame(columns=["period", *(field.name for field in attrs.fields(ColumnDrift)), "drifted"])
        frame = pd.concat(frames, ignore_index=True)
        return frame[["period", *(name for name in frame if name != "period")]]

    def __repr__(self) -> str:
        lines = [f"  {each.period}  {each.report.summary()}" for each in self.periods]
        return "\n".join([f"DriftTimeline: {_counted(len(self.periods), 'period')}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.markup.heatmap import heatmap

        names = dict.fromkeys(row.column for each in self.periods for row in each.report.columns)
        effects = [{row.column: row.effect for row in each.report.columns} for each in self.periods]
        rows = {name: [found.get(name) for found in effects] for name in names}
        threshold = self.periods[0].report.min_effect if self.periods else None
        labels = [each.period[:10] for each in self.periods]
        return heatmap(rows, labels, title="Effect by column and period", threshold=threshold)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
