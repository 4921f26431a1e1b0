"""The scalars that stand in cells, labels and names, as JSON that tells their exact types apart.

What JSON has (None, bool, int, float, str) stands for itself. Everything else is a list that starts with a tag:
``["decimal", "1.10"]``. Since a list that the user wrote is tagged as well, no value can be mistaken for another.
"""

from __future__ import annotations

import datetime as dt
import decimal
import zoneinfo
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from mlopskit.errors import DamagedError, SerializationError
from mlopskit.storage.serializers.arrays import NumpyScalarSerializer

_PLAIN = frozenset({type(None), bool, int, float, str})


def cell_to_json(cell: object) -> Any:
    """Return the JSON value for a cell; a `SerializationError` says that there is none."""
    kind = type(cell)
    if kind in _PLAIN:
        return cell
    if kind in _ENCODERS:
        tag, encode = _ENCODERS[kind]
        return [tag, *encode(cell)]
    if NumpyScalarSerializer().accepts(cell):
        array = np.asarray(cell)
        return ["numpy", array.dtype.str, _to_base64(array.tobytes())]
    raise SerializationError(f"a cell or label of type {kind.__module__}.{kind.__qualname__} can not be kept exactly")


def cell_from_json(value: Any) -> Any:
    """Return the cell for a JSON value."""
    if type(value) in _PLAIN:
        return value
    tag, *content = value
    if tag not in _DECODERS:
        raise DamagedError("a cell has an unknown tag: restore the file from a copy, or upgrade mlopskit")
    return _DECODERS[tag](*content)


def timezone_to_json(zone: dt.tzinfo | None) -> list[Any]:
    """Return the JSON value for a time zone; a `SerializationError` says that there is none."""
    if zone is None:
        return []
    if type(zone) is dt.timezone:
        return ["offset", *_timezone_arguments(zone)]
    if type(zone) is zoneinfo.ZoneInfo and zone.key and zoneinfo.ZoneInfo(zone.key) is zone:
        return ["zoneinfo", zone.key]
    if type(zone).__module__.startswith("pytz") and (name := getattr(zone, "zone", None)):
        return ["pytz", name]
    raise SerializationError(f"a time zone of type {type(zone).__module__}.{type(zone).__qualname__} can not be kept")


def timezone_from_json(value: list[Any]) -> dt.tzinfo | None:
    """Return the time zone for a JSON value."""
    match value:
        case []:
            return None
        case ["offset", 0]:
            return dt.UTC
        case ["offset", microseconds, *name]:
            return dt.timezone(dt.timedelta(microseconds=microseconds), *name)
        case ["zoneinfo", key]:
            return zoneinfo.ZoneInfo(key)
        case ["pytz", name]:
            return _pytz_zone(name)
    raise DamagedError("a time zone is of an unknown kind: restore the file from a copy, or upgrade mlopskit")


def _timezone_arguments(zone: dt.timezone) -> list[Any]:
    # A name is only told apart from the default one by what timezone would be constructed with.
    offset, *name = zone.__getinitargs__()  # type: ignore[attr-defined]
    return [offset // dt.timedelta(microseconds=1), *name]


def _pytz_zone(name: str) -> dt.tzinfo:
    # The default of pandas 2.2; where it is no longer installed the standard library knows the same zones
    try:
        import pytz  # type: ignore[import-untyped]
    except ImportError:
        return dt.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    zone: dt.tzinfo = pytz.timezone(name)
    return zone


def _to_base64(data: bytes) -> str:
    return b64encode(data).decode()


def _items_to_json(items: Any) -> list[Any]:
    return [cell_to_json(item) for item in items]


def _items_from_json(items: Iterable[Any]) -> list[Any]:
    return [cell_from_json(item) for item in items]


def _datetime_to_json(moment: dt.datetime) -> list[Any]:
    return [moment.replace(tzinfo=None, fold=0).isoformat(), moment.fold, timezone_to_json(moment.tzinfo)]


def _datetime_from_json(text: str, fold: int, zone: list[Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=timezone_from_json(zone), fold=fold)


def _time_from_json(text: str, fold: int, zone: list[Any]) -> dt.time:
    return dt.time.fromisoformat(text).replace(tzinfo=timezone_from_json(zone), fold=fold)


def _timestamp_from_json(value: int, unit: str, zone: list[Any]) -> pd.Timestamp:
    moment = pd.Timestamp(np.datetime64(value, unit))  # type: ignore[call-overload]
    return moment.tz_localize("UTC").tz_convert(timezone_from_json(zone)) if zone else moment


def _numpy_from_json(dtype: str, data: str) -> Any:
    return np.frombuffer(b64decode(data), np.dtype(dtype))[0]


_Encoder = Callable[[Any], Any]
_KINDS: list[tuple[str, type, _Encoder, Callable[..., Any]]] = [
    ("NA", type(pd.NA), lambda _: [], lambda: pd.NA),
    ("NaT", type(pd.NaT), lambda _: [], lambda: pd.NaT),
    ("bytes", bytes, lambda cell: [_to_base64(cell)], b64decode),
    ("complex", complex, lambda cell: [cell.real, cell.imag], complex),
    ("decimal", decimal.Decimal, lambda cell: [str(cell)], decimal.Decimal),
    ("date", dt.date, lambda cell: [cell.isoformat()], dt.date.fromisoformat),
    ("time", dt.time, _datetime_to_json, _time_from_json),
    ("datetime", dt.datetime, _datetime_to_json, _datetime_from_json),
    ("timedelta", dt.timedelta, lambda cell: [cell.days, cell.seconds, cell.microseconds], dt.timedelta),
    (
        "Timestamp",
        pd.Timestamp,
        lambda cell: [int(cell.asm8.view("i8")), cell.unit, timezone_to_json(cell.tz)],
        _timestamp_from_json,
    ),
    (
        "Timedelta",
        pd.Timedelta,
        lambda cell: [int(cell.asm8.view("i8")), cell.unit],
        lambda value, unit: pd.Timedelta(np.timedelta64(value, unit)),
    ),
    (
        "Period",
        pd.Period,
        lambda cell: [cell.ordinal, cell.freqstr],
        lambda ordinal, freq: pd.Period(ordinal=ordinal, freq=freq),
    ),
    (
        "Interval",
        pd.Interval,
        lambda cell: [cell_to_json(cell.left), cell_to_json(cell.right), cell.closed],
        lambda left, right, closed: pd.Interval(cell_from_json(left), cell_from_json(right), closed),
    ),
    ("tuple", tuple, _items_to_json, lambda *items: tuple(_items_from_json(items))),
    ("list", list, _items_to_json, lambda *items: _items_from_json(items)),
    (
        "dict",
        dict,
        lambda cell: [[cell_to_json(key), cell_to_json(item)] for key, item in cell.items()],
        lambda *pairs: {cell_from_json(key): cell_from_json(item) for key, item in pairs},
    ),
]
_ENCODERS = {kind: (tag, encode) for tag, kind, encode, _ in _KINDS}
_DECODERS = {tag: decode for tag, _, _, decode in _KINDS} | {"numpy": _numpy_from_json}
