"""A domain classifier: one that is trained to tell current rows from those of the reference."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from scipy.stats import rankdata

from mlopskit.drift.columns import NUMBERS, is_vector
from mlopskit.drift.multivariate.column_encoding import Floats, Values, kind_of_values, read_numbers
from mlopskit.drift.multivariate.encoding import Encoder, Feature, Frame, columns_of, joined
from mlopskit.drift.multivariate.family import FEWEST_ROWS, ranked_shares
from mlopskit.drift.multivariate.sampling import content_order, drawn
from mlopskit.drift.parameters import beside, whole
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
        Of either side; of more, so many are drawn. At least 20, and at least as many as folds.
    seed : int, default 0
        Chooses rows and folds.

    Examples
    --------
    >>> import pandas as pd
    >>> first, second = np.random.default_rng(0).normal(size=(2, 1000))
    >>> together = pd.DataFrame({"temp": first, "dew point": first + second})
    >>> apart = pd.DataFrame({"temp": first, "dew point": (first + second)[::-1]})
    >>> result = DomainClassifier().compare(together.head(500), apart.tail(500))
    >>> result.p_value < 1e-6, result.effect > 0.2
    (True, True)
    """

    classifier: Any = None
    folds: int = attrs.field(default=5, validator=whole(2))
    most_rows: int = attrs.field(
        default=2000, validator=[whole(FEWEST_ROWS), beside("folds", operator.ge, "at least as many as")]
    )
    seed: int = attrs.field(default=0, validator=whole(0))

    def compare(self, reference: Frame, current: Frame) -> MultivariateResult:
        """Tell whether rows can be told apart.

        Parameters
        ----------
        reference, current : DataFrame, or ndarray of shape (rows, dimensions)
            Of fewer than 20 rows on a side, or fewer than folds, there is no answer. A column that holds numbers on
            one side is read as numbers on the other. Neither the order of rows nor that of columns makes a difference.

        Raises
        ------
        TypeError
            A side is neither a frame nor an array of two dimensions, or they are one of each.
        ValidationError
            Two columns have one name, there is none to encode, or the arrays have vectors of different lengths.
        """
        random = np.random.default_rng(self.seed)
        sides = [_draw(rows, columns_of(rows), self.most_rows, random) for rows in (reference, current)]
        together, sizes = joined(_of_one_kind(*sides)), (len(reference), len(current))
        fewest = max(FEWEST_ROWS, self.folds)
        if min(sizes) < fewest:
            return _no_answer(sizes, f"not enough data: {fewest} rows are needed on both sides")
        is_current = np.repeat([False, True], [len(side) for side in sides])
        matrix, features = _encode(together)
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


def _draw(rows: Frame, columns: dict[str, Values], most: int, random: np.random.Generator) -> Frame:
    """Draw rows, and bring them into the order that what they hold decides."""
    chosen = content_order(columns)[drawn(len(rows), most, int(random.integers(2**32)))]
    return rows[chosen] if isinstance(rows, np.ndarray) else rows.iloc[chosen]


def _of_one_kind(before: Frame, after: Frame) -> list[Frame]:
    """Read a column that has vectors or numbers on one side as such on the other, where what is none is missing."""
    if isinstance(before, np.ndarray) or isinstance(after, np.ndarray):
        return [before, after]
    sides = [side.set_axis(list(columns_of(side)), axis=1) for side in (before, after)]
    for name in sides[0].columns.intersection(sides[1].columns):
        kinds = {kind_of_values(side[name]) for side in sides}
        if len(kinds) > 1 and not kinds.isdisjoint(NUMBERS):
            read: Callable[[Values], Any] = _vectors_in if "vector" in kinds else read_numbers
            sides = [side.assign(**{name: read(side[name])}) for side in sides]
    return list(sides)


def _vectors_in(values: Values) -> list[Any]:
    return [value if is_vector(value) else None for value in values]


def _encode(together: Frame) -> tuple[Floats, list[Feature]]:
    """Encode both sides in a way learned from both, so that neither is special; what does not vary is left out."""
    encoder = Encoder.of(together)
    matrix = encoder.encode(together)
    varies = np.flatnonzero(np.ptp(matrix, axis=0) > 0)
    return matrix[:, varies], [encoder.features[at] for at in varies.tolist()]


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
