"""Covariate shift: how much each row of the reference counts, so that together they look like the current ones."""

from __future__ import annotations

import attrs
import numpy as np

from mlopskit.drift.performance.groups import Groups, dealt, stacked
from mlopskit.drift.performance.outcomes import Array, Places
from mlopskit.records.performance import Shift, ShiftStatus

MOST_ROWS = 20_000  # of either side; more would not make weights much better
DOUBT = 0.1  # of what weighting corrects: weights are estimates, which fall short where a shift is large
_FOLDS = 3
_LEAST_AUC = 0.55
_LEAST_SCORE = 2.33  # a normal deviate that chance exceeds once in a hundred
_LEAST_EFFECTIVE, _LEAST_EFFECTIVE_SHARE = 300, 0.1
_LEAST_COVERED = 0.8  # outcomes lost of more than a fifth leave no valid answer, see `FeatureShift.status`
_MOST_WEIGHT = 50.0


@attrs.frozen(eq=False)
class FeatureShift:
    """How far features have moved, and the weights that bring the reference there.

    Attributes
    ----------
    auc : float
        How well a classifier tells current rows from those of the reference, on rows it was not fitted on.
    seen : bool
        Whether that is more than chance, and enough to matter.
    weights : ndarray, shape (rows of the reference,)
        Density ratios, with a mean of 1.
    covered : float
        The share of current rows that have look-alikes in the reference: the mean of density ratios before they were
        scaled, which is 1 if the reference reaches wherever current rows are (M. Sugiyama, T. Suzuki and T. Kanamori,
        Density Ratio Estimation in Machine Learning, Cambridge, 2012). Chance can take it above 1.
    """

    auc: float
    seen: bool
    weights: Array
    covered: float

    @property
    def effective(self) -> float:
        """How many rows of equal weight would tell as much (L. Kish, Survey Sampling, 1965)."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @property
    def status(self) -> ShiftStatus:
        """Whether there is something to correct, and enough left to learn from.

        Of current rows without look-alikes the reference tells nothing. At most a fifth may be such, as with trials
        that lose patients (K. F. Schulz and D. A. Grimes, Sample size slippages in randomised trials, Lancet 359,
        2002). No weighting shows them: where no row looks like them, all rows weigh the same.
        """
        if not self.seen:
            return "none seen"
        least = max(_LEAST_EFFECTIVE, _LEAST_EFFECTIVE_SHARE * len(self.weights))
        return "corrected" if self.effective >= least and self.covered >= _LEAST_COVERED else "too far"

    @property
    def record(self) -> Shift:
        """What a report says about it."""
        told = (self.effective, min(self.covered, 1.0)) if self.seen else (None, None)
        return Shift(self.status, self.auc, *told)


def find_shift(
    reference: Array, current: Array, categorical: list[int], groups: tuple[Groups, Groups] | None = None
) -> FeatureShift:
    """Fit a probabilistic classifier of reference and current rows, cross-fitted, and turn its odds into weights.

    Parameters
    ----------
    reference, current : ndarray, shape (rows, features)
    categorical : list of int
        Places of features that hold codes.
    groups : tuple of Groups, optional
        Of both sides: rows of one group are known by what they have in common, and so are left out together.

    References
    ----------
    S. Bickel, M. Brueckner and T. Scheffer, Discriminative learning under covariate shift, JMLR 10, 2009.
    """
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    if len(current) > MOST_ROWS:
        some = random.choice(len(current), MOST_ROWS, replace=False)
        current = current[some]
        groups = None if groups is None else (groups[0], groups[1].take(some))
    rows = np.vstack([reference, current])
    is_current = np.repeat([False, True], [len(reference), len(current)])
    fold = dealt(len(rows), None if groups is None else stacked(groups), _FOLDS, random)
    probability = _cross_fitted(rows, is_current, categorical, fold)
    auc = float(roc_auc_score(is_current, probability))
    by_chance = np.sqrt((len(rows) + 1) / (12 * len(reference) * len(current)))
    seen = auc >= max(_LEAST_AUC, 0.5 + _LEAST_SCORE * by_chance)
    odds = probability[~is_current] / (1 - probability[~is_current])
    covered = float(odds.mean()) * len(reference) / len(current)
    weights = np.minimum(odds / odds.mean(), _MOST_WEIGHT)
    return FeatureShift(auc, bool(seen), weights / weights.mean(), covered)


def _cross_fitted(rows: Array, is_current: Array, categorical: list[int], fold: Places) -> Array:
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = np.empty(len(rows))
    leaf = min(40, int(is_current.sum()) // 6)  # a few current rows on their own have to fit into one
    for part in range(_FOLDS):
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, min_samples_leaf=leaf, l2_regularization=1.0, random_state=0,
            categorical_features=categorical,
        )  # fmt: skip
        model.fit(rows[fold != part], is_current[fold != part])
        found[fold == part] = model.predict_proba(rows[fold == part])[:, 1]
    return found
