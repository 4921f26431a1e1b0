"""From two profiles to a report: all tests of all columns, corrected together, then a verdict for each column."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.correction import PValues
from mlopskit.drift.picture import picture
from mlopskit.drift.profile import ColumnProfile, Profile
from mlopskit.drift.signals import Signal, signals
from mlopskit.drift.statistics.anderson_darling import AndersonDarling
from mlopskit.drift.statistics.chi_square import ChiSquare
from mlopskit.drift.statistics.statistic import Statistic
from mlopskit.records.drift import ColumnDrift, Verdict

Statistics = Mapping[str, Statistic]
"""By the name of a column, or ``"numeric"`` or ``"categorical"`` for all others."""

_OF_NUMBERS, _OF_LABELS = AndersonDarling(), ChiSquare()


@attrs.frozen(eq=False)
class Rule:
    """When a column has drifted.

    Attributes
    ----------
    alpha : float
        What corrected p-values are held against.
    correct : callable
        The correction, one of `CORRECTIONS`.
    min_effect : float
        The least effect worth an alarm.
    usual : mapping of str to float
        By column, the effect that is usual between stretches of the reference, where that was learned.
    statistics : mapping of str to Statistic
    """

    alpha: float
    correct: Callable[[PValues], PValues]
    min_effect: float
    usual: Mapping[str, float] = attrs.field(factory=dict)
    statistics: Statistics = attrs.field(factory=dict)

    def statistic(self, name: str, column: ColumnProfile) -> Statistic:
        """Choose what a column is compared by."""
        if name in self.statistics:
            return self.statistics[name]
        if column.kind in NUMBERS:
            return self.statistics.get("numeric", _OF_NUMBERS)
        return self.statistics.get("categorical", _OF_LABELS)

    def least_effect(self, name: str) -> float:
        """Return the least effect that is worth an alarm in a column."""
        return max(self.min_effect, self.usual.get(name, 0.0))


def compare(reference: Profile, current: Profile, rule: Rule) -> tuple[ColumnDrift, ...]:
    """Compare every column of the reference, in its order."""
    pairs = {name: (column, current.columns[name]) for name, column in reference.columns.items()}
    found = {name: _signals(name, *pair, rule) for name, pair in pairs.items()}
    corrected = iter(rule.correct(np.array([each.found.p_value for several in found.values() for each in several])))
    return tuple(
        _judge(name, *pairs[name], [attrs.evolve(each, corrected=float(next(corrected))) for each in several], rule)
        for name, several in found.items()
    )


def effects(reference: Profile, current: Profile, rule: Rule) -> dict[str, float]:
    """Tell the greatest effect of all tests of each column; 0 where nothing can be tested."""
    return {
        name: max((each.found.effect for each in _signals(name, column, current.columns[name], rule)), default=0.0)
        for name, column in reference.columns.items()
    }


def _signals(name: str, reference: ColumnProfile, current: ColumnProfile, rule: Rule) -> list[Signal]:
    if _is_unlike(reference, current):
        return []
    return list(signals(reference, current, rule.statistic(name, reference)))


def _is_unlike(reference: ColumnProfile, current: ColumnProfile) -> Verdict | None:
    if current.absent:
        return "missing column"
    kinds = {reference.kind, current.kind} - {"empty"}
    return "changed kind" if len(kinds) > 1 or "mixed" in kinds else None


def _judge(name: str, reference: ColumnProfile, current: ColumnProfile, found: list[Signal], rule: Rule) -> ColumnDrift:
    row = ColumnDrift(
        name, reference.kind, "not enough data", n=current.values,
        missing_before=reference.missing_share, missing_after=current.missing_share,
    )  # fmt: skip
    unlike = _is_unlike(reference, current)
    if unlike:
        words = "" if current.absent else f"{reference.kind} -> {current.kind}"
        return attrs.evolve(row, verdict=unlike, p_value=0.0, corrected_p_value=0.0, effect=1.0, change=words)
    shape, words = picture(reference, current)
    row = attrs.evolve(row, histogram=shape, change=words)
    least = rule.least_effect(name)
    alarms = [each for each in found if each.corrected < rule.alpha and each.found.effect >= least]
    if alarms:
        return _with_signal(row, "drifted", min(alarms, key=lambda each: (not each.about_values, each.corrected)))
    about_values = [each for each in found if each.about_values]
    if not about_values:
        return row
    unsure = about_values[0].found.effect >= least and about_values[0].corrected >= rule.alpha
    return _with_signal(row, "not enough data" if unsure else "stable", about_values[0])


def _with_signal(row: ColumnDrift, verdict: Verdict, signal: Signal) -> ColumnDrift:
    return attrs.evolve(
        row, verdict=verdict, method=signal.method, statistic=signal.found.statistic, p_value=signal.found.p_value,
        corrected_p_value=signal.corrected, effect=signal.found.effect,
    )  # fmt: skip
