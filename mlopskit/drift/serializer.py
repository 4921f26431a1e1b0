"""A fitted detector as JSON: its parameters and its profile, and never any code.

Version 2 keeps what a `Reference` is, column by column: the keys of the cells as differences and their counts, as
little-endian int64, counts of weighed rows as float64, compressed, in base64. The names of labels that fewer than 5
rows have are left out, so that what was planted in a few rows can not be found in the bytes; such labels are still told
apart by their digests. Version 1 was of another profile and is refused. Nothing heavy is imported before a detector
turns up.
"""

from __future__ import annotations

import base64
import sys
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from mlopskit.errors import FormatError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.storage.serializers import Serializer

if TYPE_CHECKING:
    from mlopskit.drift.cells import Cells
    from mlopskit.drift.column_profile import ColumnProfile
    from mlopskit.drift.detector import DriftDetector
    from mlopskit.drift.profile import Profile
    from mlopskit.drift.reference import Reference
    from mlopskit.drift.statistics.statistic import Statistic


class DetectorSerializer(Serializer):
    """Drift detectors, fitted or not, as canonical JSON.

    Examples
    --------
    >>> import io
    >>> from mlopskit.drift import DriftDetector
    >>> file = io.BytesIO()
    >>> DetectorSerializer().write(DriftDetector(alpha=0.01), file)
    >>> DetectorSerializer().read(io.BytesIO(file.getvalue()), version=2)
    DriftDetector(alpha=0.01, correction='bh', min_effect=0.1, columns=None)
    """

    name = "drift-detector"
    version = 2

    def accepts(self, value: object) -> bool:
        """Whether this is a detector, and not of a subclass."""
        module = sys.modules.get("mlopskit.drift.detector")
        return module is not None and type(value) is module.DriftDetector

    def encode(self, value: DriftDetector, file: BinaryIO) -> None:
        """Write parameters and reference."""
        params = {
            "alpha": float(value.alpha), "correction": value.correction, "min_effect": float(value.min_effect),
            "columns": None if value.columns is None else [str(name) for name in value.columns],
            "statistics": _statistics_to_json(value.statistics), "groups": value.groups,
            "weights": value.weights, "multivariate": _tests_to_json(value.multivariate),
        }  # fmt: skip
        reference = getattr(value, "reference_", None)
        kept = {"params": params, "reference": None if reference is None else _reference_to_json(reference)}
        file.write(canonical_json.encode(kept))

    def decode(self, file: BinaryIO, version: int) -> DriftDetector:
        """Return the detector, ready to detect."""
        from mlopskit.drift.detector import DriftDetector

        if version == 1:
            raise FormatError(
                "this drift detector is of the first format, which kept too little: fit and save it again"
            )
        kept = canonical_json.decode(file.read())
        params = kept["params"]
        plugins = {
            "statistics": _statistics_from_json(params["statistics"]),
            "multivariate": _tests_from_json(params["multivariate"]),
        }
        detector = DriftDetector(**params | plugins)
        if kept["reference"] is not None:
            detector.reference_ = _reference_from_json(kept["reference"])
        return detector


def _statistics_to_json(statistics: Any) -> Any:
    if statistics is None:
        return None
    if isinstance(statistics, Mapping):
        return {"by_name": {str(name): _statistic_to_json(each) for name, each in statistics.items()}}
    return {"all": _statistic_to_json(statistics)}


def _statistics_from_json(kept: Any) -> Any:
    if kept is None or "all" in kept:
        return kept and _statistic_from_json(kept["all"])
    return {name: _statistic_from_json(each) for name, each in kept["by_name"].items()}


def _statistic_to_json(statistic: Statistic) -> dict[str, Any]:
    from mlopskit.drift import statistics

    name = type(statistic).__name__
    if getattr(statistics, name, None) is not type(statistic):
        raise SerializationError(
            f"{name} is not one of mlopskit's statistics, and its code would not be in the file: "
            "save a detector with built-in ones, and set_params(statistics=...) after loading"
        )
    return {"class": name, "params": vars(statistic)}


def _statistic_from_json(kept: dict[str, Any]) -> Any:
    from mlopskit.drift import statistics

    if kept["class"] not in statistics.__all__:
        raise FormatError(f"there is no statistic {kept['class']!r}: it may be of a newer version of mlopskit")
    return getattr(statistics, kept["class"])(**kept["params"])


def _tests_to_json(tests: Any) -> Any:
    from mlopskit.drift.multivariate.joint_profile import DEFAULT_TESTS

    if isinstance(tests, bool):
        return tests
    for test in tests:
        if type(test) not in map(type, DEFAULT_TESTS):
            raise SerializationError(
                f"{type(test).__name__} is not one of mlopskit's tests, and its code would not be in the file: "
                "save a detector with built-in ones"
            )
    return [{"name": test.name, "params": test.get_params()} for test in tests]


def _tests_from_json(kept: Any) -> Any:
    from mlopskit.drift.multivariate.joint_profile import DEFAULT_TESTS

    if isinstance(kept, bool):
        return kept
    known = {test.name: type(test) for test in DEFAULT_TESTS}
    unknown = [each["name"] for each in kept if each["name"] not in known]
    if unknown:
        raise FormatError(f"there is no test {unknown[0]!r}: it may be of a newer version of mlopskit")
    return [known[each["name"]](**each["params"]) for each in kept]


def _reference_to_json(reference: Reference) -> dict[str, Any]:
    return {
        "profile": _profile_to_json(reference.profile),
        "usual": dict(reference.usual),
        "time": reference.time,
        "season": reference.season,
        "by_season": [[season, _profile_to_json(profile)] for season, profile in reference.by_season.items()],
        "slices": reference.slices,
        "by_slice": [[value, _profile_to_json(profile)] for value, profile in reference.by_slice.items()],
        "joint": None if reference.joint is None else reference.joint.to_json(),
    }


def _reference_from_json(kept: dict[str, Any]) -> Reference:
    from mlopskit.drift.multivariate.joint_profile import JointProfile
    from mlopskit.drift.reference import Reference

    by_season = {season: _profile_from_json(profile) for season, profile in kept["by_season"]}
    by_slice = {value: _profile_from_json(profile) for value, profile in kept["by_slice"]}
    profile = _profile_from_json(kept["profile"])
    joint = None if kept["joint"] is None else JointProfile.from_json(kept["joint"])
    return Reference(profile, kept["usual"], kept["time"], kept["season"], by_season, kept["slices"], by_slice, joint)


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    columns = [{"name": name, **_column_to_json(column)} for name, column in profile.columns.items()]
    groups = [[key, _profile_to_json(group)] for key, group in profile.groups.items()]
    weighed = {"weight": profile.weight, "squares": profile.squares}
    return {"rows": profile.rows, "columns": columns, "groups": groups} | weighed


def _profile_from_json(kept: dict[str, Any]) -> Profile:
    from mlopskit.drift.profile import Profile

    columns = {each["name"]: _column_from_json(each) for each in kept["columns"]}
    groups = {key: _profile_from_json(group) for key, group in kept["groups"]}
    return Profile(columns, kept["rows"], kept["weight"], kept["squares"], groups)


def _column_to_json(column: ColumnProfile) -> dict[str, Any]:
    from mlopskit.drift.picture import LEAST_NAMED

    counts = dict(zip(column.cells.keys.tolist(), column.cells.counts.tolist(), strict=True))
    names = [[key, name] for key, name in column.names.items() if counts[key] >= LEAST_NAMED]
    return {
        "kind": column.kind, "missing": column.missing, "cells": _cells_to_json(column.cells), "names": names,
        "lengths": _cells_to_json(column.label_lengths),
    }  # fmt: skip


def _column_from_json(kept: dict[str, Any]) -> ColumnProfile:
    from mlopskit.drift.column_profile import ColumnProfile

    return ColumnProfile(
        kept["kind"], _cells_from_json(kept["cells"]), kept["missing"],
        names=dict(map(tuple, kept["names"])), lengths=_cells_from_json(kept["lengths"]),
    )  # fmt: skip


def _cells_to_json(cells: Cells) -> dict[str, Any]:
    import numpy as np

    steps = np.diff(cells.keys, prepend=np.int64(0))  # wraps around where a key is far below zero; so does the way back
    return {
        "keys": _packed(steps), "counts": _packed(cells.counts), "dropped": cells.dropped, "limit": cells.limit,
        "weighed": cells.counts.dtype.kind == "f",
    }  # fmt: skip


def _cells_from_json(kept: dict[str, Any]) -> Cells:
    import numpy as np

    from mlopskit.drift.cells import Cells

    keys = np.cumsum(_unpacked(kept["keys"]))
    counts = _unpacked(kept["counts"], "<f8" if kept["weighed"] else "<i8")
    return Cells(keys, counts, kept["dropped"], kept["limit"])


def _packed(numbers: Any) -> str:
    return base64.b64encode(zlib.compress(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())).decode()


def _unpacked(text: str, dtype: str = "<i8") -> Any:
    import numpy as np

    numbers = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype)
    return numbers.astype(numbers.dtype.newbyteorder("="))
