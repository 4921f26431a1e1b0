"""What is kept of a model when it is registered: its bytes, its signature, and what it predicts for a sample."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from mlopskit.errors import ConflictError, SerializationError, SignatureError
from mlopskit.records.json import to_json
from mlopskit.records.signature import Signature
from mlopskit.registry.model import METHODS, agree, answer
from mlopskit.storage.artifacts import AnyArtifact, Artifacts, artifact_to_json
from mlopskit.storage.canonical_json import can_encode

SAMPLE_ROWS = 100  # of the sample, so many are kept and predicted again on every load


def keep_model(
    model: Any, sample: Any, reference: Any, artifacts: Artifacts, serializer: str | None = None
) -> dict[str, Any]:
    """Write everything that belongs to a version, durably, and return what its record says about it.

    Raises
    ------
    SignatureError
        If the sample has not the columns that the model was fitted on, or the model can not predict it.
    SerializationError
        If a part can not be turned into bytes.
    """
    signature = None
    parts = {"model": model}
    if sample is not None:
        features = _features(model, sample)
        signature = Signature.learn(features)
        rows = signature.apply(features.head(SAMPLE_ROWS))
        parts |= {"sample": rows, "predictions": _predictions(model, rows)}
    if reference is not None:
        parts["reference"] = reference
    kept: dict[str, AnyArtifact] = {
        part: artifacts.save(value, serializer=serializer if part == "model" else None) for part, value in parts.items()
    }
    return {
        "signature": signature and to_json(signature),
        "artifacts": {part: artifact_to_json(artifact) for part, artifact in kept.items()},
        "digest": kept["model"].digest,
    }


def refuse_other_bytes(kept: Mapping[str, Any], again: Mapping[str, Any]) -> None:
    """Raise `ConflictError` if a model that was kept twice has become other bytes."""
    if kept["artifacts"] != again["artifacts"]:
        raise ConflictError(
            "Garbage was collected while this model was being registered, and its bytes differ each time it is kept; "
            "the version just made can not be loaded. Register the model again."
        )


def checked_metrics(metrics: Mapping[str, Any] | None) -> dict[str, float]:
    """Return metrics as plain floats.

    Raises
    ------
    SerializationError
        If one of them is no number.
    """
    for name, value in (metrics or {}).items():
        if not isinstance(value, Real):
            raise SerializationError(f"The metric {name!r} is a {type(value).__name__}; metrics are numbers.")
    return {str(name): float(value) for name, value in (metrics or {}).items()}


def checked_params(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return params as JSON-able values; NumPy's numbers become Python's.

    Raises
    ------
    SerializationError
        If one of them has no JSON.
    """
    plain = {str(name): value.item() if hasattr(value, "item") else value for name, value in (params or {}).items()}
    for name, value in plain.items():
        if not can_encode(value):
            raise SerializationError(f"The param {name!r} is a {type(value).__name__}, which JSON can not keep.")
    return plain


def _features(model: Any, sample: Any) -> Any:
    """Reduce the sample to the columns that the model was fitted on."""
    import pandas as pd

    frame = sample if isinstance(sample, pd.DataFrame) else _framed(sample)
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return frame
    lacking = [str(name) for name in names if name not in frame.columns]
    if lacking:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise SignatureError(f"The sample lacks columns that the model was fitted on: {shown}.")
    return frame[list(names)]


def _framed(sample: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(sample, np.ndarray) and sample.ndim == 2:
        return pd.DataFrame(sample, columns=[f"x{position}" for position in range(sample.shape[1])])
    raise SignatureError(f"A sample is a DataFrame or a 2-D array of features; this is a {type(sample).__qualname__}.")


def _predictions(model: Any, rows: Any) -> dict[str, Any]:
    """Predict the sample, twice: a model that answers differently each time could never be loaded."""
    methods = [method for method in METHODS if hasattr(model, method)]
    try:
        first, second = ({each: _array(answer(model, each, rows)) for each in methods} for _ in range(2))
    except Exception as error:
        raise SignatureError(
            f"The model can not predict the sample ({type(error).__name__}): give it the columns the model was fitted "
            "on, and no others unless the model knows their names."
        ) from error
    if not all(agree(first[method], second[method]) for method in methods):
        raise SignatureError(
            "The model gives the same sample other predictions each time, so that no later load could be checked; "
            "fix its seed, or register it without a sample."
        )
    return first


def _array(predictions: Any) -> Any:
    """Give predictions as an array; texts as NumPy's own, which need no pickle."""
    import numpy as np

    array = np.asarray(predictions)
    return np.array(array.tolist()) if array.dtype.kind == "O" else array
