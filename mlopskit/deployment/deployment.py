"""`Deployment`: a registered model in use, which remembers what it was asked and what it said."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlopskit.deployment.prediction_buffer import Answered, PredictionBuffer
from mlopskit.deployment.prediction_log import COLUMNS, PredictionLog
from mlopskit.errors import SignatureError
from mlopskit.records.model import ModelVersion
from mlopskit.registry.model import Model
from mlopskit.registry.registry import Registry
from mlopskit.storage.identifiers import new_id

Data: TypeAlias = pd.DataFrame | npt.NDArray[Any] | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Deployment:
    """A registered model that answers requests and logs them.

    Predictions are logged in memory and written in segments: after `flush_rows` rows, by `flush` and `close`, at the
    end of a ``with`` block, and when the process ends by itself. What was not written when it is killed is lost.
    Requests that the model can not answer are not logged. It may be used from several threads.

    Parameters
    ----------
    registry : Registry
    model : str
        ``"flight-delays@champion"`` or ``"flight-delays/4"``.
    log : bool, default True
        Whether to log to ``predictions/<model>`` on the registry's store; `PredictionLog` reads it. A classifier of
        two classes is then asked for both its prediction and its probability, whichever the caller wants.
    flush_rows : int, default 1000
        How many rows wait in memory for the next segment.
    trust : bool, default False
        As for `Registry.load`.

    Raises
    ------
    NotFoundError, NotTrustedError, DamagedError
        As `Registry.load` does.
    SignatureError
        If requests are to be logged but the model has no signature, or a feature has the name of a column of the log.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> registry = Registry("memory://docs-deployment")
    >>> X = pd.DataFrame({"distance": [200.0, 1400.0, 2500.0]})
    >>> version = registry.register("flight-delays", LinearRegression().fit(X, [1, 7, 12]), sample=X)
    >>> with Deployment(registry, "flight-delays/1") as deployment:
    ...     float(deployment.predict({"distance": 1400})[0].round(1))
    6.8
    >>> PredictionLog(registry.store, "flight-delays").read()[["distance", "model_version"]].to_dict("records")
    [{'distance': 1400.0, 'model_version': 1}]
    """

    def __init__(
        self, registry: Registry, model: str, *, log: bool = True, flush_rows: int = 1000, trust: bool = False
    ) -> None:
        if flush_rows < 1:
            raise ValueError(f"flush_rows is a number of rows, at least 1, not {flush_rows}")
        self._registry = registry
        self._reference = model
        self._trust = trust
        self._buffer: PredictionBuffer | None = None
        self._model = self._load(log=log)
        if log:
            self._buffer = PredictionBuffer(PredictionLog(registry.store, self._model.name), flush_rows)
            weakref.finalize(self, self._buffer.flush)  # also when the interpreter exits

    @property
    def version(self) -> ModelVersion:
        """The version that answers."""
        return self._model.version

    def predict(self, data: Data) -> Any:
        """Predict for a DataFrame, a 2-D array, a dict (one row) or a list of dicts.

        Returns
        -------
        array, or whatever the model returns
            One prediction per row.

        Raises
        ------
        SignatureError
            If the input does not match the signature.

        Warns
        -----
        RuntimeWarning
            If the log can not be written just now; the rows are kept for the next attempt.
        """
        model = self._model
        predictions = model.predict(data)
        if self._buffer is not None and len(predictions):
            probabilities = model.predict_proba(data) if _is_binary(model) else None
            self._log(model, data, predictions, probabilities)
        return predictions

    @property
    def predict_proba(self) -> Callable[[Data], Any]:
        """Predict the probability of each class; it exists only if the model has it."""
        model, ask = self._model, self._model.predict_proba

        def predict_proba(data: Data) -> Any:
            probabilities = ask(data)
            if self._buffer is not None and len(probabilities):
                self._log(model, data, model.predict(data), probabilities if _is_binary(model) else None)
            return probabilities

        return predict_proba

    def refresh(self) -> bool:
        """Take the version that the alias names by now; whether that is another one.

        Raises
        ------
        NotFoundError, NotTrustedError, DamagedError, SignatureError
            If it can not be had; the version before goes on answering.
        """
        before = self._model
        self._model = self._load(log=self._buffer is not None)
        return self._model.version.number != before.version.number

    def flush(self) -> None:
        """Write what was logged so far; on return it survives ``kill -9`` and a power loss.

        Raises
        ------
        StoreError
            If the store does not take it; the rows keep waiting.
        """
        if self._buffer is not None:
            self._buffer.flush()

    def close(self) -> None:
        """Flush; there is nothing else to release."""
        self.flush()

    def __enter__(self) -> Deployment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        waiting = f"{len(self._buffer)} rows to flush" if self._buffer is not None else "not logged"
        return f"<Deployment {self._reference}: {self.version}, {waiting}>"

    def _load(self, *, log: bool) -> Model:
        model = self._registry.load(self._reference, trust=self._trust)
        if log:
            _refuse_unloggable(model)
        return model

    def _log(self, model: Model, data: Data, predictions: Any, probabilities: Any) -> None:
        assert self._buffer is not None  # noqa: S101 - for the type checker: whoever calls has looked
        assert model.signature is not None  # noqa: S101 - and a model without was refused
        answered = Answered(
            model.signature.apply(data).copy(),  # the caller may go on changing what was passed
            np.array(predictions),
            None if probabilities is None else np.array(probabilities)[:, 1],
            model.version.number,
            pd.Timestamp.now("UTC"),
            new_id(),
        )
        self._buffer.add(answered)


def _is_binary(model: Model) -> bool:
    return hasattr(model, "predict_proba") and len(getattr(model.estimator, "classes_", ())) == 2


def _refuse_unloggable(model: Model) -> None:
    if model.signature is None:
        raise SignatureError(
            f"{model.version} was registered without a sample, so its columns are not known and requests can not be "
            "logged; register it with sample=, or pass log=False."
        )
    taken = [name for name in model.signature.names if name in COLUMNS or name.startswith("prediction.")]
    if taken:
        raise SignatureError(
            f"{model.version} takes {', '.join(taken)}, which the prediction log has as its own; rename the feature, "
            "or pass log=False."
        )
