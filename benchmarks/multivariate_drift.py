"""Drift of columns together: how fast, how often a false alarm, and what is found.

    python benchmarks/multivariate_drift.py            # all
    python benchmarks/multivariate_drift.py speed      # or power
    python benchmarks/multivariate_drift.py power 1000 # simulations

The plain MMD is the same features with the statistic that is not regularised; the marginals are scipy's Kolmogorov-
Smirnov test of each column with Bonferroni's correction.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from mlopskit.drift import DomainClassifier, JointProfile
from mlopskit.drift.weighted_chi_square import survival

ROWS, COLUMNS = 1000, 9


def wide(rows, seed):
    random = np.random.default_rng(seed)
    numbers = {f"x{at}": random.normal(size=rows) for at in range(40)}
    return pd.DataFrame(numbers | {f"c{at}": random.choice(list("abcdefgh"), rows) for at in range(10)})


def timed(function, times):
    """Median wall time and CPU time, in ms."""
    took = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
    return 1e3 * np.median(took, axis=0)


def speed():
    reference, batch = wide(100_000, 0), wide(1000, 1)
    profile = JointProfile().fit(reference)
    summary = profile.summarize(batch)
    profile.compare(summary)
    print(f"{'':<36}{'wall ms':>9}{'CPU ms':>9}")
    for name, function, times in [
        ("fit, 100,000 x 50", lambda: JointProfile().fit(reference), 3),
        ("summarize, 100,000 x 50", lambda: profile.summarize(reference), 3),
        ("summarize, 1,000 x 50", lambda: profile.summarize(batch), 20),
        ("compare", lambda: profile.compare(summary), 20),
        ("domain classifier, 1,000 x 50 twice", lambda: DomainClassifier().compare(batch, wide(1000, 2)), 2),
    ]:
        wall, cpu = timed(function, times)
        print(f"{name:<36}{wall:9.1f}{cpu:9.1f}")


def rows_of(random, change=None):
    matrix = random.normal(size=(ROWS, COLUMNS))
    if change == "correlation 0 -> 0.5":
        matrix[:, 1] = 0.5 * matrix[:, 0] + np.sqrt(0.75) * matrix[:, 1]
    elif change == "mean + 0.25 sd":
        matrix[:, 0] += 0.25
    elif change == "sd x 1.25":
        matrix[:, 0] *= 1.25
    elif change == "all means + 0.05 sd":
        matrix += 0.05
    return pd.DataFrame(matrix, columns=[f"x{at}" for at in range(COLUMNS)])


def p_values(seed, change):
    random = np.random.default_rng(seed)
    reference, current = rows_of(random), rows_of(random, change)
    profile = JointProfile().fit(reference)
    summary = profile.summarize(current)
    before, after = profile.reference_.moments[1], summary.moments[1]
    difference, spectrum = before.mean - after.mean, np.linalg.eigvalsh(before.covariance + after.covariance) / 2
    marginals = COLUMNS * min(ks_2samp(reference[name], current[name]).pvalue for name in reference)
    return [
        *(result.p_value for result in profile.compare(summary).results),
        DomainClassifier(seed=seed).compare(reference, current).p_value,
        survival(ROWS / 2 * difference @ difference, spectrum),
        marginals,
    ]


def power(simulations):
    print(f"\nshare of p-values below 0.05, {simulations} simulations of {ROWS} against {ROWS} rows, {COLUMNS} columns")
    print(f"{'':<22}{'correlation':>13}{'MMD':>8}{'PCA':>8}{'domain':>8}{'plain MMD':>11}{'marginals':>11}")
    for change in (None, "correlation 0 -> 0.5", "mean + 0.25 sd", "sd x 1.25", "all means + 0.05 sd"):
        found = np.mean([np.array(p_values(seed, change)) < 0.05 for seed in range(simulations)], axis=0)
        widths = (13, 8, 8, 8, 11, 11)
        print(
            f"{change or 'nothing':<22}"
            + "".join(f"{share:{width}.3f}" for share, width in zip(found, widths, strict=True))
        )


if __name__ == "__main__":
    what, simulations = (*sys.argv[1:3], *["all", "200"][len(sys.argv[1:3]) :])
    if what in ("all", "speed"):
        speed()
    if what in ("all", "power"):
        power(int(simulations))
