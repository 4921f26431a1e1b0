"""What is recorded of one fit of a scikit-learn estimator, and `watch`, which waits for the next one of one object."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mlopskit.records.json import to_json
from mlopskit.records.signature import Signature
from mlopskit.storage.canonical_json import encode
from mlopskit.tracking.candidates import log_candidates
from mlopskit.tracking.plain import plain_values

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run

MOST_ROWS_SCORED = 10_000
ROWS_OF_SIGNATURE = 1_000
LONGEST_ERROR = 2_000
CURVES = ("loss_curve_", "train_score_", "validation_score_", "validation_scores_", "oob_scores_")

_WATCH = ("fit", "__getstate__")  # what a watched object has of its own until its fit is called
_LOGGER = logging.getLogger("mlopskit")
_T = TypeVar("_T")

fit_is_recorded: ContextVar[bool] = ContextVar("fit_is_recorded", default=False)
_naming = threading.Lock()


def watch(run: Run, estimator: _T, *, keep_model: bool = True) -> _T:
    """Record the next ``fit`` of this object, and of nothing else, in the run.

    No class is changed. The object gets a ``fit`` of its own, which removes itself before the real one begins;
    until then copies, clones and pickles of it are plain estimators that nobody watches. Of an object that is
    watched again before it is fitted, the last run gets the fit.

    Recorded are: before the fit ``get_params(deep=True)`` and ``estimator_class`` as params; after it the metrics
    ``fit_seconds``, ``training_score`` (the estimator's own ``score`` on what it was fitted on, with the sample
    weights; of more than 10,000 rows on 10,000 drawn at random), each number the fit left in an attribute such as
    ``n_iter_`` (as ``n_iter``) and each curve such as ``loss_curve_`` (as a series ``loss_curve``); the artifacts
    ``signature``, if the features are a DataFrame whose columns have texts as names, and ``model``. A search by
    cross-validation adds its best params, a child run for each candidate, and all results as the artifact
    ``cv_results``; its ``model`` is the best estimator.

    In a run that has recorded a fit already, or has other values for these params, all names get a
    prefix, such as ``Ridge.alpha``.

    Writes one commit before the fit, and one for each artifact after it. Whatever goes wrong with
    that becomes a warning; an exception of the fit itself passes through and is kept as the tag ``fit_error``.

    Parameters
    ----------
    run : Run
    estimator : object with ``fit`` and ``get_params``
    keep_model : bool, default True
        Whether to keep the fitted estimator.

    Returns
    -------
    object
        The same estimator.

    Raises
    ------
    TypeError
        If it is no such object.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with Tracker("memory://docs-watch").start_run() as run:
    ...     model = watch(run, Ridge(alpha=0.5)).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> run.params["alpha"], round(run.metrics["training_score"], 2), run.artifact("model")
    (0.5, 0.96, Ridge(alpha=0.5))
    """
    if isinstance(estimator, type) or not all(hasattr(estimator, name) for name in ("fit", "get_params", "__dict__")):
        kind = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        raise TypeError(f"An object with fit and get_params can be watched, as scikit-learn's have; this is {kind}.")
    _unwatch(estimator)
    fit = estimator.fit  # type: ignore[attr-defined]

    @functools.wraps(fit)
    def watched_fit(*args: Any, **kwargs: Any) -> Any:
        _unwatch(estimator)
        return recorded_fit(run, estimator, fit, args, kwargs, keep_model=keep_model)

    vars(estimator).update(zip(_WATCH, (watched_fit, lambda: _unwatched_state(estimator)), strict=True))
    return estimator


def recorded_fit(
    run: Run,
    estimator: Any,
    fit: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    keep_model: bool,
) -> Any:
    """Call a bound ``fit`` and record it as `watch` says; fits that it calls in turn are part of it."""
    token = fit_is_recorded.set(True)
    try:
        recorder = _FitRecorder(run, estimator)
        recorder.begin()
        started = time.perf_counter()
        try:
            result = fit(*args, **kwargs)
        except BaseException as error:
            recorder.fail(error)
            raise
        recorder.end(time.perf_counter() - started, _arguments(fit, args, kwargs), keep_model=keep_model)
        return result
    finally:
        fit_is_recorded.reset(token)


@contextmanager
def beside_the_fit(what: str, estimator: object) -> Iterator[None]:
    """Turn an error of the recording into a warning: the user's fit goes on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - of any kind, by the promise above
        message = (
            f"{what} of this fit of {type(estimator).__name__} could not be recorded: {type(error).__name__}: "
            f"{error} The fit itself is not affected."
        )
        try:
            warnings.warn(message, stacklevel=5)
        except Warning:  # the program has made warnings errors
            _LOGGER.warning(message)


class _FitRecorder:
    """One fit of one estimator, logged to one run."""

    def __init__(self, run: Run, estimator: Any) -> None:
        self._run, self._estimator = run, estimator
        self._prefix = ""

    def begin(self) -> None:
        with self._recording("The params"):
            kind = type(self._estimator)
            params = {"estimator_class": f"{kind.__module__}.{kind.__qualname__}"}
            params |= plain_values(self._estimator.get_params(deep=True), "param")
            with _naming:
                self._prefix = _free_prefix(self._run.params, params, kind.__name__)
                self._run.log_params({self._prefix + name: value for name, value in params.items()})

    def fail(self, error: BaseException) -> None:
        with self._recording("The error"):
            text = "".join(traceback.format_exception_only(error)).strip()[:LONGEST_ERROR]
            self._run.set_tags({f"{self._prefix}fit_error": text})

    def end(self, seconds: float, arguments: Mapping[str, Any], *, keep_model: bool) -> None:
        X, y, sample_weight = (arguments.get(name) for name in ("X", "y", "sample_weight"))  # noqa: N806
        with self._recording("The results"):
            self._log_metrics({"fit_seconds": seconds, **_numbers(self._estimator)})
            self._log_curves()
        with self._recording("The training score"):
            if _can_be_scored(self._estimator, X, y):
                self._log_metrics({"training_score": _training_score(self._estimator, X, y, sample_weight)})
        if isinstance(getattr(self._estimator, "cv_results_", None), dict):
            with self._recording("The search"):
                self._log_search()
        with self._recording("The signature"):
            if _has_named_columns(X):
                self._log_artifact("signature", to_json(Signature.learn(cast(Any, X).head(ROWS_OF_SIGNATURE))))
        model = getattr(self._estimator, "best_estimator_", self._estimator)
        if keep_model:
            with self._recording("The model"):
                self._log_artifact("model", model)

    def _log_metrics(self, values: Mapping[str, float]) -> None:
        self._run.log_metrics({self._prefix + name: value for name, value in values.items()})

    def _log_curves(self) -> None:
        for name in CURVES:
            curve = vars(self._estimator).get(name)
            for value in () if curve is None else curve:
                self._run.log_metric(self._prefix + name.rstrip("_"), value)

    def _log_search(self) -> None:
        best = getattr(self._estimator, "best_params_", {})
        if best:
            self._run.log_params({f"{self._prefix}best_{name}": value for name, value in best.items()})
        self._log_artifact("cv_results", log_candidates(self._run, self._estimator.cv_results_, self._prefix))

    def _log_artifact(self, name: str, value: object) -> None:
        self._run.log_artifact(self._prefix + name, value)

    def _recording(self, what: str) -> Any:
        return beside_the_fit(what, self._estimator)


def _unwatch(estimator: object) -> None:
    for name in _WATCH:
        vars(estimator).pop(name, None)


def _unwatched_state(estimator: Any) -> Any:
    """Return what a copy or pickle of a watched estimator consists of."""
    get_state: Any = type(estimator).__getstate__
    state = get_state(estimator)
    return {name: value for name, value in state.items() if name not in _WATCH} if isinstance(state, dict) else state


def _free_prefix(known: Mapping[str, Any], params: Mapping[str, Any], kind: str) -> str:
    """Return the first of "", "Ridge.", "Ridge-2." and so on under which nothing that is known is in the way."""
    prefix, number = "", 1
    while f"{prefix}estimator_class" in known or any(
        prefix + name in known and encode(known[prefix + name]) != encode(value) for name, value in params.items()
    ):
        prefix = f"{kind}." if number == 1 else f"{kind}-{number}."
        number += 1
    return prefix


def _arguments(fit: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a fit was called with, by name."""
    try:
        return {**inspect.signature(fit).bind(*args, **kwargs).arguments, **kwargs}
    except (TypeError, ValueError):
        return dict(kwargs)


def _numbers(estimator: object) -> dict[str, float]:
    """Return the numbers that a fit has left in the estimator's public attributes."""
    import numpy as np

    kinds = (int, float, np.integer, np.floating)
    return {
        name.rstrip("_"): float(value)
        for name, value in vars(estimator).items()
        if name.endswith("_") and not name.startswith("_") and isinstance(value, kinds) and not isinstance(value, bool)
    }


def _can_be_scored(estimator: Any, X: Any, y: Any) -> bool:  # noqa: N803
    return X is not None and y is not None and hasattr(estimator, "score") and getattr(estimator, "refit", True)


def _training_score(estimator: Any, X: Any, y: Any, sample_weight: Any) -> float:  # noqa: N803
    import numpy as np
    from sklearn.utils import _safe_indexing
    from sklearn.utils.validation import _num_samples

    rows = _num_samples(X)
    if rows > MOST_ROWS_SCORED:
        drawn = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS_SCORED, replace=False))
        X, y = _safe_indexing(X, drawn), _safe_indexing(y, drawn)  # noqa: N806
        sample_weight = sample_weight if sample_weight is None else _safe_indexing(sample_weight, drawn)
    if sample_weight is None or "sample_weight" not in inspect.signature(estimator.score).parameters:
        return float(estimator.score(X, y))
    return float(estimator.score(X, y, sample_weight=sample_weight))


def _has_named_columns(X: Any) -> bool:  # noqa: N803
    import pandas as pd

    return isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns)
