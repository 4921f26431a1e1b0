"""The detector: learns a profile of the reference, and tells in which columns current data differs from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args

import attrs
import pandas as pd

from mlopskit.drift.alarm_budget import checked_confirmation
from mlopskit.drift.comparison import Rule, Statistics, compare
from mlopskit.drift.correction import CORRECTIONS
from mlopskit.drift.layout import Layout
from mlopskit.drift.multivariate.family import MultivariateTest
from mlopskit.drift.multivariate.joint_profile import DEFAULT_TESTS, JointProfile
from mlopskit.drift.periods import Stretch, stretches_by_size, stretches_by_time
from mlopskit.drift.profile import Profile
from mlopskit.drift.reference import Reference, merge_into, profiles_by_slice
from mlopskit.drift.statistics.statistic import Statistic
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.records.drift import DriftPeriod, DriftReport, DriftTimeline
from mlopskit.storage.frames import Frames, frames_in

Season = Literal["hour", "weekday", "month"]

_PARAMETERS = ("alpha", "correction", "min_effect", "columns", "statistics", "groups", "weights", "multivariate")


_OPTIONAL = ("statistics", "groups", "weights", "multivariate")
"""Parameters named by `repr` only where they are given."""


class DriftDetector:
    """Tells whether data has moved away from the reference, and in which columns.

    A column has drifted when its corrected p-value is below `alpha` *and* its effect is at least `min_effect`: the
    first keeps chance from raising alarms, the second keeps large batches from raising them about nothing. An effect
    that is large enough while the p-value is not is "not enough data", and so are fewer than 5 values on a side.

    Numbers, moments and durations are compared by Anderson-Darling's statistic, with the number of standard deviations
    that they moved as effect; booleans and categories by a chi-square test, with the total variation distance. The
    share of missing values, new and vanished categories, and the length of texts too varied to be categories are tested
    as well.

    Rows are taken to be independent unless `groups` tells otherwise. The comparisons of several batches are not
    corrected for each other; see `alpha_for` for an alpha that follows from how often a false alarm is bearable.

    Parameters
    ----------
    alpha : float, default 0.05
        The probability of any alarm about a batch in which nothing has moved.
    correction : {"bh", "bonferroni", "none"}, default "bh"
        How p-values are corrected for the number of tests: Benjamini-Hochberg, Bonferroni, or not at all.
    min_effect : float, default 0.1
        The least change worth an alarm, in the units of the statistic's effect: a tenth of a standard deviation, or a
        tenth of the rows in another category.
    columns : sequence of str, optional
        The columns to watch; by default all of the reference's.
    statistics : Statistic, or mapping of str to Statistic, optional
        What columns are compared by: one for all, or by the name of a column, ``"numeric"`` for all other columns of
        numbers and ``"categorical"`` for all others.

    groups : str, optional
        The column that tells which rows are not independent, such as the day or the customer. P-values then come from
        dealing whole groups out at random, see `block_p_value`, and new, vanished and too varied labels are left to the
        comparison of values. The column itself is not compared.
    weights : str, optional
        The column that tells how much each row counts, such as one over its chance to be drawn. Tests are made with as
        many equal rows as tell as much, see `Profile.effective`. The column itself is not compared.
    multivariate : bool or sequence of MultivariateTest, default False
        Whether columns are compared together as well, which finds changes that no column shows by itself: by
        correlations, MMD and PCA's reconstruction error, or by the tests given. Half of alpha is for them then, and
        half for the columns. Only sums are kept; moments and durations, groups and weights are passed over. With
        seasons and in slices columns are compared one by one only.

    Attributes
    ----------
    reference_ : Reference
        What is kept of the reference, see there. Per column how often values occur, in at most 2,048 cells of numbers
        or 1,024 of labels. No row is kept. Of at most 2,048 distinct numbers each is kept to 12 significant digits, of
        more of them fewer digits; names of categories are kept where there are at most 1,024.

    Examples
    --------
    >>> reference = pd.DataFrame({"distance": range(1000), "origin": ["JFK", "EWR"] * 500})
    >>> detector = DriftDetector().fit(reference)
    >>> report = detector.detect(reference.assign(distance=reference["distance"] + 300))
    >>> report.drifted, report.drifted_columns
    (True, ('distance',))
    """

    def __init__(
        self, alpha: float = 0.05, correction: str = "bh", min_effect: float = 0.1,
        columns: Sequence[str] | None = None, statistics: Statistic | Statistics | None = None,
        groups: str | None = None, weights: str | None = None, multivariate: bool | Sequence[MultivariateTest] = False,
    ):  # fmt: skip
        self.alpha = alpha
        self.correction = correction
        self.min_effect = min_effect
        self.columns = columns
        self.statistics = statistics
        self.groups = groups
        self.weights = weights
        self.multivariate = multivariate

    def fit(
        self, reference: Frames | Profile, *, time: str | None = None, freq: str | None = None,
        season: Season | None = None, slices: str | None = None,
    ) -> DriftDetector:  # fmt: skip
        """Learn the profile of the reference, such as the rows that the model was trained on.

        Parameters
        ----------
        reference : DataFrame, chunks of one, Dask frame, path of Parquet, or Profile
            Chunks are read one at a time, in any order, and give the same profile as all of their rows in one frame.
        time : str, optional
            The column that says when, for the two below. It is not compared.
        freq : str, optional
            The length of a stretch as pandas writes it, ``"D"``, ``"W"``, ``"MS"``: learn how much such stretches of
            the reference differ from the rest of it. A change that is usual among them is no drift then; see
            `usual_effects`.
        season : {"hour", "weekday", "month"}, optional
            Keep a profile for each season, and compare a batch only with the reference's rows of its own seasons, in
            the shares that the batch has of them: a Sunday with Sundays. With `freq` stretches are held against those
            of their seasons too.
        slices : str, optional
            Keep a profile for each value of a column as well, for `detect_slices`; of values that at least 5 rows have.
            They are kept as text, 1.0 as 1 is.

        Raises
        ------
        ValueError
            A parameter is out of its range.
        ValidationError
            The reference has no rows, lacks one of `columns`, has two columns of one name, a column of two kinds, no
            row with a group, or no slice of 5 rows; or a profile was made without the groups or weights that the
            detector has.
        """
        rule, tests = self._rule(), self._tests()
        if (freq or season) and time is None:
            raise ValueError("to learn from stretches or seasons, name the column that says when with time=")
        if season not in (None, *get_args(Season)):
            raise ValueError(f"season is one of {', '.join(get_args(Season))}, not {season!r}")
        if isinstance(reference, Profile):
            if time is not None or slices is not None:
                raise ValueError("a profile has no rows left to tell time or slices of: fit on rows")
            self.reference_ = Reference.of(self._with_roles(reference))
        else:
            layout = self._layout(self._names(), time, season)
            self.reference_ = Reference.learn(
                _chunks(reference),
                layout,
                rule,
                freq=freq,
                slices=None if slices is None else str(slices),
                tests=tests,
            )
        return self

    def detect(self, current: Frames | Profile) -> DriftReport:
        """Compare current data with the reference.

        Parameters
        ----------
        current : DataFrame, chunks of one, Dask frame, path of Parquet, or Profile
            Chunks give the same answer as all of their rows in one frame, and are read one at a time. Columns that the
            reference does not have are named in the report and otherwise left alone.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        ValidationError
            Two columns share a name, or a profile was made without the groups or weights that the detector has.
        """
        reference = self._fitted()
        layout = self._layout(reference.profile.columns, reference.time, reference.season, reference.joint)
        found = Stretch(Profile.none(layout.compared(())))
        if isinstance(current, Profile):
            found = found.merge(Stretch(self._with_roles(current)))
            return self._report(layout.expected(reference.profile), found, tuple(layout.added(current.columns)))
        added: dict[str, None] = {}
        for frame in _chunks(current):
            found = found.merge(layout.read(frame))
            added |= dict.fromkeys(layout.added(frame.columns))
        return self._report(layout.expected(reference.in_seasons(found.seasons)), found, tuple(added))

    def detect_by(
        self, frame: Frames, time: str = "time_hour", freq: str | None = None, size: int | None = None,
        confirm: tuple[int, int] = (1, 1),
    ) -> DriftTimeline:  # fmt: skip
        """Compare every period with the reference.

        Parameters
        ----------
        frame : DataFrame, chunks of one, Dask frame, or path of Parquet
            Rows of all periods, in any order; with `size` in order.
        time : str, default "time_hour"
            The column that says when: moments, or text in ISO 8601. It is not compared itself. Rows without a time
            belong to no period.
        freq : str, optional
            The length of a period as pandas writes it: ``"D"``, ``"W"``, ``"MS"``; by default months. Several days,
            hours or less, such as ``"7D"``, are counted from the beginning of 1970 on.
        size : int, optional
            Instead so many rows a period, in their order, whatever the time.
        confirm : tuple of int, default (1, 1)
            (k, n): a period that drifted raises an alarm if k of the last n did, itself included.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        ValidationError
            The frame has no such column, it can not be read as moments, or the reference was fitted with it as one of
            the columns that are compared together.
        ValueError
            Both `freq` and `size` are given, or one is out of its range.

        Examples
        --------
        >>> frame = pd.DataFrame({"day": pd.date_range("2013-01-01", periods=90), "temp": range(90)})
        >>> timeline = DriftDetector().fit(frame.head(31)).detect_by(frame, time="day")
        >>> [each.report.drifted for each in timeline.periods]
        [False, True, True]
        """
        reference = self._fitted()
        k, n = checked_confirmation(confirm)
        if size is not None and (freq is not None or size < 1):
            raise ValueError(
                "a period is a stretch of time, freq=, or a number of rows from 1 on, size=: give one of them"
            )
        columns = [name for name in reference.profile.columns if name != str(time)]
        layout = self._layout(columns, time if size is None else reference.time, reference.season, reference.joint)
        if reference.joint and not reference.season and str(time) in reference.joint.encoder_.columns:
            raise ValidationError(
                f"the reference was fitted with the column {time!r} as one of those compared together, and when rows "
                f"were is not to be compared: call fit(reference, time={time!r}) first"
            )
        drifted: list[bool] = []
        periods = []
        for label, stretch in self._stretches(_chunks(frame), layout, freq or "MS", size):
            report = self._report(layout.expected(reference.in_seasons(stretch.seasons)), stretch)
            drifted.append(report.drifted)
            periods.append(DriftPeriod(label, report, alarm=report.drifted and sum(drifted[-n:]) >= k))
        return DriftTimeline(tuple(periods))

    def detect_slices(self, current: Frames) -> dict[str, DriftReport]:
        """Compare each slice of current data with the same slice of the reference.

        A change in a small slice drowns in the whole, and one that every slice has is told from a change of their
        shares. Each report is made at alpha over the number of slices, so that the probability of any alarm about a
        batch in which nothing has moved is still alpha.

        Parameters
        ----------
        current : DataFrame, chunks of one, Dask frame, or path of Parquet

        Returns
        -------
        dict of str to DriftReport
            By the text of the value, in order; slices that the reference does not have are left out, and those that
            current data does not have are "not enough data".

        Raises
        ------
        NotFittedError
            `fit` has not been called with ``slices=``.

        Examples
        --------
        >>> rows = pd.DataFrame({"origin": ["EWR", "JFK"] * 500, "delay": range(1000)})
        >>> detector = DriftDetector().fit(rows, slices="origin")
        >>> later = rows.assign(delay=rows["delay"] + 400 * (rows["origin"] == "JFK"))
        >>> {name: report.drifted for name, report in detector.detect_slices(later).items()}
        {'EWR': False, 'JFK': True}
        """
        reference = self._fitted()
        if reference.slices is None:
            raise NotFittedError("this DriftDetector knows no slices: call fit(reference, slices=...) first")
        layout = self._layout(reference.profile.columns)
        found: dict[str, Profile] = {}
        for frame in _chunks(current):
            merge_into(found, profiles_by_slice(frame, reference.slices, layout))
        share = 1 / len(reference.by_slice)
        return {
            value: self._report(expected, Stretch(found.get(value, Profile.none(expected.columns))), share=share)
            for value, expected in ((name, layout.expected(each)) for name, each in reference.by_slice.items())
        }

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
        given = {name: value for name, value in self.get_params().items() if name not in _OPTIONAL or value}
        return f"DriftDetector({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    @property
    def profile_(self) -> Profile:
        """The profile of all rows of the reference."""
        return self._fitted().profile

    def _fitted(self) -> Reference:
        if not hasattr(self, "reference_"):
            raise NotFittedError("this DriftDetector has no reference yet: call fit(reference) first")
        return self.reference_

    def _with_roles(self, profile: Profile) -> Profile:
        """Refuse a profile that does not know the groups or weights of its rows."""
        lacks = {"groups": profile.rows and not profile.groups, "weights": not profile.is_weighed}
        roles = {role: name for role, name in self.get_params().items() if lacks.get(role) and name is not None}
        if roles:
            given = ", ".join(f"{role}={name!r}" for role, name in roles.items())
            raise ValidationError(
                f"the profile knows nothing of the {' and '.join(roles)} of its rows, which this DriftDetector has: "
                f"make it with Profile.of(frame, {given})"
            )
        return profile

    def _rule(self) -> Rule:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha is a probability between 0 and 1, not {self.alpha!r}")
        if not self.min_effect >= 0:
            raise ValueError(f"min_effect is 0 or more, not {self.min_effect!r}")
        if self.correction not in CORRECTIONS:
            raise ValueError(f"correction is one of {', '.join(CORRECTIONS)}, not {self.correction!r}")
        known = getattr(self, "reference_", None)
        return Rule(
            self.alpha, CORRECTIONS[self.correction], self.min_effect, known.usual if known else {},
            _by_name(self.statistics), grouped=self.groups is not None or bool(known and known.profile.groups),
        )  # fmt: skip

    def _names(self) -> list[str] | None:
        if isinstance(self.columns, str):
            raise ValueError(f"columns is a list of names: write columns=[{self.columns!r}]")
        return None if self.columns is None else [str(name) for name in self.columns]

    def _stretches(
        self, frames: Iterator[pd.DataFrame], layout: Layout, freq: str, size: int | None
    ) -> Iterator[tuple[str, Stretch]]:
        if size is None:
            by_time = stretches_by_time(frames, str(layout.time), freq, layout.read)
            yield from ((label.isoformat(), stretch) for label, stretch in by_time.items())
        else:
            by_size = stretches_by_size(frames, size, layout.read)
            yield from ((f"rows {first}-{first + stretch.profile.rows - 1}", stretch) for first, stretch in by_size)

    def _layout(
        self, columns: Iterable[str] | None, time: str | None = None, season: str | None = None,
        joint: JointProfile | None = None,
    ) -> Layout:  # fmt: skip
        chosen = None if columns is None else tuple(columns)
        return Layout(chosen, time, self.groups, self.weights, season, joint)

    def _tests(self) -> tuple[MultivariateTest, ...]:
        if isinstance(self.multivariate, bool):
            return DEFAULT_TESTS if self.multivariate else ()
        if not isinstance(self.multivariate, Sequence):
            raise TypeError(f"multivariate is True, False or a list such as [MMD()], not {_named(self.multivariate)}")
        for test in self.multivariate:
            if not isinstance(test, MultivariateTest):
                raise TypeError(f"multivariate lists instances of MultivariateTest such as MMD(), not {_named(test)}")
        return tuple(self.multivariate)

    def _report(
        self, reference: Profile, current: Stretch, added: tuple[str, ...] = (), share: float = 1.0
    ) -> DriftReport:
        joint = None if current.joint is None or self._fitted().season else self._fitted().joint
        rule = self._rule()
        rule = attrs.evolve(rule, alpha=rule.alpha * share * (0.5 if joint else 1.0))
        together = None
        if joint and current.joint:
            together = joint.compare(current.joint, alpha=rule.alpha, min_effect=self.min_effect)
        return DriftReport(
            compare(reference, current.profile, rule), rule.alpha, self.correction, float(self.min_effect),
            n_reference=reference.rows, n_current=current.profile.rows, added_columns=added, together=together,
        )  # fmt: skip


def _chunks(data: Frames) -> Iterator[pd.DataFrame]:
    """Give the frames that data consists of; those of no rows and no columns say nothing."""
    return (frame for frame in frames_in(data) if frame.shape != (0, 0))


def _by_name(statistics: Statistic | Statistics | None) -> Statistics:
    if isinstance(statistics, Statistic):
        return {"numeric": statistics, "categorical": statistics}
    chosen: dict[str, Any] = dict(statistics or {})
    for name, statistic in chosen.items():
        if not isinstance(statistic, Statistic):
            raise TypeError(
                f"statistics[{name!r}] is a statistic, such as KolmogorovSmirnov(), not {_named(statistic)}"
            )
    return chosen


def _named(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
