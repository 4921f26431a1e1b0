"""A domain classifier: one that is trained to tell current rows from those of the reference."""

from __future__ import annotations

import warnings
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr
from scipy.stats import rankdata

from mlopskit.drift.multivariate.column_encoding import Floats
from mlopskit.drift.multivariate.encoding import Encoder, Feature, Frame
from mlopskit.drift.multivariate.family import FEWEST_ROWS, ranked_shares
from mlopskit.drift.multivariate.sampling import drawn
from mlopskit.records.multivariate import MultivariateResult

_MOST_PRODUCTS_OF = 64
_PENALTY = 0.01
_NAME = "domain classifier"

Labels = npt.NDArray[np.bool_]


@attrs.define(eq=False)
class DomainClassifier:
    """Can rows of the reference and current rows be told apart? By the AUC of a classifier that is trained to.

    Unlike a `MultivariateTest` it needs rows of both sides. It is the most sensitive to changes that many columns make
    together, and with a classifier of trees to those that no moment shows.

    Rows are dealt into folds at random. Each fold but the first is scored by a classifier that is trained on the folds
    before it. Given those, which rows of the fold are current ones is chance if nothing has moved, and so the
    Mann-Whitney statistic of its scores has a known mean and variance, ties included; the sum over the folds, weighted
    by the square root of what each classifier was trained on, is a martingale, hence close to normal, whatever the
    classifier (A. Dawid, Present position and potential developments: the prequential approach, JRSS A 147, 1984). The
    usual cross-validation uses each pair of folds twice, finds no more, and raises more than twice the false alarms.

    The effect is ``2 AUC - 1``, at least 0.

    Parameters
    ----------
    classifier : scikit-learn classifier, optional
        With ``decision_function`` or ``predict_proba``; it is cloned. By default a logistic regression on the features,
        their squares and their products. ``HistGradientBoostingClassifier()`` finds changes that are no change of
        correlation, in several times the time.
    folds : int, default 5
        At least 2.
    most_rows : int, default 2000
        Of either side; of more, so many are drawn.
    seed : int, default 0
        Chooses rows and folds.

    Examples
    --------
    >>> first, second = np.random.default_rng(0).normal(size=(2, 1000))
    >>> together = pd.DataFrame({"temp": first, "dew point": first + second})
    >>> apart = pd.DataFrame({"temp": first, "dew point": (first + second)[::-1]})
    >>> result = DomainClassifier().compare(together.head(500), apart.tail(500))
    >>> result.p_value < 1e-6, result.effect > 0.2
    (True, True)
    """

    classifier: Any = None
    folds: int = attrs.field(default=5)
    most_rows: int = attrs.field(default=2000)
    seed: int = 0

    @folds.validator
    @most_rows.validator
    def _at_least_two(self, attribute: attrs.Attribute[int], value: int) -> None:
        if value < 2:
            raise ValueError(f"{attribute.name} is at least 2, not {value!r}")

    def compare(self, reference: Frame, current: Frame) -> MultivariateResult:
        """Tell whether rows can be told apart.

        Parameters
        ----------
        reference, current : DataFrame, or ndarray of shape (rows, dimensions)
            Of fewer than 20 rows on a side there is no answer.

        Raises
        ------
        TypeError
            A side is neither a frame nor an array of two dimensions.
        """
        if isinstance(reference, np.ndarray) != isinstance(current, np.ndarray):
            raise TypeError("both sides are frames, or both are arrays")
        random = np.random.default_rng(self.seed)
        sizes = len(reference), len(current)
        if min(sizes) < FEWEST_ROWS:
            return _no_answer(sizes, f"not enough data: {FEWEST_ROWS} rows are needed on both sides")
        matrix, is_current, features = self._encode(reference, current, random)
        if not matrix.shape[1]:
            return _no_answer(sizes, "not enough data: nothing varies")
        fold = _deal(is_current, self.folds, random)
        rounds = [self._score_fold(matrix, is_current, fold, each) for each in range(1, self.folds)]
        aucs, variances = np.array([auc for _, auc, _ in rounds]), np.array([variance for *_, variance in rounds])
        weights = np.sqrt(np.arange(1, self.folds)) / variances
        z = float(weights @ (aucs - 0.5) / np.sqrt(np.square(weights) @ variances))
        auc = float(weights @ aucs / weights.sum())
        last = fold == self.folds - 1
        losses = _losses(rounds[-1][0], matrix[last], is_current[last], features, random)
        return MultivariateResult(
            _NAME,
            statistic=auc,
            p_value=float(ndtr(-z)),
            effect=max(0.0, 2.0 * auc - 1.0),
            n_reference=sizes[0],
            n_current=sizes[1],
            contributions=ranked_shares(losses),
            details=(f"rows can be told apart with an AUC of {auc:.2f}",),
        )

    def _encode(
        self, reference: Frame, current: Frame, random: np.random.Generator
    ) -> tuple[Floats, Labels, list[Feature]]:
        """Encode both sides in a way learned from both together, so that neither is special."""
        sides = [_draw(rows, self.most_rows, random) for rows in (reference, current)]
        is_current = np.repeat([False, True], [len(side) for side in sides])
        together: Frame = (
            np.concatenate(sides) if isinstance(sides[0], np.ndarray) else pd.concat(sides, ignore_index=True)
        )
        encoder = Encoder.of(together)
        matrix = encoder.encode(together)
        varies = np.flatnonzero(np.ptp(matrix, axis=0) > 0)
        return matrix[:, varies], is_current, [encoder.features[at] for at in varies.tolist()]

    def _score_fold(
        self, matrix: Floats, is_current: Labels, fold: npt.NDArray[np.intp], number: int
    ) -> tuple[Any, float, float]:
        """Train on earlier folds; give the classifier, its AUC on this one, and the variance that has by chance."""
        from sklearn.base import clone

        classifier = _QuadraticLogistic() if self.classifier is None else clone(self.classifier)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a classifier that has not converged is still one
            classifier.fit(matrix[fold < number], is_current[fold < number])
        held = fold == number
        return classifier, *_auc(_scores(classifier, matrix[held]), is_current[held])


class _QuadraticLogistic:
    """A logistic regression on features, their squares and products; of many, on products of those that vary most."""

    def fit(self, matrix: Floats, is_current: Labels) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        self._multiplied = np.sort(np.argsort(-matrix.var(axis=0), kind="stable")[:_MOST_PRODUCTS_OF])
        self._first, self._second = np.triu_indices(len(self._multiplied))
        terms = self._terms(matrix)
        self._scaler = StandardScaler(copy=False).fit(terms)
        self._regression = LogisticRegression(C=_PENALTY, class_weight="balanced", tol=1e-3)
        self._regression.fit(self._scaler.transform(terms), is_current)

    def decision_function(self, matrix: Floats) -> Floats:
        return np.asarray(self._regression.decision_function(self._scaler.transform(self._terms(matrix))))

    def _terms(self, matrix: Floats) -> npt.NDArray[np.float32]:
        multiplied = matrix[:, self._multiplied].astype(np.float32)
        products = multiplied[:, self._first] * multiplied[:, self._second]
        return np.concatenate([matrix.astype(np.float32), products], axis=1)


def _draw(rows: Frame, most: int, random: np.random.Generator) -> Frame:
    if len(rows) <= most:
        return rows
    chosen = drawn(len(rows), most, int(random.integers(2**32)))
    return rows[chosen] if isinstance(rows, np.ndarray) else rows.iloc[chosen]


def _deal(is_current: Labels, folds: int, random: np.random.Generator) -> npt.NDArray[np.intp]:
    """Give each row the number of its fold, so that each has as many of either side as the others, or one more."""
    fold = np.empty(len(is_current), dtype=np.intp)
    for side in (False, True):
        rows = np.flatnonzero(is_current == side)
        fold[random.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _scores(classifier: Any, matrix: Floats) -> Floats:
    if hasattr(classifier, "decision_function"):
        return np.asarray(classifier.decision_function(matrix))
    return np.asarray(classifier.predict_proba(matrix)[:, 1])


def _auc(scores: Floats, is_current: Labels) -> tuple[float, float]:
    """Give the AUC, and its variance where labels are chance (E. Lehmann, Nonparametrics, 1975, section 1.4)."""
    current, rows = int(is_current.sum()), len(scores)
    reference = rows - current
    rank_sum = float(rankdata(scores)[is_current].sum())
    auc = (rank_sum - current * (current + 1) / 2) / (current * reference)
    ties = np.unique(scores, return_counts=True)[1].astype(float)
    spread = rows + 1 - float((ties**3 - ties).sum()) / (rows * (rows - 1))
    return auc, max(spread, 1e-9) / (12 * current * reference)


def _losses(
    classifier: Any, matrix: Floats, is_current: Labels, features: list[Feature], random: np.random.Generator
) -> dict[str, float]:
    """Tell how much of the AUC is lost when the values of one column are shuffled among rows."""
    whole, _ = _auc(_scores(classifier, matrix), is_current)
    shuffled = matrix[random.permutation(len(matrix))]
    losses = {}
    for name in dict.fromkeys(feature.column for feature in features):
        mine = np.array([feature.column == name for feature in features])
        losses[name] = whole - _auc(_scores(classifier, np.where(mine, shuffled, matrix)), is_current)[0]
    return losses


def _no_answer(sizes: tuple[int, int], note: str) -> MultivariateResult:
    return MultivariateResult(_NAME, 0.5, 1.0, 0.0, *sizes, note=note)
