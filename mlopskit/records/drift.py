"""What a drift detector found: column by column, and period by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from mlopskit.records.multivariate import MultivariateReport

if TYPE_CHECKING:
    from mlopskit.markup.picture import Picture

Verdict = Literal["drifted", "stable", "not enough data", "missing column", "changed kind"]

_ALARMS = ("missing column", "changed kind", "drifted")
_SHOWN = 20
_FRAME = (
    "column", "kind", "verdict", "method", "statistic", "p_value", "corrected_p_value", "effect", "missing_before",
    "missing_after", "n", "least_effect", "change",
)  # fmt: skip


@attrs.frozen
class Histogram:
    """The shape of a column before and after.

    Attributes
    ----------
    labels : tuple of str
        The name of each bar; or where `ordered` of the edges between them, one more than there are bars.
    before, after : tuple of float
        The share of the reference's and the current values in each bar.
    ordered : bool
        Whether these are numbers.
    """

    labels: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    ordered: bool = True


@attrs.frozen
class ColumnDrift:
    """How one column of the current data differs from the reference.

    Attributes
    ----------
    column : str
        Its name.
    kind : str
        What the reference holds: ``"numeric"``, ``"datetime"``, ``"timedelta"``, ``"boolean"``, ``"categorical"``,
        ``"vector"``, or ``"empty"`` if nothing but missing values.
    verdict : {"drifted", "stable", "not enough data", "missing column", "changed kind"}
        *Not enough data* also where the effect would be large enough and chance might have made it. The last two are
        facts rather than tests and count as drift, with a p-value of 0 and an effect of 1.
    method : str
        What was tested: the name of the statistic that the values were compared by, or ``"missing share"``,
        ``"new categories"``, ``"vanished categories"`` or ``"text length"`` if that is what drifted while the values
        did not. Empty if nothing was.
    statistic, p_value, effect : float
        Of that method; without any 0, 1 and 0. What an effect is the method tells; 0 is none and 0.1 worth a look.
    corrected_p_value : float
        The p-value after correction for all tests made on the batch; this is what alpha is held against.
    missing_before, missing_after : float
        Share of missing values in the reference and in the current data, from 0 to 1.
    n : int
        Values of the current data that are not missing.
    least_effect : float
        What the effect was held against: `DriftReport.min_effect`, or what is usual where that was learned and is more.
    change : str
        How it moved, in words of aggregates: its median and middle half, or the label whose share changed most.
    histogram : Histogram or None
        Its shape on both sides; None if there is nothing to show.
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
    least_effect: float = 0.0
    change: str = ""
    histogram: Histogram | None = None

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
    added_columns : tuple of str
        Columns of the current data that the reference does not have; they are no drift.
    together : MultivariateReport or None
        What the comparison of all columns together found, if there was one.

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
    added_columns: tuple[str, ...] = ()
    together: MultivariateReport | None = None

    @property
    def drifted(self) -> bool:
        """Whether any column raises the alarm, or all of them together do."""
        return any(row.drifted for row in self.columns) or (self.together is not None and self.together.drifted)

    @property
    def drifted_columns(self) -> tuple[str, ...]:
        """Names of the columns that raise the alarm, the largest effect first."""
        return tuple(row.column for row in self.ranked() if row.drifted)

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per column of the data.

        Returns
        -------
        DataFrame
            Columns as the attributes of `ColumnDrift`, and ``drifted``.
        """
        import pandas as pd

        rows = [{**{name: getattr(row, name) for name in _FRAME}, "drifted": row.drifted} for row in self.columns]
        return pd.DataFrame(rows, columns=[*_FRAME, "drifted"])

    @property
    def html(self) -> str:
        """The report as one HTML document that needs nothing else."""
        from mlopskit.records.drift_page import document

        return document(self)

    def plot(self, *columns: str) -> Picture:
        """Show the shape of columns before and after, and how much each moved.

        Parameters
        ----------
        *columns : str
            Which; by default those that drifted, or all if none did, at most 20.

        Raises
        ------
        KeyError
            The report has no such column.
        """
        from mlopskit.records.drift_page import shapes

        known = {row.column: row for row in self.ranked()}
        unknown = [name for name in columns if name not in known]
        if unknown:
            raise KeyError(f"no column {', '.join(map(repr, unknown))} in this report: it has {', '.join(known)}")
        chosen = (
            [known[name] for name in columns] or [row for row in known.values() if row.drifted] or [*known.values()]
        )
        return shapes(chosen[:_SHOWN])

    def summary(self) -> str:
        """Say in one sentence what was found."""
        moved = self.drifted_columns
        found = f"{len(moved) or 'None'} of {_counted(len(self.columns), 'column')} drifted"
        if moved:
            more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
            found += f": {', '.join(moved[:5])}{more}"
        notes = [self._note("missing column", "missing"), self._note("changed kind", "of another kind"),
                 self._note("not enough data", "without enough data to tell")]  # fmt: skip
        if self.together is not None and self.together.drifted:
            notes.insert(0, f"together they drifted ({', '.join(each.test for each in self.together.alarms)})")
        if self.added_columns:
            notes.append(f"{len(self.added_columns)} added")
        return "; ".join([found, *filter(None, notes)]) + "."

    def __repr__(self) -> str:
        rows = self.ranked()[:_SHOWN]
        width = max((len(row.column) for row in rows), default=0)
        lines = [
            f"  {row.column:{width}}  {row.verdict:15}  effect {row.effect:.3f}  p {row.corrected_p_value:<8.2g}  "
            f"missing {row.missing_before:.1%} -> {row.missing_after:.1%}  {row.method}".rstrip()
            for row in rows
        ]
        if len(self.columns) > _SHOWN:
            lines.append(f"  ... and {len(self.columns) - _SHOWN} more")
        if self.together is not None:
            lines.append(repr(self.together))
        return "\n".join([f"DriftReport: {self.summary()} {self.terms()}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.records.drift_page import notebook

        return notebook(self)

    def ranked(self) -> list[ColumnDrift]:
        """Give the columns, those that raise the alarm first and then by effect."""
        return sorted(self.columns, key=lambda row: (not row.drifted, -row.effect, row.column))

    def _note(self, verdict: Verdict, words: str) -> str:
        count = sum(row.verdict == verdict for row in self.columns)
        return f"{count} {words}" if count else ""

    def terms(self) -> str:
        """Say of how many rows and by which rule."""
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
        With periods of so many rows ``"rows 5000-5999"``, the numbers of the first and the last one.
    report : DriftReport
        What was found in its rows.
    alarm : bool
        Whether it drifted, and enough of the periods before it did.
    """

    period: str
    report: DriftReport
    alarm: bool = False

    @property
    def label(self) -> str:
        """The period in short: its day alone where it starts at midnight."""
        day, _, clock = self.period.partition("T")
        return day if not clock or clock.startswith("00:00:00") else f"{day} {clock[:5]}"


@attrs.frozen(repr=False)
class DriftTimeline:
    """How drift went on over time: one report per period, in order."""

    periods: tuple[DriftPeriod, ...]

    def to_frame(self) -> Any:
        """Give a DataFrame with one row per period and column of the data.

        Returns
        -------
        DataFrame
            ``period`` (a timestamp, or the text that names so many rows), ``alarm``, then the columns of
            `DriftReport.to_frame`.
        """
        import pandas as pd

        if not self.periods:
            return pd.DataFrame(columns=["period", "alarm", *_FRAME, "drifted"])
        by_rows = any(each.period.startswith("rows ") for each in self.periods)
        frames = [
            each.report.to_frame().assign(
                period=each.period if by_rows else pd.Timestamp(each.period), alarm=each.alarm
            )
            for each in self.periods
        ]
        return pd.concat(frames, ignore_index=True)[["period", "alarm", *_FRAME, "drifted"]]

    @property
    def alarms(self) -> tuple[str, ...]:
        """The periods that raise an alarm."""
        return tuple(each.period for each in self.periods if each.alarm)

    def plot(self, *columns: str) -> Picture:
        """Show how the effect of columns went on, with the least effect that is worth an alarm.

        Parameters
        ----------
        *columns : str
            Which; by default the five that moved most.
        """
        from mlopskit.records.drift_page import lines

        return lines(self, columns)

    def __repr__(self) -> str:
        lines = [f"  {each.period}  {each.report.summary()}" for each in self.periods]
        return "\n".join([f"DriftTimeline: {_counted(len(self.periods), 'period')}", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.records.drift_page import timeline_notebook

        return timeline_notebook(self)

    @property
    def html(self) -> str:
        """The timeline as one HTML document that needs nothing else."""
        from mlopskit.records.drift_page import timeline_document

        return timeline_document(self)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
