"""Frozen records to JSON-able values and back; the bytes are made by `mlopskit.storage.canonical_json`."""

from __future__ import annotations

from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from mlopskit.errors import FormatError, SerializationError
from mlopskit.records.report import CheckResult

_T = TypeVar("_T")
_CONVERTER = cattrs.Converter(forbid_extra_keys=False)  # a newer writer may have added a field


def _labels_to_json(labels: tuple[Any, ...]) -> list[Any]:
    return [_label_to_json(label) for label in labels]


def _label_to_json(label: Any) -> Any:
    """Keep a label's type, such as that of a moment; one of a kind that has no JSON is kept as text."""
    from mlopskit.storage.serializers.cells import cell_to_json

    try:
        return cell_to_json(label)
    except SerializationError:
        return str(label)


def _labels_from_json(written: list[Any], _kind: Any) -> tuple[Any, ...]:
    from mlopskit.storage.serializers.cells import cell_from_json

    return tuple(map(cell_from_json, written))


_CONVERTER.register_unstructure_hook(
    CheckResult,
    make_dict_unstructure_fn(
        CheckResult, _CONVERTER, labels=override(omit_if_default=True, unstruct_hook=_labels_to_json)
    ),
)
_CONVERTER.register_structure_hook(
    CheckResult, make_dict_structure_fn(CheckResult, _CONVERTER, labels=override(struct_hook=_labels_from_json))
)


def to_json(record: Any) -> dict[str, Any]:
    """Turn a frozen record into dicts, lists and scalars.

    Parameters
    ----------
    record : attrs instance
        Its fields are scalars, dicts, tuples or other records.

    Examples
    --------
    >>> from mlopskit.records.report import CheckResult
    >>> to_json(CheckResult("not_null", "passed", rows=10))["status"]
    'passed'
    """
    value: dict[str, Any] = _CONVERTER.unstructure(record)
    return value


def from_json(kind: type[_T], value: dict[str, Any]) -> _T:
    """Turn what `to_json` gave back into a record of that kind.

    Raises
    ------
    FormatError
        If a field is missing or of another type.
    """
    try:
        return _CONVERTER.structure(value, kind)
    except Exception as error:  # cattrs gathers its errors in groups of its own
        fields = ", ".join(field.name for field in attrs.fields(kind))  # type: ignore[arg-type]
        raise FormatError(f"this is not a {kind.__name__}: expected the fields {fields}") from error
