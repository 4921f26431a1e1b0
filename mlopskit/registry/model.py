"""`Model`: a registered model, loaded: verified, consented to, and seen to predict what it predicted before."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlopskit.errors import DamagedError, MlopskitError
from mlopskit.records.model import ModelVersion
from mlopskit.records.signature import Signature
from mlopskit.registry.provenance import versions_here
from mlopskit.storage.artifacts import Artifacts, artifact_from_json

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

METHODS = ("predict", "predict_proba")  # what is remembered of a sample
_TOLERANCE = 1e-5  # relative; libraries of another build or machine sum floats in another order


class Model:
    """A model version that predicts; what `Registry.load` returns.

    Attributes
    ----------
    version : ModelVersion
        Which one it is, and all that is known about it.
    estimator : object
        The fitted object itself.
    predict_proba, decision_function, classes_
        As the estimator's, with input as for `predict`; they exist only if the estimator has them.
    """

    def __init__(self, estimator: Any, version: ModelVersion, artifacts: Artifacts, *, trust: bool = False) -> None:
        self.estimator = estimator
        self.version = version
        self._artifacts = artifacts
        self._trust = trust
        self._remembered: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The model's name, without the version's number."""
        return self.version.name

    @property
    def signature(self) -> Signature | None:
        """The columns it takes; None if it was registered without a sample."""
        return self.version.signature

    @cached_property
    def reference(self) -> Any:
        """What was registered as its reference, such as a fitted drift detector; None if nothing was.

        Raises
        ------
        NotTrustedError
            If it can carry code and the model was loaded without trust.
        """
        return _load("reference", self.version, self._artifacts, trust=self._trust)

    def predict(self, data: pd.DataFrame | npt.NDArray[Any] | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Predict for a DataFrame, a 2-D array, a dict (one row) or a list of dicts.

        Returns
        -------
        array, or whatever the estimator returns
            One prediction per row; of no rows, none.

        Raises
        ------
        SignatureError
            If the input does not match the signature; see `Signature.apply`.
        """
        return self._call("predict", data)

    @property
    def predict_proba(self) -> Callable[[Any], Any]:
        """Predict the probability of each class, in the order of `classes_`."""
        return self._method("predict_proba")

    @property
    def decision_function(self) -> Callable[[Any], Any]:
        """Predict a score for each class, or for the positive one of two."""
        return self._method("decision_function")

    @property
    def classes_(self) -> Any:
        """The classes that a classifier knows."""
        return self.estimator.classes_

    def __repr__(self) -> str:
        columns = f", {len(self.signature.columns)} columns" if self.signature else ""
        return f"<Model {self.version}: {type(self.estimator).__name__}{columns}>"

    def _method(self, name: str) -> Callable[[Any], Any]:
        if not hasattr(self.estimator, name):
            raise AttributeError(f"{self.version} is a {type(self.estimator).__name__}, which has no {name}.")
        return lambda data: self._call(name, data)

    def _call(self, method: str, data: Any) -> Any:
        frame = features_of(self.signature, data)
        if not len(frame) and method in self._remembered:
            return self._remembered[method][:0]
        return answer(self.estimator, method, frame)


def load_value(version: ModelVersion, artifacts: Artifacts, *, trust: bool) -> Any:
    """Load what is no model as it was registered.

    Raises
    ------
    NotTrustedError, DamagedError
        As for `load_model`.
    """
    return _load("model", version, artifacts, trust=trust)


def load_model(version: ModelVersion, artifacts: Artifacts, *, trust: bool) -> Model:
    """Load a version and see that it predicts what it did when it was registered.

    Warns
    -----
    UserWarning
        Once, if Python or scikit-learn have other versions than at its registration.

    Raises
    ------
    NotTrustedError
        If it can carry code and nobody trusted has signed it.
    DamagedError
        If its bytes are not what was written, or it predicts something else.
    """
    _warn_of_other_versions(version)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to unpickle estimator")  # said above, for all parts at once
        model = Model(_load("model", version, artifacts, trust=trust), version, artifacts, trust=trust)
    if "sample" not in version.artifacts:
        return model
    sample, predictions = (_load(part, version, artifacts, trust=trust) for part in ("sample", "predictions"))
    for method, expected in predictions.items():
        if not agree(getattr(model, method)(sample), expected):
            raise DamagedError(
                f"{version} no longer gives the predictions it gave when it was registered (with Python "
                f"{version.python}, scikit-learn {version.sklearn}); load it with those, or register it anew."
            )
    model._remembered = predictions
    return model


def features_of(signature: Signature | None, data: Any) -> Any:
    """Bring input into the form of a signature; without one, only rows are made a frame."""
    if signature is not None:
        return signature.apply(data)
    if not isinstance(data, Mapping | Sequence):
        return data
    import pandas as pd

    return pd.DataFrame([data] if isinstance(data, Mapping) else list(data))


def answer(estimator: Any, method: str, frame: Any) -> Any:
    """Ask an estimator in the form it was fitted in: one that never saw column names gets a plain array."""
    knows_names = hasattr(estimator, "feature_names_in_") or not hasattr(estimator, "n_features_in_")
    return getattr(estimator, method)(frame if knows_names or not hasattr(frame, "to_numpy") else frame.to_numpy())


def agree(found: Any, expected: Any) -> bool:
    """Whether two predictions are equal, numbers up to rounding."""
    import numpy as np

    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return False
    if found.dtype.kind in "fc" and expected.dtype.kind in "fc":
        return bool(np.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE**2, equal_nan=True))
    return bool(np.all((found == expected) | ((found != found) & (expected != expected))))


def _load(part: str, version: ModelVersion, artifacts: Artifacts, *, trust: bool) -> Any:
    kept = version.artifacts.get(part)
    if kept is None:
        return None
    try:
        return artifacts.load(artifact_from_json(kept), trust=trust)
    except MlopskitError as error:
        raise type(error)(f"The {part} of {version} can not be loaded. {error}") from error


def _warn_of_other_versions(version: ModelVersion) -> None:
    now = versions_here()
    before = {"python": version.python, "sklearn": version.sklearn}
    other_python = before["python"].split(".")[:2] != now["python"].split(".")[:2]  # patch releases are compatible
    names = ["Python"] * other_python + ["scikit-learn"] * (before["sklearn"] != now["sklearn"])
    if not names:
        return
    keys = {"Python": "python", "scikit-learn": "sklearn"}
    changes = " and ".join(f"{name} {before[keys[name]]} (here {now[keys[name]]})" for name in names)
    warnings.warn(
        f"{version} was registered with {changes}; its sample is predicted again to see that it still works.",
        stacklevel=4,
    )
