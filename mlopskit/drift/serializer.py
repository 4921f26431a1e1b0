"""A fitted detector as JSON: its parameters and its profile, and never any code.

The bytes hold what the profile holds: knots and names of categories are values of the reference, everything else is
counts. Nothing heavy is imported before a detector turns up.
"""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from mlopskit.storage import canonical_json
from mlopskit.storage.serializers import Serializer

if TYPE_CHECKING:
    from mlopskit.drift.detector import DriftDetector
    from mlopskit.drift.grids import Grid
    from mlopskit.drift.profile import ColumnProfile


class DetectorSerializer(Serializer):
    """Drift detectors, fitted or not, as canonical JSON; knots are float64, little-endian, in base64.

    Examples
    --------
    >>> import io
    >>> from mlopskit.drift import DriftDetector
    >>> file = io.BytesIO()
    >>> DetectorSerializer().write(DriftDetector(alpha=0.01), file)
    >>> DetectorSerializer().read(io.BytesIO(file.getvalue()), version=1)
    DriftDetector(alpha=0.01, correction='bh', min_effect=0.1, columns=None)
    """

    name = "drift-detector"

    def accepts(self, value: object) -> bool:
        """Whether this is a detector, and not of a subclass."""
        module = sys.modules.get("mlopskit.drift.detector")
        return module is not None and type(value) is module.DriftDetector

    def encode(self, value: DriftDetector, file: BinaryIO) -> None:
        """Write parameters and profile."""
        columns = None if value.columns is None else [str(name) for name in value.columns]
        params = {"alpha": float(value.alpha), "correction": value.correction, "min_effect": float(value.min_effect)}
        profiles = getattr(value, "profile_", None)
        profile = None if profiles is None else [_column_to_json(name, column) for name, column in profiles.items()]
        file.write(canonical_json.encode({"params": params | {"columns": columns}, "profile": profile}))

    def decode(self, file: BinaryIO, version: int) -> DriftDetector:  # noqa: ARG002 - the first version has no older ones
        """Return the detector, ready to detect."""
        from mlopskit.drift.detector import DriftDetector

        kept = canonical_json.decode(file.read())
        detector = DriftDetector(**kept["params"])
        if kept["profile"] is not None:
            detector.profile_ = dict(map(_column_from_json, kept["profile"]))
        return detector


def _column_to_json(name: str, column: ColumnProfile) -> dict[str, Any]:
    return {
        "name": name,
        "kind": column.kind,
        "grid": _grid_to_json(column.grid),
        "cells": column.reference.cells.tolist(),
        "missing": column.reference.missing,
    }


def _column_from_json(kept: dict[str, Any]) -> tuple[str, ColumnProfile]:
    import numpy as np

    from mlopskit.drift.profile import ColumnCounts, ColumnProfile

    counts = ColumnCounts(np.array(kept["cells"], dtype=np.int64), kept["missing"])
    return kept["name"], ColumnProfile(kept["kind"], _grid_from_json(kept["grid"]), counts)


def _grid_to_json(grid: Grid) -> dict[str, Any]:
    from mlopskit.drift.grids import Buckets, Knots, Labels

    match grid:
        case Knots(values=values):
            return {"knots": base64.b64encode(values.astype("<f8").tobytes()).decode()}
        case Labels(names=names):
            return {"labels": list(names)}
        case Buckets(number=number):
            return {"buckets": number}
    raise TypeError(f"a {type(grid).__qualname__} has no JSON")


def _grid_from_json(kept: dict[str, Any]) -> Grid:
    import numpy as np

    from mlopskit.drift.grids import Buckets, Knots, Labels

    if "knots" in kept:
        return Knots(np.frombuffer(base64.b64decode(kept["knots"]), dtype="<f8").astype(np.float64))
    if "labels" in kept:
        return Labels(tuple(kept["labels"]))
    return Buckets(kept["buckets"])
