"""`autolog`: a block of code in which each fit of a scikit-learn estimator is recorded.

scikit-learn's own callbacks can not serve for this: few estimators take them, only from release 1.9 on, and they stay
in the estimator and its pickles. So this is the one place of the library that changes classes of another: while any
such block is open, the ``fit`` of each class below ``BaseEstimator`` is replaced, and afterwards it is what it was.
"""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.tracking.watching import beside_the_fit, fit_is_recorded, recorded_fit

if TYPE_CHECKING:
    from mlopskit.tracking.run import Run
    from mlopskit.tracking.tracker import Tracker


@attrs.frozen
class _Block:
    """What an open block does with the fits in it."""

    tracker: Tracker
    run: Run | None
    keep_model: bool
    runs: list[Run] = attrs.field(factory=list)


_block: ContextVar[_Block | None] = ContextVar("autolog_block", default=None)
_lock = threading.Lock()
_open_blocks = 0
_replaced: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {}


@contextmanager
def autolog(tracker: Tracker, *, run: Run | None = None, keep_model: bool = True) -> Iterator[list[Run]]:
    """Record each outermost ``fit`` of a scikit-learn estimator in this block, as `Run.watch` does for one.

    Outermost: what a pipeline, a search or an ensemble fits in turn is part of it. The block is that of the thread
    that opened it: fits in other threads are not recorded, unless they open one. Blocks may be open in
    several threads at once, and in one another, where the innermost counts.

    While a block is open, the classes below ``BaseEstimator`` have another ``fit``, in all threads, which
    calls the real one at once where no block is. XGBoost's and LightGBM's scikit-learn classes are among them.

    Parameters
    ----------
    tracker : Tracker
        Where each fit becomes a run, named by the estimator's class; failed, if the fit fails.
    run : Run, optional
        Log all fits to this run instead.
    keep_model : bool, default True
        Whether to keep the fitted estimators.

    Yields
    ------
    list of Run
        Those that have recorded a fit, as they come.

    Warns
    -----
    UserWarning
        If something could not be recorded; the fit is not affected.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from mlopskit.tracking.tracker import Tracker
    >>> with autolog(Tracker("memory://docs-autolog")) as runs:
    ...     model = Ridge(alpha=0.5).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> [(run.name, run.status, run.params["alpha"]) for run in runs]
    [('Ridge', 'finished', 0.5)]
    """
    block = _Block(tracker, run, keep_model)
    _replace_fits()
    token = _block.set(block)
    try:
        yield block.runs
    finally:
        _block.reset(token)
        _restore_fits()


def call_fit(fit: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call ``fit(estimator, ...)``, and record it if it is the outermost one in a block."""
    block = _block.get()
    if block is None or fit_is_recorded.get():
        return fit(estimator, *args, **kwargs)
    bound = types.MethodType(fit, estimator)
    if (run := block.run) is not None:
        block.runs.append(run)
        return recorded_fit(run, estimator, bound, args, kwargs, keep_model=block.keep_model)
    with beside_the_fit("The start", estimator):
        run = block.tracker.start_run(type(estimator).__name__)
    if run is None:
        return bound(*args, **kwargs)  # type: ignore[unreachable] # the block above may end early
    block.runs.append(run)
    with run:
        return recorded_fit(run, estimator, bound, args, kwargs, keep_model=block.keep_model)


def _replace_fits() -> None:
    """Put a stand-in in the place of each class's ``fit``, and of those that are yet to be defined."""
    global _open_blocks  # noqa: PLW0603 - the classes are shared by all threads
    from sklearn.base import BaseEstimator

    with _lock:
        _open_blocks += 1
        if _open_blocks > 1:
            return

        def replace_in_new_class(cls: type, /, **kwargs: Any) -> None:
            super(BaseEstimator, cls).__init_subclass__(**kwargs)
            _replace_fit(cls)

        BaseEstimator.__init_subclass__ = classmethod(replace_in_new_class)
        for cls in _classes_below(BaseEstimator):
            _replace_fit(cls)


def _restore_fits() -> None:
    global _open_blocks  # noqa: PLW0603 - the classes are shared by all threads
    from sklearn.base import BaseEstimator

    with _lock:
        _open_blocks -= 1
        if _open_blocks:
            return
        del BaseEstimator.__init_subclass__
        for cls, (fit, stand_in) in _replaced.items():
            if vars(cls).get("fit") is stand_in:
                cls.fit = fit  # type: ignore[attr-defined]
        _replaced.clear()


def _replace_fit(cls: type) -> None:
    fit = vars(cls).get("fit")
    if isinstance(fit, types.FunctionType):
        _replaced[cls] = (fit, _stand_in(fit))
        cls.fit = _replaced[cls][1]  # type: ignore[attr-defined]


def _stand_in(fit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fit)
    def fit_in_block(self: Any, *args: Any, **kwargs: Any) -> Any:
        from mlopskit.tracking.autolog import call_fit  # a class that is pickled by value takes no block along

        return call_fit(fit, self, args, kwargs)

    return fit_in_block


def _classes_below(cls: type) -> set[type]:
    below: set[type] = set(cls.__subclasses__())
    return below.union(*map(_classes_below, below))
