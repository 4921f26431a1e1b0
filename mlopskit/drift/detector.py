"""The detector: learns a profile of the reference, and tells in which columns current data differs from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.drift.correction import CORRECTIONS
from mlopskit.drift.grids import Knots
from mlopskit.drift.profile import ABSENT, ColumnCounts, ColumnProfile, count, profile
from mlopskit.drift.statistics import ChiSquare, Comparison, KolmogorovSmirnov
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.records.drift import ColumnDrift, DriftPeriod, DriftReport, DriftTimeline, Verdict

LEAST_VALUES = 5
_PARAMETERS = ("alpha", "correction", "min_effect", "columns")


class DriftDetector:
    """Tells whether data has moved away from the reference, and in which columns.

    A column has drifted when its corrected p-value is below `alpha` *and* its effect is at least `min_effect`: the
    first keeps chance from raising alarms, the second keeps large batches from raising them about nothing. Numbers,
    moments and durations are compared by the Kolmogorov-Smirnov statistic, booleans and categories by a chi-square
    test with the total variation distance as effect. A change of the share of missing values is tested as well, by the
    same chi-square test with the difference of the shares as effect. Fewer than 5 values on a side are not enough to
    tell.

    Rows are taken to be independent. The comparisons of several batches are not corrected for each other.

    Parameters
    ----------
    alpha : float, default 0.05
        The probability of any alarm about a batch in which nothing has moved.
    correction : {"bh", "bonferroni", "none"}, default "bh"
        How p-values are corrected for the number of columns: Benjamini-Hochberg, Bonferroni, or not at all.
    min_effect : float, default 0.1
        The least change worth an alarm, from 0 to 1. A mean shifted by a quarter of a standard deviation is 0.1.
    columns : sequence of str, optional
        The columns to watch; by default all of the reference's.

    Attributes
    ----------
    profile_ : dict of str to ColumnProfile
        What is kept of the reference, per column: counts at and between at most 1,024 quantiles, or counts per
        category (in shared buckets for more than 500 categories). No row is kept, but single values are: the
        quantiles, which are all distinct values of a small reference, and the names of categories.

    Examples
    --------
    >>> reference = pd.DataFrame({"distance": range(1000), "origin": ["JFK", "EWR"] * 500})
    >>> detector = DriftDetector().fit(reference)
    >>> report = detector.detect(reference.assign(distance=reference["distance"] + 300))
    >>> report.drifted, report.drifted_columns
    (True, ('distance',))
    """

    def __init__(
        self, alpha: float = 0.05, correction: str = "bh", min_effect: float = 0.1, columns: Sequence[str] | None = None
    ):
        self.alpha = alpha
        self.correction = correction
        self.min_effect = min_effect
        self.columns = columns

    def fit(self, reference: pd.DataFrame) -> DriftDetector:
        """Learn the profile of the reference, such as the rows that the model was trained on.

        Parameters
        ----------
        reference : DataFrame, shape (rows, columns)
            In one piece, since the quantiles are exact ones; only the profile is kept.

        Raises
        ------
        ValueError
            A parameter is out of its range.
        ValidationError
            The reference has no rows, lacks one of `columns`, or has two columns of one name.
        """
        self._check_parameters()
        self.profile_ = profile(reference, self.columns)
        return self

    def detect(self, current: pd.DataFrame | Iterable[pd.DataFrame]) -> DriftReport:
        """Compare current data with the reference.

        Parameters
        ----------
        current : DataFrame, or iterable of DataFrames
            Chunks give the same answer as all of their rows in one frame, and are read one at a time. Columns that the
            reference does not have are left alone.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        """
        return self._compare(self._fitted(), [current] if isinstance(current, pd.DataFrame) else current)

    def detect_by(self, frame: pd.DataFrame, time: str = "time_hour", freq: str = "MS") -> DriftTimeline:
        """Compare every period with the reference.

        Parameters
        ----------
        frame : DataFrame
            Rows of all periods, in any order. Those without a time belong to none.
        time : str, default "time_hour"
            The column that says when: moments, or text in ISO 8601. It is not compared itself.
        freq : str, default "MS"
            The length of a period as pandas writes it: ``"D"``, ``"W"``, ``"MS"``.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        ValidationError
            The frame has no such column, or it can not be read as moments.

        Examples
        --------
        >>> frame = pd.DataFrame({"day": pd.date_range("2013-01-01", periods=90), "temp": range(90)})
        >>> timeline = DriftDetector().fit(frame.head(31)).detect_by(frame, time="day")
        >>> [each.report.drifted for each in timeline.periods]
        [False, True, True]
        """
        watched = {name: column for name, column in self._fitted().items() if name != str(time)}
        periods = [
            DriftPeriod(label.isoformat(), self._compare(watched, [rows])) for label, rows in _split(frame, time, freq)
        ]
        return DriftTimeline(tuple(periods))

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn calls it so
        """Give the parameters by name, as scikit-learn does."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: Any) -> DriftDetector:
        """Change parameters, as scikit-learn does; what was fitted stays."""
        unknown = sorted(params.keys() - set(_PARAMETERS))
        if unknown:
            raise ValueError(f"DriftDetector has no parameter {', '.join(unknown)}; it has {', '.join(_PARAMETERS)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"DriftDetector({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"

    def _fitted(self) -> dict[str, ColumnProfile]:
        self._check_parameters()
        if not hasattr(self, "profile_"):
            raise NotFittedError("this DriftDetector has no reference yet: call fit(reference) first")
        return self.profile_

    def _check_parameters(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha is a probability between 0 and 1, not {self.alpha!r}")
        if not 0 <= self.min_effect <= 1:
            raise ValueError(f"min_effect lies between 0 and 1, not at {self.min_effect!r}")
        if self.correction not in CORRECTIONS:
            raise ValueError(f"correction is one of {', '.join(CORRECTIONS)}, not {self.correction!r}")
        if isinstance(self.columns, str):
            raise ValueError(f"columns is a list of names: write columns=[{self.columns!r}]")

    def _compare(self, watched: dict[str, ColumnProfile], chunks: Iterable[pd.DataFrame]) -> DriftReport:
        counts, n_current = count(watched, chunks)
        signals = {name: list(_signals(column, counts[name])) for name, column in watched.items()}
        p_values = np.array([signal.found.p_value for several in signals.values() for signal in several])
        corrected = iter(CORRECTIONS[self.correction](p_values).tolist())
        rows = [
            self._row(
                name, column, counts[name], [attrs.evolve(each, corrected=next(corrected)) for each in signals[name]]
            )
            for name, column in watched.items()
        ]
        return DriftReport(
            tuple(rows), float(self.alpha), self.correction, float(self.min_effect),
            n_reference=max((column.reference.rows for column in watched.values()), default=0),
            n_current=n_current,
        )  # fmt: skip

    def _row(self, name: str, column: ColumnProfile, current: ColumnCounts, signals: list[_Signal]) -> ColumnDrift:
        row = ColumnDrift(
            name, column.kind, "not enough data", n=current.values,
            missing_before=column.reference.missing_share, missing_after=current.missing_share,
        )  # fmt: skip
        if ABSENT in current.unexpected:
            return attrs.evolve(row, verdict="missing column", p_value=0.0, corrected_p_value=0.0, effect=1.0)
        if current.unexpected:
            return attrs.evolve(row, verdict="changed kind", p_value=0.0, corrected_p_value=0.0, effect=1.0)
        alarms = [signal for signal in signals if self._is_alarm(signal)]
        about_values = [signal for signal in signals if signal.method != _MISSING]
        if alarms:
            return _with_signal(row, "drifted", alarms[0])
        return _with_signal(row, "stable", about_values[0]) if about_values else row

    def _is_alarm(self, signal: _Signal) -> bool:
        return signal.corrected < self.alpha and signal.found.effect >= self.min_effect


_MISSING = "missing share"


@attrs.frozen
class _Signal:
    method: str
    found: Comparison
    corrected: float = 1.0


def _signals(column: ColumnProfile, current: ColumnCounts) -> Iterator[_Signal]:
    """Test the values, then the missing share, each only if there is something to test."""
    reference = column.reference
    if current.unexpected:
        return
    if min(reference.values, current.values) >= LEAST_VALUES:
        statistic = KolmogorovSmirnov() if isinstance(column.grid, Knots) else ChiSquare()
        yield _Signal(statistic.name, statistic.compare(reference.cells, current.cells))
    if min(reference.rows, current.rows) >= LEAST_VALUES and reference.missing + current.missing:
        present_or_not = [np.array([counts.values, counts.missing]) for counts in (reference, current)]
        yield _Signal(_MISSING, ChiSquare().compare(*present_or_not))


def _with_signal(row: ColumnDrift, verdict: Verdict, signal: _Signal) -> ColumnDrift:
    return attrs.evolve(
        row, verdict=verdict, method=signal.method, statistic=signal.found.statistic, p_value=signal.found.p_value,
        corrected_p_value=signal.corrected, effect=signal.found.effect,
    )  # fmt: skip


def _split(frame: pd.DataFrame, time: str, freq: str) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    if time not in frame:
        raise ValidationError(f"the frame has no column {time!r} to tell the time: name another one with time=")
    try:
        moments = pd.DatetimeIndex(pd.to_datetime(frame[time], format="ISO8601"))
    except (ValueError, TypeError):  # whose message shows a value
        raise ValidationError(
            f"column {time!r} can not be read as moments: convert it with pandas.to_datetime"
        ) from None
    known = moments.notna()
    yield from frame.set_axis(moments, axis="index")[known].groupby(pd.Grouper(freq=freq))
