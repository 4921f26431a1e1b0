"""`PredictionBuffer`: predictions that wait in memory until there are enough for a segment."""

from __future__ import annotations

import threading
import warnings
from itertools import groupby
from typing import Any

import attrs
import numpy as np
import pandas as pd

from mlopskit.deployment.prediction_log import PredictionLog
from mlopskit.errors import MlopskitError


@attrs.frozen(eq=False)
class Answered:
    """One request and its answer.

    Attributes
    ----------
    features : DataFrame, shape (rows, features)
        What the model got; nobody else may change it.
    prediction : array, shape (rows,) or (rows, outputs)
    probability : array, shape (rows,), or None
        That of the positive class.
    version : int
        The model's version.
    time : Timestamp
        When, in UTC.
    id : str
        Of the request; each row's id is made of it and the row's position.
    """

    features: pd.DataFrame
    prediction: Any
    probability: Any
    version: int
    time: pd.Timestamp
    id: str


class PredictionBuffer:
    """Answers on their way to a log; safe to use from several threads.

    Parameters
    ----------
    log : PredictionLog
        Where they go.
    rows : int
        How many rows make a segment.
    """

    def __init__(self, log: PredictionLog, rows: int) -> None:
        self._log = log
        self._segment_rows = rows
        self._due = rows
        self._rows = 0
        self._waiting: list[Answered] = []
        self._changing = threading.RLock()

    def add(self, answered: Answered) -> None:
        """Take one more answer, and flush if it is time.

        Warns
        -----
        RuntimeWarning
            If the store does not take them. A prediction must not fail for that: the rows keep waiting.
        """
        with self._changing:
            self._waiting.append(answered)
            self._rows += len(answered.features)
            if self._rows < self._due:
                return
            try:
                self.flush()
            except MlopskitError as error:
                self._due = self._rows + self._segment_rows
                message = f"{self._rows} predictions are not in the log yet and wait in memory: {error}"
                warnings.warn(message, RuntimeWarning, stacklevel=4)

    def flush(self) -> None:
        """Write what waits, a segment for each version of the model.

        Raises
        ------
        StoreError
            If the store does not take it; what waits keeps waiting, also what may have been written: reading tells.
        """
        with self._changing:
            for _, answers in groupby(self._waiting, key=lambda answered: answered.version):
                self._log.append(_segment(list(answers)))
            self._waiting, self._rows, self._due = [], 0, self._segment_rows

    def __len__(self) -> int:
        return self._rows


def _segment(answers: list[Answered]) -> pd.DataFrame:
    """Lay answers of one version out as rows."""
    counts = [len(each.features) for each in answers]
    prediction = np.concatenate([each.prediction for each in answers])
    outputs = {"prediction": prediction}
    if prediction.ndim == 2:
        outputs = {f"prediction.{output}": prediction[:, output] for output in range(prediction.shape[1])}
    if answers[0].probability is not None:
        outputs["probability"] = np.concatenate([each.probability for each in answers])
    times = pd.DatetimeIndex([each.time for each in answers]).repeat(counts)
    ids = [f"{each.id}-{row}" for each, rows in zip(answers, counts, strict=True) for row in range(rows)]
    features = pd.concat([each.features for each in answers], ignore_index=True)
    return features.assign(**outputs, model_version=answers[0].version, predicted_at=times, prediction_id=ids)
