"""What a model was made from, as far as what is given to `Registry.register` knows it."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version as installed_version
from typing import Any

import attrs

from mlopskit.errors import MlopskitError
from mlopskit.packages import imported_packages
from mlopskit.records.environment import Code
from mlopskit.records.json import to_json
from mlopskit.records.run import Dataset
from mlopskit.storage.fingerprint import fingerprint

_DEEPEST = 5  # levels of estimators within estimators


def provenance(run: Any, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return code, data and steps of the run that made a model, and this process's packages, JSON-able.

    Parameters
    ----------
    run : Run, str or None
        The tracked run; of an id alone nothing more is known.
    data : mapping of str to DataFrame, Dataset or str, optional
        Data by name, in place of what the run says under these names; a text is a fingerprint.
    """
    datasets = {**getattr(run, "datasets", {}), **{name: dataset_of(value) for name, value in (data or {}).items()}}
    record, code = getattr(run, "record", None), _code(run)
    return {
        "run": run if run is None or isinstance(run, str) else str(run.id),
        "datasets": {name: to_json(dataset) for name, dataset in datasets.items()},
        "steps": [to_json(step) for step in getattr(record, "steps", ())],
        "code": to_json(code) if code else None,
        "packages": imported_packages(),
        **versions_here(),
    }


@cache
def versions_here() -> dict[str, str]:
    """Return the versions of Python and scikit-learn in this process."""
    return {"python": platform.python_version(), "sklearn": installed_version("scikit-learn")}


def dataset_of(value: Any) -> Dataset:
    """Identify data: a frame, or whatever else has a content digest, by its content, its length and its columns.

    Raises
    ------
    FingerprintError
        If it has no content digest.
    """
    if isinstance(value, Dataset):
        return value
    if isinstance(value, str):
        return Dataset(value, 0, (), ())
    columns, dtypes = (tuple(map(str, getattr(value, name, ()))) for name in ("columns", "dtypes"))
    rows = len(value) if hasattr(value, "__len__") else 0
    return Dataset(fingerprint(value), rows, columns, dtypes)


def warn_of_local_classes(model: Any) -> None:
    """Warn if a part of a model is of a class that other programs can not import."""
    names = sorted({kind.__qualname__ for kind in _kinds(model, 0) if kind.__module__ == "__main__"})
    if names:
        warnings.warn(
            f"{', '.join(names)} is defined in the program that runs, or in a notebook. It is kept with the model as "
            "it is now, and loads only where all that it uses can be imported; move it to a module that is installed.",
            stacklevel=3,
        )


def _kinds(model: Any, depth: int) -> Iterator[type]:
    yield model if isinstance(model, type) else type(model)
    if depth < _DEEPEST and hasattr(model, "get_params") and not isinstance(model, type):
        for value in model.get_params(deep=True).values():
            if hasattr(value, "fit"):
                yield from _kinds(value, _DEEPEST)


def _code(run: Any) -> Code | None:
    """Return the code a run was made with, without its diff, which the run itself keeps."""
    try:
        environment = getattr(run, "environment", None)
    except MlopskitError:  # collected, or damaged: the run says so when it is asked
        return None
    return attrs.evolve(environment.code, diff="", untracked=()) if environment else None
