"""How much stretches of the reference differ from the rest of it: the change that is usual, and no drift."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
import numpy as np
from scipy.special import stdtrit

from mlopskit.drift.comparison import Rule, effects
from mlopskit.drift.profile import Profile
from mlopskit.errors import ValidationError

LEAST_STRETCHES = 5


@attrs.frozen(eq=False)
class Part:
    """A stretch of the reference.

    Attributes
    ----------
    profile : Profile
        Of its rows.
    whole : Profile
        Of the rows that it is held against, its own among them.
    share : float
        How much of those its own are.
    """

    profile: Profile
    whole: Profile
    share: float


def usual_effects(parts: Sequence[Part], rule: Rule) -> dict[str, float]:
    """Learn, for each column, up to which effect a further stretch of the reference would be found.

    The effect of each stretch against the rest follows from the one against the whole, since distribution functions
    mix: it is that over the share of the rest. An effect is the size of a change whose sign is lost. Changes are taken
    for normal around none, so that the next one over the root mean square of k has Student's distribution with k
    degrees of freedom (W. S. Gosset, The probable error of a mean, 1908): the limit is ``t_k(1 - a / 2)`` times that
    root, with alpha over the number of columns for a. Stretches with fewer than half as many rows as most have, such as
    the days of a week before a month began, are left out, and so are those with fewer than half as many rows beside
    them, such as the only January where the season is the month.

    Raises
    ------
    ValidationError
        There are fewer than 5 stretches.
    """
    usual_rows = np.median([each.profile.rows for each in parts]) if parts else 0
    telling = [each for each in parts if each.profile.rows >= usual_rows / 2 and 1 - each.share >= each.share / 2]
    if len(telling) < LEAST_STRETCHES:
        raise ValidationError(
            f"the reference has {len(telling)} stretches with enough rows in them and beside them, and at least "
            f"{LEAST_STRETCHES} are needed to learn how much they differ: give a shorter freq=, or a longer reference"
        )
    found = [
        {name: effect / (1 - each.share) for name, effect in effects(each.whole, each.profile, rule).items()}
        for each in telling
    ]
    return {name: _limit(np.array([each[name] for each in found]), rule.alpha / len(found[0])) for name in found[0]}


def _limit(observed: np.ndarray[tuple[int], np.dtype[np.float64]], alpha: float) -> float:
    return float(stdtrit(len(observed), 1 - alpha / 2)) * math.sqrt(np.square(observed).mean())
