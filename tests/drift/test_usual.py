"""What is usual between stretches of the reference: a further one is seldom beyond it."""

from functools import reduce

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from mlopskit.drift import Profile
from mlopskit.drift.comparison import Rule, effects
from mlopskit.drift.correction import benjamini_hochberg
from mlopskit.drift.usual import Part, usual_effects
from mlopskit.errors import ValidationError


def rule(alpha):
    return Rule(alpha, benjamini_hochberg, min_effect=0.0)


def stretches(rng, count, rows=60):
    """Profiles of stretches that have a level of their own each."""
    return [Profile.of(pd.DataFrame({"x": rng.normal(rng.normal(), 1, rows)})) for _ in range(count)]


def parts(known):
    whole = reduce(Profile.merge, known)
    return [Part(each, whole, each.rows / whole.rows) for each in known]


def test_a_further_stretch_is_beyond_it_as_seldom_as_alpha_says():
    rng = np.random.default_rng(0)
    alpha, simulations, beyond = 0.02, 400, 0
    for _ in range(simulations):
        *known, further = stretches(rng, 7)
        whole = reduce(Profile.merge, known)
        limit = usual_effects(parts(known), rule(alpha))["x"]
        beyond += effects(whole, further, rule(alpha))["x"] > limit
    assert beyond <= simulations * alpha + 2 * np.sqrt(simulations * alpha)


def test_the_limit_is_that_of_a_normal_change_whose_sign_is_lost():
    known = stretches(np.random.default_rng(1), 6)
    whole = reduce(Profile.merge, known)
    against_rest = [effects(whole, each, rule(0.05))["x"] * 6 / 5 for each in known]
    expected = t.ppf(0.975, df=6) * np.sqrt(np.mean(np.square(against_rest)))
    assert usual_effects(parts(known), rule(0.05))["x"] == pytest.approx(expected)


def test_fewer_than_five_stretches_tell_nothing():
    known = stretches(np.random.default_rng(2), 4)
    with pytest.raises(ValidationError, match="at least 5"):
        usual_effects(parts(known), rule(0.05))


def test_a_stretch_that_was_cut_off_tells_nothing():
    rng = np.random.default_rng(3)
    known = stretches(rng, 8)
    *full, cut = parts([*known, Profile.of(pd.DataFrame({"x": np.full(5, 40.0)}))])
    limit = usual_effects(full, rule(0.05))["x"]
    assert usual_effects([*full, cut], rule(0.05))["x"] == limit
    with pytest.raises(ValidationError, match="has 4 stretches"):
        usual_effects([*full[:4], cut], rule(0.05))


def test_a_stretch_that_is_most_of_what_it_is_held_against_tells_nothing():
    known = parts(stretches(np.random.default_rng(4), 6))
    alone = Part(known[0].profile, known[0].profile, share=1.0)
    limit = usual_effects(known, rule(0.05))["x"]
    assert usual_effects([*known, alone], rule(0.05))["x"] == limit
    with pytest.raises(ValidationError, match="has 4 stretches"):
        usual_effects([*known[:4], alone], rule(0.05))
