"""Checks as JSON text that reads well in a diff: one check a line.

Format 1: ``{"format": 1, "checks": [{"check": "Between", "column": "distance", "low": 0, "high": 6000, ...}]}``.
A date among the parameters is ``{"time": "2013-01-01T00:00:00"}``, a span of time ``{"span": "0 days 01:00:00"}``. A
parameter that takes several things is a list; any other tuple is one thing, such as the label of a column of several
levels: ``{"tuple": ["delay", "mean"]}``. When the format changes, raise `_FORMAT` and keep reading the old one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs
import pandas as pd

from mlopskit.errors import FormatError, SerializationError
from mlopskit.storage import canonical_json
from mlopskit.validation import checks as built_in
from mlopskit.validation.checks.check import Check

_FORMAT = 1
_BUILT_IN: dict[str, type[Check]] = {
    name: getattr(built_in, name)
    for name in (
        "Approvals", "BetterThanChampion", "BetterThanDummy", "Between", "Calibrated", "CardComplete", "Cardinality",
        "Compare", "Correlation", "DemographicParity", "Determines", "Deterministic", "EqualOpportunity",
        "Expression", "Finite", "Fresh", "HasColumns", "HasDtype", "InTimeZone", "IsKind", "Length", "Matches",
        "MaxLatency", "MaxOverfit", "MaxSize", "Mean", "MinScore", "Monotonic", "NoDuplicateRows",
        "NoDuplicatesAcross", "NoGaps", "NoGroupLeakage", "NoLeakage", "NoTimeLeakage", "NoWeakSlice", "NoWorseSlice",
        "NotBlank", "NotNull", "NotOneOf", "OneOf", "Quantile", "RobustTo", "RowByRow", "RowCount", "Share",
        "SingleFeaturePower", "StablePredictions", "StandardDeviation", "SumsTo", "SurvivesRoundTrip", "Unique",
    )
}  # fmt: skip
_NO_JSON = {
    "Directional": "a function", "Invariant": "a function", "PerGroup": "a check", "References": "data",
    "ReportPassed": "a report", "Satisfies": "a function", "When": "checks",
}  # fmt: skip
"""Checks that are built in, but hold something that has no JSON."""


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
    name = kind.__name__
    if _BUILT_IN.get(name) is not kind:
        holds = _NO_JSON[name] if getattr(built_in, name, None) is kind and name in _NO_JSON else ""
        why = f"holds {holds}, which has no JSON" if holds else "is not a built-in check and has no JSON"
        raise SerializationError(f"{name} {why}; add it in code: Validator.from_json(text) + [{name}(...)]")
    fields = sorted(attrs.fields(kind), key=lambda field: (field.name == "severity", field.kw_only))  # that one last
    written = {"check": name}
    written |= {each.name: _field_of(check, each) for each in fields if not _is_usual(check, each)}
    strict = canonical_json.encode(written, sort_keys=False)
    return json.dumps(json.loads(strict), ensure_ascii=False)


def _is_usual(check: Check, field: Any) -> bool:
    """Whether an option is as it is when nothing is said; the severity is written all the same."""
    return bool(field.kw_only and field.name != "severity" and getattr(check, field.name) == field.default)


def _field_of(check: Check, field: Any) -> Any:
    value = getattr(check, field.name)
    takes_several = str(field.type).startswith("tuple[")
    return [_to_parameter(item) for item in value] if takes_several else _to_parameter(value)


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
        return {"tuple": [_to_parameter(item) for item in value]}
    if isinstance(value, pd.Timedelta):
        return {"span": str(value)}
    return {"time": value.isoformat()} if isinstance(value, pd.Timestamp) else value


def _from_parameter(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_parameter(item) for item in value]
    if isinstance(value, dict) and "tuple" in value:
        return tuple(_from_parameter(value["tuple"]))
    if isinstance(value, dict) and "span" in value:
        return pd.Timedelta(value["span"])
    return pd.Timestamp(value["time"]) if isinstance(value, dict) else value
