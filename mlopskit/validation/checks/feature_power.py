"""Whether a single column gives the answer away."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.answers import as_numbers, plain_column
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck
from mlopskit.validation.checks.parameters import few
from mlopskit.validation.label import name_of
from mlopskit.validation.task import Task
from mlopskit.validation.trial_rows import count_rows, fitted_columns, frame_of, held_out, training

_MOST_ROWS = 20_000
_FEWEST_ROWS = 100
_FEWEST_PER_CLASS = 5  # on average
_MOST_VALUES = 500
_LISTED = 20
_FEWEST_IN_LEAF = 20
_LARGEST = 1e38  # trees look at numbers of single precision
_SEED = 0


@attrs.frozen
class SingleFeaturePower(ScoreCheck):
    """No column alone tells almost everything about the label, as one does that was written down after the fact.

    A small tree is fitted on each column by itself and asked about other rows. Its *power* is the share of what is
    uncertain about the label that it removes: of classes the uncertainty coefficient, of numbers R².

    Parameters
    ----------
    maximum : float
        The largest power that passes, between 0 and 1.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the maximum is not between 0 and 1.

    Notes
    -----
    Fitted on training rows and asked about held-out ones, at most 20,000 of each; without ``train=`` both are halves of
    the held-out rows. Columns that the model says it was not fitted on are left out. `observed` of the result: verdict
    ("leak", "no leak", "not enough data": fewer than 100 rows, or labels that do not vary), threshold, task, power by
    column (the 20 strongest), skipped (columns of other kinds).

    References
    ----------
    H. Theil, On the estimation of relationships involving qualitative variables, American Journal of Sociology 76, 1970
    (the coefficient). Deepchecks' FeatureLabelCorrelation asks the same and stops at 0.8 as well.

    Examples
    --------
    >>> str(SingleFeaturePower())
    'no single column explains more than 0.8 of the label'
    """

    maximum: float = attrs.field(default=0.8, validator=[attrs.validators.gt(0), attrs.validators.lt(1)])

    def __str__(self) -> str:
        return f"no single column explains more than {self.maximum:g} of the label"

    def judge(self, trial: Trial) -> CheckResult:
        """Ask each column."""
        rows, labels = held_out(trial)
        task = Task.of(trial.model, labels)
        if task.outputs > 1:
            raise ValidationError(f"y has {task.outputs} outputs; check each of them by itself")
        known, asked = _two_samples(trial)
        truth = _together(known[1], asked[1], task)
        observed: dict[str, Any] = {
            "verdict": "not enough data", "threshold": self.maximum, "task": str(task), "power": {}, "skipped": []
        }  # fmt: skip
        if problem := _problem(*truth, task):
            return self.result("failed", f"not enough data: {problem}", rows=count_rows(rows), observed=observed)
        power = {}
        for column in known[0].columns:
            features = _encoded(known[0][column], asked[0].get(column))
            if features is not None:
                power[name_of(column)] = _power(*features, *truth, task.kind)
        skipped = [name for name in map(name_of, known[0].columns) if name not in power]
        if not power:
            raise ValidationError(f"none of the {len(skipped)} columns holds numbers, texts or moments to look at")
        strongest = sorted(power, key=lambda name: power[name], reverse=True)
        leaks = [name for name in strongest if power[name] > self.maximum]
        observed |= {
            "verdict": "leak" if leaks else "no leak", "skipped": skipped[:_LISTED],
            "power": {name: power[name] for name in strongest[:_LISTED]},
        }  # fmt: skip
        message = f"the strongest of {len(power)} columns, {strongest[0]}, explains {power[strongest[0]]:.3g}"
        if leaks:
            message = f"{few(leaks)} {'explains' if len(leaks) == 1 else 'explain'} up to {power[leaks[0]]:.3g}"
        return self.result("failed" if leaks else "passed", message, rows=count_rows(rows), observed=observed)


def _two_samples(trial: Trial) -> list[tuple[pd.DataFrame, Array]]:
    """Return rows with labels to fit on, and others to ask about."""
    random, (rows, labels) = np.random.default_rng(_SEED), held_out(trial)
    parts = [(rows, labels, "held-out")] if trial.train is None else [
        (*training(trial.train), "training"), (rows, labels, "held-out")
    ]  # fmt: skip
    samples = []
    for some, values, role in parts:
        frame = frame_of(fitted_columns(trial.model, some), role, "columns")
        if not frame.columns.is_unique:
            raise ValidationError(f"some columns of the {role} rows have the same name; names must be unique")
        places = random.permutation(len(frame))
        drawn = np.array_split(places, 2) if trial.train is None else [places]
        truth = plain_column(values, len(frame), "y" if role == "held-out" else "the training y")
        samples += [(frame.iloc[each[:_MOST_ROWS]], truth[each[:_MOST_ROWS]]) for each in drawn]
    return samples


def _together(known: Array, asked: Array, task: Task) -> tuple[Array, Array]:
    """Give the labels of both samples as numbers, or as the places of their classes, so that 1 is 1.0."""
    if task.kind == "regression":
        return as_numbers(known, "the training y"), as_numbers(asked, "y")
    codes, _ = pd.factorize(pd.concat([pd.Series(known), pd.Series(asked)]))
    return codes[: len(known)], codes[len(known) :]


def _problem(known: Array, asked: Array, task: Task) -> str:
    """Tell why nothing can be explained; empty if something can."""
    if (fewest := min(len(known), len(asked))) < _FEWEST_ROWS:
        return f"{fewest} rows to fit or to ask, and {_FEWEST_ROWS} of each are needed"
    if len(np.unique(known)) < 2 or len(np.unique(asked)) < 2:
        return "all labels are the same"
    if task.kind == "classification" and len(np.unique(known)) > len(known) / _FEWEST_PER_CLASS:
        return f"{len(np.unique(known))} classes in {len(known)} rows"
    if task.kind == "classification" and not np.isin(asked, known).any():
        return "no held-out label is one of the training labels"
    return ""


def _encoded(known: pd.Series, asked: pd.Series | None) -> tuple[Any, Any] | None:
    """Turn a column into numbers that a tree can cut: of texts, whether it is this or that frequent one."""
    if asked is None:
        return None
    if pd.api.types.is_datetime64_any_dtype(known) and pd.api.types.is_datetime64_any_dtype(asked):
        return _filled(_moments(known), _moments(asked))
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_complex_dtype(known):
        return _filled(_numbers(known), _numbers(asked))
    if known.dtype == object or pd.api.types.is_string_dtype(known) or isinstance(known.dtype, pd.CategoricalDtype):
        texts = [each.astype(object).where(each.notna(), "").astype(str).to_frame() for each in (known, asked)]
        encoder = OneHotEncoder(
            min_frequency=_FEWEST_IN_LEAF, max_categories=_MOST_VALUES, handle_unknown="infrequent_if_exist"
        )
        return encoder.fit_transform(texts[0].to_numpy()), encoder.transform(texts[1].to_numpy())
    return None


def _moments(column: pd.Series) -> Array:
    seconds = column.to_numpy(dtype="datetime64[us]").astype(float)
    return np.where(column.isna(), np.nan, seconds)


def _numbers(column: pd.Series) -> Array:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), np.clip(values, -_LARGEST, _LARGEST), np.nan)


def _filled(known: Array, asked: Array) -> tuple[Array, Array]:
    """Put a number below all others where there is none, so that a tree can cut there: that it is missing may tell."""
    lowest = np.nanmin(known) if np.isfinite(known).any() else 0.0
    below = lowest - max(1.0, abs(lowest))
    first, second = (np.where(np.isnan(each), below, each)[:, np.newaxis] for each in (known, asked))
    return first, second


def _power(known: Any, asked: Any, truth: Array, unknown: Array, kind: str) -> float:
    """Return one minus the tree's loss over that of a constant, on the rows asked; at least 0."""
    leaf = min(_FEWEST_IN_LEAF, len(truth) // 10)
    if kind == "regression":
        tree = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=_SEED).fit(known, truth)
        loss, base = np.mean((unknown - tree.predict(asked)) ** 2), np.mean((unknown - truth.mean()) ** 2)
    else:
        tree = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=_SEED).fit(known, truth)
        codes = pd.Index(tree.classes_).get_indexer(pd.Index(unknown))
        seen = codes >= 0
        # Leaves without a class do not exclude it: one is added to the count of each (Laplace).
        said = (tree.predict_proba(asked) * leaf + 1) / (leaf + len(tree.classes_))
        frequent = np.bincount(codes[seen], minlength=len(tree.classes_)) / max(seen.sum(), 1)
        loss = -np.mean(np.log(said[seen, codes[seen]]))
        base = -np.sum(frequent[frequent > 0] * np.log(frequent[frequent > 0]))
    return float(np.clip(1 - loss / base, 0.0, 1.0)) if base > 0 else 0.0
