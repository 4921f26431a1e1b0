"""Checks as JSON text that reads well in a diff: one check a line.

Format 1: ``{"format": 1, "checks": [{"check": "Between", "column": "distance", "low": 0, "high": 6000, ...}]}``.
A date among the parameters is ``{"time": "2013-01-01T00:00:00"}``. When the format changes, raise `_FORMAT` and keep
reading the old one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs
import pandas as pd

from mlopskit.errors import FormatError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.validation.checks.approval import Approvals, CardComplete
from mlopskit.validation.checks.calibration import Calibrated
from mlopskit.validation.checks.champion import BetterThanChampion
from mlopskit.validation.checks.check import Check
from mlopskit.validation.checks.columns import Between, Compare, Matches, NotNull, OneOf
from mlopskit.validation.checks.frames import HasColumns, RowCount, Unique
from mlopskit.validation.checks.latency import MaxLatency
from mlopskit.validation.checks.models import MinScore
from mlopskit.validation.checks.slices import NoWorseSlice

_FORMAT = 1
_BUILT_IN: dict[str, type[Check]] = {
    kind.__name__: kind
    for kind in (Approvals, BetterThanChampion, Between, Calibrated, CardComplete, Compare, HasColumns, Matches,
                 MaxLatency, MinScore, NoWorseSlice, NotNull, OneOf, RowCount, Unique)
}  # fmt: skip


def to_json(checks: Iterable[Check]) -> str:
    """Write checks down; see `Validator.to_json`."""
    lines = ",".join(f"\n  {_to_line(check)}" for check in checks)
    return f'{{"format": {_FORMAT}, "checks": [{lines}\n]}}\n'


def from_json(text: str) -> list[Check]:
    """Read checks back; see `Validator.from_json`."""
    document = canonical_json.decode(text.encode())
    if not isinstance(document, dict) or not isinstance(document.get("checks"), list):
        raise FormatError('this is not a validator: expected an object with "format" and "checks"')
    if document.get("format") != _FORMAT:
        raise FormatError(f"this validator is not of format {_FORMAT}; upgrade mlopskit if it is newer")
    return [_from_object(check, place) for place, check in enumerate(document["checks"], start=1)]


def _to_line(check: Check) -> str:
    kind = type(check)
    if _BUILT_IN.get(kind.__name__) is not kind:
        raise SerializationError(
            f"{kind.__name__} is not a built-in check and has no JSON; add it in code: "
            f"Validator.from_json(text) + [{kind.__name__}(...)]"
        )
    names = sorted((field.name for field in attrs.fields(kind)), key="severity".__eq__)  # that one last
    written = {"check": kind.__name__, **{name: _to_parameter(getattr(check, name)) for name in names}}
    strict = canonical_json.encode(written, sort_keys=False)
    return json.dumps(json.loads(strict), ensure_ascii=False)


def _from_object(written: Any, place: int) -> Check:
    parameters = dict(written) if isinstance(written, dict) else {}
    name = parameters.pop("check", None)
    if not isinstance(name, str) or name not in _BUILT_IN:
        raise FormatError(f"check {place} is none of the built-in ones: {', '.join(_BUILT_IN)}")
    try:
        values = {parameter: _from_parameter(value) for parameter, value in parameters.items()}
        return _BUILT_IN[name](*values.pop("columns", ()), **values)
    except (TypeError, ValueError, KeyError) as error:
        raise FormatError(f"check {place}, {name}, has parameters that it can not take: {error}") from error


def _to_parameter(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_parameter(item) for item in value]
    return {"time": value.isoformat()} if isinstance(value, pd.Timestamp) else value


def _from_parameter(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_parameter(item) for item in value]
    return pd.Timestamp(value["time"]) if isinstance(value, dict) else value
