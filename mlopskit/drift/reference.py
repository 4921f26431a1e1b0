"""`Reference`: what a detector has learned, in one pass over the rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import attrs
import pandas as pd

from mlopskit.drift.comparison import Rule
from mlopskit.drift.layout import Layout
from mlopskit.drift.multivariate.family import MultivariateTest
from mlopskit.drift.multivariate.joint_profile import JointProfile
from mlopskit.drift.periods import Stretch, moments_of, season_of, stretches_by_time
from mlopskit.drift.picture import LEAST_NAMED
from mlopskit.drift.profile import Profile, columns_of, rows_by_label
from mlopskit.drift.usual import Part, usual_effects
from mlopskit.errors import ValidationError


@attrs.frozen(eq=False)
class Reference:
    """What is known of the reference.

    Attributes
    ----------
    profile : Profile
        Of all its rows.
    usual : mapping of str to float
        Per column the effect that is usual between its stretches, where that was learned.
    time : str or None
        The column that tells a row's season.
    season : str or None
        ``"hour"``, ``"weekday"`` or ``"month"`` if there is a profile for each.
    by_season : mapping of int to Profile
    slices : str or None
        The column whose values have a profile each.
    by_slice : mapping of str to Profile
        Of values that at least 5 rows have.
    joint : JointProfile or None
        What is kept of its columns together, if that was asked for.
    """

    profile: Profile
    usual: Mapping[str, float] = attrs.field(factory=dict)
    time: str | None = None
    season: str | None = None
    by_season: Mapping[int, Profile] = attrs.field(factory=dict)
    slices: str | None = None
    by_slice: Mapping[str, Profile] = attrs.field(factory=dict)
    joint: JointProfile | None = None

    @classmethod
    def learn(
        cls, frames: Iterable[pd.DataFrame], layout: Layout, rule: Rule, *, freq: str | None = None,
        slices: str | None = None, tests: Sequence[MultivariateTest] = (),
    ) -> Reference:  # fmt: skip
        """Learn from rows; see `DriftDetector.fit`."""
        profile = Profile.none()
        stretches: dict[pd.Timestamp, Stretch] = {}
        by_season: dict[int, Profile] = {}
        by_slice: dict[str, Profile] = {}

        def profiled() -> Iterator[pd.DataFrame]:
            """Profile each chunk that passes by on its way to be summed."""
            nonlocal profile
            for frame in frames:
                profile = profile.merge(layout.profile(frame))
                if layout.time is not None and freq:
                    merge_into(stretches, stretches_by_time([frame], layout.time, freq, layout.read))
                if layout.time is not None and layout.season:
                    for value, rows in frame.groupby(season_of(moments_of(frame, layout.time), layout.season)):
                        merge_into(by_season, {int(value): layout.profile(rows)})
                if slices is not None:
                    merge_into(by_slice, profiles_by_slice(frame, slices, layout))
                yield layout.without_roles(frame)

        chunks = profiled()
        together = None if layout.columns is None else layout.compared(())
        joint = JointProfile(tests, together).fit(chunks) if tests else None
        deque(chunks, maxlen=0)  # what nobody has summed is profiled all the same
        if layout.groups and profile.rows and not profile.groups:
            raise ValidationError(
                f"column {layout.groups!r} has no value in the reference to tell which rows belong together: "
                "name another one with groups=, or none if rows are independent"
            )
        usable = _usable(profile)
        told = {} if slices is None else _told(by_slice, slices)
        ordered = dict(sorted(by_season.items())), dict(sorted(told.items()))
        learned = cls(usable, {}, layout.time, layout.season, ordered[0], slices, ordered[1], joint)
        if not freq:
            return learned
        parts = [learned.part(each) for _, each in sorted(stretches.items()) if each.profile.weight]
        return attrs.evolve(learned, usual=usual_effects(parts, rule))

    @classmethod
    def of(cls, profile: Profile) -> Reference:
        """Take a profile that was made before."""
        return cls(_usable(profile))

    def in_seasons(self, seasons: Mapping[int, float]) -> Profile:
        """Return the profile of the reference's rows of some seasons in the same shares, or of all if there are none.

        Seasons of which the reference has too many rows are scaled down. Rows that weigh differently then tell as much
        as fewer equal ones, see `Profile.effective`.

        Parameters
        ----------
        seasons : mapping of int to float
            How many rows are from which.
        """
        known = [(self.by_season[each], rows) for each, rows in sorted(seasons.items()) if each in self.by_season]
        factors = [(season, rows / season.weight) for season, rows in known if rows and season.weight]
        if not factors:
            return self.profile
        largest = max(factor for _, factor in factors)
        return reduce(Profile.merge, (season.scaled(factor / largest) for season, factor in factors))

    def part(self, stretch: Stretch) -> Part:
        """Tell what a stretch of the reference is held against, and what share of that it is itself."""
        profile, whole, rows = stretch.profile, self.in_seasons(stretch.seasons), stretch.seasons
        if not rows:
            return Part(profile, whole, profile.weight / whole.weight)
        share_of_each = {season: own / self.by_season[season].weight for season, own in rows.items() if own}
        return Part(profile, whole, sum(rows[each] * share for each, share in share_of_each.items()) / profile.weight)


def profiles_by_slice(frame: pd.DataFrame, slices: str, layout: Layout) -> dict[str, Profile]:
    """Profile the rows of each value of a column, by its text; the column itself and rows without a value are left out.

    Raises
    ------
    ValidationError
        The frame has no such column.
    """
    by_name = columns_of(frame)
    if slices not in by_name:
        raise ValidationError(f"the frame has no column {slices!r} to tell the slices: name another one with slices=")
    return {label: layout.profile(rows, without=[slices]) for label, rows in rows_by_label(frame, by_name[slices])}


def _told(by_slice: Mapping[str, Profile], slices: str) -> dict[str, Profile]:
    """Leave out slices of so few rows that their value, which may be a secret, would not be named elsewhere either."""
    kept = {value: profile for value, profile in by_slice.items() if profile.rows >= LEAST_NAMED}
    if not kept:
        raise ValidationError(
            f"column {slices!r} has no value that {LEAST_NAMED} rows of the reference have: name another one with "
            "slices="
        )
    return kept


def merge_into(known: dict[Any, Any], found: Mapping[Any, Any]) -> None:
    """Merge profiles, or what has one, into those known by the same label."""
    for label, piece in found.items():
        known[label] = known[label].merge(piece) if label in known else piece


def _usable(profile: Profile) -> Profile:
    if not profile.rows:
        raise ValidationError("the reference has no rows: fit on the data that the model was trained on")
    absent = [name for name, column in profile.columns.items() if column.absent]
    if absent:
        known = [name for name, column in profile.columns.items() if not column.absent]
        raise ValidationError(
            f"the reference has no column {', '.join(map(repr, absent))} in some or all of its rows: "
            + (f"it has {', '.join(known)}" if known else "name others in columns=")
        )
    mixed = [name for name, column in profile.columns.items() if column.kind == "mixed"]
    if mixed:
        raise ValidationError(
            f"column {', '.join(map(repr, mixed))} of the reference is of one kind in some chunks and of another in "
            "others: convert it first"
        )
    return profile
