"""Frames with every trap in them, and how often a test may raise a false alarm in simulations."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom


@pytest.fixture
def frame():
    return trapped_frame


@pytest.fixture
def most_alarms():
    return binomial_bound


def trapped_frame(random, rows):
    """Dependent columns: heavy-tailed, discrete, mostly zero, nearly equal, rare, and missing together."""
    loadings = np.random.default_rng(1).normal(size=(2, 6)) * 0.6
    factors = random.normal(size=(rows, 2))
    z = factors @ loadings + random.normal(size=(rows, 6))
    levels = 1 / np.arange(1, 61) ** 1.3
    columns = {
        "a": z[:, 0],
        "b": z[:, 1],
        "c": z[:, 2],
        "gaps": z[:, 3],
        "lognormal": np.exp(2 * z[:, 4]),
        "cauchy": random.standard_cauchy(rows) + z[:, 5],
        "count": random.poisson(np.exp(0.5 * factors[:, 0])),
        "zeros": np.where(random.random(rows) < 0.8, 0, np.exp(z[:, 0])),
        "twin": z[:, 1] + (random.random(rows) < 0.01),
        "flag": random.random(rows) < 1 / (1 + np.exp(-factors[:, 1])),
        "rare": random.random(rows) < 0.01,
        "levels": random.choice([f"L{number}" for number in range(60)], rows, p=levels / levels.sum()),
        "cut": np.array(["low", "middle", "high"])[np.digitize(z[:, 2], [-0.5, 0.8])],
    }
    made = pd.DataFrame(columns)
    gone = random.random(rows) < 0.1
    made.loc[gone, "gaps"] = np.nan
    made.loc[gone & (random.random(rows) < 0.9), "lognormal"] = np.nan
    made.loc[random.random(rows) < 0.02, "cut"] = None
    return made


def binomial_bound(simulations, alpha):
    """How many false alarms an honest test raises at most, but for one case in a thousand."""
    return binom.ppf(0.999, simulations, alpha)
