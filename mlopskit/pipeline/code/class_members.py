"""What a class is made of, as far as it counts for what its instances do."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

_WRITING = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__orig_bases__", "__parameters__",
    "__type_params__",
}  # fmt: skip
"""Members that say how a class is written; annotations and bases are looked at by themselves."""

_DERIVED = {
    "__abstractmethods__", "_abc_impl", "__slotnames__", "__dataclass_params__", "__signature__",
    "__pydantic_complete__", "__pydantic_core_schema__", "__pydantic_fields_complete__",
    "__pydantic_generic_metadata__", "__pydantic_parent_namespace__", "__pydantic_serializer__",
    "__pydantic_setattr_handlers__", "__pydantic_validator__",
}  # fmt: skip
"""Members that follow from the rest; some name memory addresses, or change while the class is used."""

_DERIVED_OF_ENUM = {"_value2member_map_", "_unhashable_values_", "_hashable_values_", "_unhashable_values_map_"}
"""The same of enumerations: those of flags grow as combinations are asked for."""

_PLAIN = {str, int, float, bool, type(None)}
_GENERATED = ("__create_fn__.<locals>.", "_recursive_repr.<locals>.", "_ClassBuilder._make_getstate_setstate.<locals>.")
_MISSING = (attrs.NOTHING, dataclasses.MISSING)
_ATTRS_SLOTS = vars(attrs.Attribute)["__slots__"]
_DATACLASS_SLOTS = [slot for slot in vars(dataclasses.Field)["__slots__"] if slot != "_field_type"]


def members_of(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield name and content of what a class defines itself and that counts, in order of the names.

    Examples
    --------
    >>> class Model:
    ...     "A docstring is not among them."
    ...     limit = 3
    ...     def fit(self): ...
    >>> [name for name, content in members_of(Model)]
    ['fit', 'limit']
    """
    left_out = _WRITING | _DERIVED | (_DERIVED_OF_ENUM if isinstance(kind, enum.EnumMeta) else set())
    for name, content in sorted(vars(kind).items()):
        if name not in left_out:
            yield name, _options(content) if name == "__pydantic_decorators__" else content


def _options(decorators: Any) -> dict[str, dict[str, Any]]:
    """Return how the methods of a pydantic model validate or serialize; the rest names its memory address."""
    groups = {field.name: getattr(decorators, field.name) for field in dataclasses.fields(decorators)}
    return {name: {method: each.info for method, each in group.items()} for name, group in groups.items()}


def functions_in(member: Any) -> list[Any] | None:
    """Take a descriptor apart that holds functions; None if it is none.

    Examples
    --------
    >>> functions_in(staticmethod(len))
    [<built-in function len>]
    """
    if isinstance(member, staticmethod | classmethod):
        return [member.__func__]
    if isinstance(member, property):
        return [member.fget, member.fset, member.fdel]
    if isinstance(member, functools.cached_property):
        return [member.func]
    if isinstance(member, functools.partialmethod):
        return [member.func, member.args, member.keywords]
    if isinstance(member, functools.singledispatchmethod):
        return [member.func, member.dispatcher]
    return None


def is_generated(member: Any) -> bool:
    """Whether a method was written by attrs or `dataclasses`, and so follows from the fields.

    That of attrs for a frozen class has a number in it that differs from process to process.

    Examples
    --------
    >>> import attrs
    >>> Point = attrs.make_class("Point", ["x", "y"])
    >>> is_generated(Point.__init__), is_generated(is_generated)
    (True, False)
    """
    if not isinstance(member, types.FunctionType):
        return False
    code = member.__code__
    return code.co_filename.startswith("<attrs generated ") or code.co_qualname.startswith(_GENERATED)


def fields_in(name: str, member: Any) -> tuple[str, list[Any]] | None:
    """Say what the fields of an attrs class or a dataclass are made of; None if a member does not hold them.

    Returns
    -------
    tuple of str and list
        What is plain, written out, since a field has some fifteen such attributes; and the other values.

    Examples
    --------
    >>> import attrs
    >>> Point = attrs.make_class("Point", {"x": attrs.field(type=len)})
    >>> text, values = fields_in("__attrs_attrs__", attrs.fields(Point))
    >>> text[:20], values
    ("['x', NotImplemented", [<built-in function len>])
    """
    if name == "__attrs_attrs__":
        fields, slots = member, _ATTRS_SLOTS
    elif name == "__dataclass_fields__":
        fields, slots = member.values(), _DATACLASS_SLOTS
    else:
        return None
    values = [getattr(field, slot) for field in fields for slot in slots]
    plain = list(map(_plain, values))
    return repr(plain), [value for value, said in zip(values, plain, strict=True) if said is ...]


def _plain(value: Any) -> Any:
    """Return what says the same as a value and can be written out; an ellipsis if nothing does."""
    if type(value) in _PLAIN:
        return value
    if any(value is each for each in _MISSING):
        return NotImplemented
    if isinstance(value, type) and value.__module__ == "builtins":
        return (value.__qualname__,)
    return () if isinstance(value, types.MappingProxyType) and not value else ...


def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the annotations of a class, which decorators and base classes may make something of.

    Examples
    --------
    >>> class Point:
    ...     x: int
    >>> list(hints_of(Point))
    ['x']
    """
    try:
        return inspect.get_annotations(kind)
    except Exception:  # noqa: BLE001 - since Python 3.14 they are evaluated only now
        return {}
