"""Drift of texts: how long they are, which words they have, and how many of these are new."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.drift.multivariate.column_encoding import Floats
from mlopskit.drift.multivariate.family import FEWEST_ROWS
from mlopskit.drift.multivariate.mean_shift import MeanShift, mean_shift
from mlopskit.drift.multivariate.moments import Moments
from mlopskit.drift.multivariate.normal_scores import NormalScores
from mlopskit.drift.multivariate.sampling import drawn
from mlopskit.drift.parameters import EFFECT, PROBABILITY
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.markup.values import decimals, format_number
from mlopskit.records.multivariate import MultivariateReport, MultivariateResult

_WORD = re.compile(r"\w+")
_BUCKETS = 128
_MOST_WORDS = 50_000
_TEXTS_TO_LEARN_FROM = 20_000
_BLOCK = 2048
_FINEST = 1024.0
_RIDGE = 0.3

Hashes = npt.NDArray[np.uint32]


@attrs.define(eq=False, slots=False)
class TextProfile:
    """Tells whether texts have moved away from those of the reference, without keeping one.

    Three things are compared: the length in characters, by its normal score and the square of that; the vocabulary,
    by the mean share of a text's words that falls into each of 128 buckets (the hash of a word chooses the bucket); and
    the mean share of a text's words that the reference's vocabulary lacks. P-values are those of
    `mlopskit.drift.multivariate.mean_shift`, over texts, since words of one text are not independent.

    New words turn up all the time. The vocabulary is learned from half of the reference's texts therefore, and the
    others tell how many new words are to be expected.

    Missing texts are left out.

    Parameters
    ----------
    alpha : float, default 0.05
        The probability of an alarm if nothing has moved.
    min_effect : float, default 0.1
        The least effect worth an alarm: ``2 AUC - 1`` of telling texts of the two sides apart.

    Attributes
    ----------
    vocabulary_ : ndarray of uint32, shape (words,)
        Hashes of words, of at most 50,000; no word is kept.
    reference_ : Moments
        Of the reference's texts.

    Examples
    --------
    >>> reference = pd.Series([f"flight {number} was on time" for number in range(1000, 1400)])
    >>> profile = TextProfile().fit(reference)
    >>> same = pd.Series([f"flight {number} was on time" for number in range(2000, 2100)])
    >>> other = pd.Series([f"aeroplane {number} was not on time" for number in range(2000, 2100)])
    >>> profile.detect(same).drifted, profile.detect(other).drifted
    (False, True)
    """

    alpha: float = attrs.field(default=0.05, validator=PROBABILITY)
    min_effect: float = attrs.field(default=0.1, validator=EFFECT)

    def fit(self, reference: pd.Series | Iterable[pd.Series]) -> TextProfile:
        """Learn lengths and vocabulary from the reference.

        Parameters
        ----------
        reference : Series, or iterable of such
            What is frozen comes from half of it, and at most 20,000 texts, drawn at random; which ones, the texts
            decide, and not their order. Of several chunks it comes from the first that has texts.

        Raises
        ------
        TypeError
            This is no Series and no iterable of such.
        ValidationError
            There is no text. What was fitted before stays.
        """
        fitted = TextProfile(self.alpha, self.min_effect)
        fitted._learn(_chunks(reference))
        vars(self).update(vars(fitted))
        return self

    def summarize(self, texts: pd.Series | Iterable[pd.Series]) -> Moments:
        """Sum texts in the way frozen from the reference: sums of chunks add up to those of the whole.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        """
        self._check_fitted()
        return sum((self._sum(chunk) for chunk in _chunks(texts)), start=self._sum([]))

    def compare(self, current: Moments) -> MultivariateReport:
        """Compare texts, as `summarize` gives them, with the reference."""
        self._check_fitted()
        parts = {"text length": slice(0, 2), "out of vocabulary": slice(2, 3), "vocabulary": slice(3, None)}
        results = tuple(self._compare(name, part, current) for name, part in parts.items())
        return MultivariateReport(results, (), self.alpha, self.min_effect)

    def detect(self, current: pd.Series | Iterable[pd.Series]) -> MultivariateReport:
        """Sum current texts and compare them with the reference.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        """
        return self.compare(self.summarize(current))

    def to_json(self) -> dict[str, Any]:
        """Give the fitted profile as JSON-able values."""
        self._check_fitted()
        return {
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "lengths": self.lengths_.to_json(),
            "vocabulary": base64.b64encode(self.vocabulary_.astype("<u4").tobytes()).decode(),
            "reference": self.reference_.to_json(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> TextProfile:
        """Restore what `to_json` gave."""
        profile = cls(kept["alpha"], kept["min_effect"])
        profile.lengths_ = NormalScores.from_json(kept["lengths"])
        profile.vocabulary_ = np.frombuffer(base64.b64decode(kept["vocabulary"]), dtype="<u4").astype(np.uint32)
        profile.reference_ = Moments.from_json(kept["reference"])
        return profile

    def _learn(self, chunks: Iterator[list[str]]) -> None:
        texts = sorted(next(filter(None, chunks), []))
        if not texts:
            raise ValidationError("the reference has no texts: fit on those that the model was trained on")
        mine = drawn(len(texts), min(_TEXTS_TO_LEARN_FROM, -(-len(texts) // 2))).tolist()
        learned = [text for text, chosen in zip(texts, mine, strict=True) if chosen]
        self.lengths_ = NormalScores.of(np.array([len(text) for text in texts], dtype=np.float64))
        hashes, counts = np.unique(_hash(_split(learned)), return_counts=True)
        self.vocabulary_ = np.sort(hashes[np.argsort(-counts, kind="stable")[:_MOST_WORDS]])
        self.reference_ = self._sum([text for text, chosen in zip(texts, mine, strict=True) if not chosen])
        for more in chunks:
            self.reference_ += self._sum(more)

    def _check_fitted(self) -> None:
        if not hasattr(self, "reference_"):
            raise NotFittedError("this TextProfile has no reference yet: call fit(reference) first")

    def _sum(self, texts: list[str]) -> Moments:
        blocks = (texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK))
        return sum((Moments.of(self._numbers(block)) for block in blocks), start=Moments.none(3 + _BUCKETS))

    def _numbers(self, texts: list[str]) -> Floats:
        """Give each text's score of length, its square, the share of new words, and the shares of buckets."""
        words = _split(texts)
        hashes = _hash(words)
        sizes = np.array([len(each) for each in words])
        owner = np.repeat(np.arange(len(texts)), sizes)
        places = owner * (1 + _BUCKETS)
        known = np.searchsorted(self.vocabulary_, hashes).clip(max=max(len(self.vocabulary_) - 1, 0))
        new = self.vocabulary_[known] != hashes if len(self.vocabulary_) else np.ones(len(hashes), dtype=bool)
        at = np.concatenate([places[new], places + 1 + hashes % _BUCKETS])
        counts = np.bincount(at, minlength=len(texts) * (1 + _BUCKETS)).reshape(len(texts), -1)
        shares = np.rint(counts / np.maximum(sizes, 1)[:, np.newaxis] * _FINEST) / _FINEST
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        scores, _ = self.lengths_.encode(lengths)
        return np.concatenate([scores, scores**2, shares], axis=1)

    def _compare(self, name: str, part: slice, current: Moments) -> MultivariateResult:
        sizes = self.reference_.rows, current.rows
        if min(sizes) < FEWEST_ROWS:
            note = f"not enough data: {FEWEST_ROWS} texts are needed on both sides"
            return MultivariateResult(name, 0.0, 1.0, 0.0, *sizes, note=note)
        before, after = self.reference_.of_numbers(part), current.of_numbers(part)
        shift = mean_shift(before, after, _RIDGE if name == "vocabulary" else 0.0)
        if shift is None:
            return MultivariateResult(name, 0.0, 1.0, 0.0, *sizes, note="not enough data: nothing varies")
        details = self._details(name, before, after, shift)
        return MultivariateResult(name, shift.statistic, shift.p_value, shift.effect, *sizes, details=details)

    def _details(self, name: str, before: Moments, after: Moments, shift: MeanShift) -> tuple[str, ...]:
        if name == "text length":
            lengths = [self.lengths_.value_of(float(side.mean[0])) for side in (before, after)]
            typical = " -> ".join(format_number(length, decimals(lengths)) for length in lengths)
            return (f"typical length {typical} characters",)
        if name == "out of vocabulary":
            return (f"new words in a text {before.mean[0]:.1%} -> {after.mean[0]:.1%}",)
        return (f"words tell texts apart with an AUC of {0.5 + shift.effect / 2:.2f}",)


def _chunks(texts: pd.Series | Iterable[pd.Series]) -> Iterator[list[str]]:
    for chunk in [texts] if isinstance(texts, pd.Series | str) or not isinstance(texts, Iterable) else texts:
        if not isinstance(chunk, pd.Series):
            raise TypeError(
                f"a Series of texts is needed here, or an iterable of such, not a {type(chunk).__qualname__}"
            )
        yield [str(text) for text in chunk.dropna().tolist()]


def _split(texts: list[str]) -> list[list[str]]:
    return [_WORD.findall(text.lower()) for text in texts]


def _hash(words: list[list[str]]) -> Hashes:
    """Hash each word, text after text."""
    flat = np.array(list(chain.from_iterable(words)), dtype=object)
    positions, distinct = pd.factorize(flat)
    hashes = pd.util.hash_array(np.asarray(distinct, dtype=object), categorize=False)
    return np.asarray((hashes >> np.uint64(32)).astype(np.uint32)[positions])
