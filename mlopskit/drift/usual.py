"""How much stretches of the reference differ from the rest of it: the change that is usual, and no drift."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from mlopskit.drift.comparison import Rule, effects
from mlopskit.drift.profile import Profile
from mlopskit.errors import ValidationError

LEAST_STRETCHES = 5


def usual_effects(whole: Profile, stretches: Sequence[Profile], rule: Rule) -> dict[str, float]:
    """Learn, for each column, up to which effect a further stretch of the reference would be found.

    The effect of each stretch against the rest follows from the one against the whole, since distribution functions
    mix: it is that over the share of the rest. The limit is the upper prediction limit for one more such effect,
    ``mean + t * deviation * sqrt(1 + 1 / k)`` with k - 1 degrees of freedom (G. J. Hahn and W. Q. Meeker, Statistical
    Intervals, 1991, section 4.3), at alpha over the number of columns.

    Raises
    ------
    ValidationError
        There are fewer than 5 stretches with rows.
    """
    filled = [each for each in stretches if each.rows]
    if len(filled) < LEAST_STRETCHES:
        raise ValidationError(
            f"the reference has {len(filled)} stretches, and at least {LEAST_STRETCHES} are needed to learn how much "
            "they differ: give a shorter freq=, or a longer reference"
        )
    found = [
        {name: effect / (1 - each.rows / whole.rows) for name, effect in effects(whole, each, rule).items()}
        for each in filled
    ]
    return {
        name: _limit(np.array([each[name] for each in found]), rule.alpha / len(whole.columns)) for name in found[0]
    }


def _limit(observed: np.ndarray[tuple[int], np.dtype[np.float64]], alpha: float) -> float:
    stretches = len(observed)
    quantile = float(stdtrit(stretches - 1, 1 - alpha))
    return float(observed.mean() + quantile * observed.std(ddof=1) * math.sqrt(1 + 1 / stretches))
