"""A step that runs over many items: which they are, one call for each, and what they add up to.

Items are known by content, so equal ones are computed once, and one that was computed in an earlier run, also
one that failed or was killed halfway, is not computed again. What is known of them is kept in batches, since
a file for each of ten thousand tiny results would cost more than the results.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Any

import attrs

from mlopskit.errors import PipelineError, SerializationError, StoreError
from mlopskit.pipeline.caching.cache import Cache, Kept
from mlopskit.pipeline.caching.recipe import Recipe
from mlopskit.pipeline.running.failure import failure
from mlopskit.pipeline.running.killable import KillableProcess
from mlopskit.pipeline.running.shipping import portable
from mlopskit.pipeline.running.task import called, outputs_in
from mlopskit.pipeline.step import Step
from mlopskit.pipeline.times import counts_time
from mlopskit.storage.artifacts import ArtifactGroup, leaves
from mlopskit.storage.canonical_json import encode

FLUSH_SECONDS = 1.0
"""How much work on items a killed run may lose."""

TELL_SECONDS = 0.1


@attrs.frozen
class Item:
    """One of the items that a step runs over.

    Attributes
    ----------
    key : str
        Equal for equal items.
    argument : str
        The argument that takes it.
    value : object
        What the argument takes.
    """

    key: str
    argument: str
    value: Any


@attrs.frozen
class Items:
    """What a step runs over.

    Attributes
    ----------
    places : list of Item
        For each place in the output its item; equal items stand in several places.
    names : list of object or None
        The keys of the output, if it is a dict.
    shared : mapping of str to object
        The other arguments, which are the same for all items.
    """

    places: Sequence[Item]
    names: Sequence[Any] | None
    shared: Mapping[str, Any]

    @property
    def distinct(self) -> dict[str, Item]:
        """The items by key, each once."""
        return {item.key: item for item in self.places}


@attrs.define
class ItemsMade:
    """What came of some items.

    Attributes
    ----------
    values : dict of str to object
        What was returned, by the item's key.
    kept : dict of str to Kept
        Where it is kept, if it is.
    failures : dict of str to PipelineError
        What was raised instead.
    problem : SerializationError, StoreError or None
        Why some of it is not kept.
    """

    values: dict[str, Any] = attrs.field(factory=dict)
    kept: dict[str, Kept] = attrs.field(factory=dict)
    failures: dict[str, PipelineError] = attrs.field(factory=dict)
    problem: SerializationError | StoreError | None = None

    def add(self, other: ItemsMade) -> None:
        """Add what came of some more items."""
        self.values.update(other.values)
        self.kept.update(other.kept)
        self.failures.update(other.failures)
        self.problem = self.problem or other.problem


def items_of(step: Step, arguments: Mapping[str, Any], digest: Callable[[Any], str] | None = None) -> Items:
    """Find out what a step is to run over.

    Parameters
    ----------
    step : Step
    arguments : mapping of str to object
        Of its function.
    digest : callable, optional
        Tells items apart by content; without it, they are told apart by their place.

    Raises
    ------
    PipelineError
        If what it is to run over is no list, or no frame has such a column.

    Examples
    --------
    >>> from mlopskit.pipeline.caching.recipe import digest_of
    >>> def train(depth): ...
    >>> items = items_of(Step(train, over="depth"), {"depth": [4, 6, 4]}, digest_of)
    >>> [item.value for item in items.places], len(items.distinct)
    ([4, 6, 4], 2)
    """
    over = str(step.over)
    if over not in step.arguments:
        return _rows_by_value(step, over, arguments, digest)
    values, shared = arguments[over], {name: value for name, value in arguments.items() if name != over}
    if isinstance(values, Mapping):
        return Items(_places(over, values.values(), digest), list(values), shared)
    if isinstance(values, str | bytes | set | frozenset) or hasattr(values, "columns") or not _is_list(values):
        raise PipelineError(
            f"Step {step.name!r} runs over {over!r}, a {type(values).__name__}; give it a list, or a dict by name."
        )
    # The scalars of an array are taken as Python's, which are the same items as those of a list.
    plain = getattr(values, "ndim", 0) == 1 and not counts_time(values)
    return Items(_places(over, values.tolist() if plain else list(values), digest), None, shared)


def items_key(step: Step, recipe: Recipe, inputs: Mapping[str, str], items: Items) -> str:
    """Name what results of single items are found by: all that goes into each but the item itself."""
    argument = items.places[0].argument if items.places else step.over
    parameters = {name: digest for name, digest in recipe.parameters.items() if name != argument}
    shared = {name: digest for name, digest in inputs.items() if name != argument}
    return hashlib.sha256(encode(["items", recipe.code.digest, step.over, parameters, shared])).hexdigest()


@attrs.frozen
class ItemsTask:
    """Calls of a step's function, one for each of some items.

    Attributes
    ----------
    step : Step
        Whose function it is.
    arguments : mapping of str to object
        What all calls share.
    items : sequence of Item
        Distinct ones.
    key : str
        What results are found by, see `items_key`; empty if they are not to be kept.
    tell : callable or None
        Called with the number of items done, now and then.
    """

    step: Step
    arguments: Mapping[str, Any]
    items: Sequence[Item]
    key: str
    tell: Callable[[int], None] | None = None

    def make(self, cache: Cache) -> ItemsMade:
        """Call the function for each item; go on after one that fails."""
        made = ItemsMade()
        book = _Book(self.key, cache)
        told = time.monotonic()
        with KillableProcess() as process:
            for count, item in enumerate(self.items, start=1):
                self._make_one(item, made, book, process)
                if self.tell is not None and time.monotonic() - told > TELL_SECONDS:
                    self.tell(count)
                    told = time.monotonic()
        book.close()
        made.problem = book.problem
        return made

    def _make_one(self, item: Item, made: ItemsMade, book: _Book, process: KillableProcess) -> None:
        arguments = {**self.arguments, item.argument: item.value}
        try:
            value = called(self.step, arguments, process)
            outputs_in(self.step, value)
        except Exception as error:  # noqa: BLE001 - the others are made all the same
            made.failures[item.key] = failed = failure(self.step, arguments, error)
            failed.__cause__ = error
            return
        made.values[item.key] = value
        if (kept := book.keep(item.key, value)) is not None:
            made.kept[item.key] = kept

    def make_away(self, cache: Cache) -> ItemsMade:
        """Make them in another process: values stay on the store if they are there."""
        made = self.make(cache)
        return attrs.evolve(
            made,
            values={key: value for key, value in made.values.items() if key not in made.kept},
            failures={key: portable(error) for key, error in made.failures.items()},
        )

    def with_values(self, exchange: Callable[[Any], Any]) -> ItemsTask:
        """Return the calls with other values for the same arguments and items."""
        return attrs.evolve(
            self,
            arguments={name: exchange(value) for name, value in self.arguments.items()},
            items=[attrs.evolve(item, value=exchange(item.value)) for item in self.items],
            tell=None,
        )

    def to_send(self, exchange: Callable[[Any], Any]) -> ItemsTask:
        """Return the same without what only this process needs."""
        return attrs.evolve(self.with_values(exchange), step=self.step.to_send())


class _Book:
    """Keeps results of items, and notes them down together, a second's worth at a time."""

    def __init__(self, key: str, cache: Cache) -> None:
        self.problem: SerializationError | StoreError | None = None
        self._key, self._cache = key, cache
        self._unwritten: dict[str, Kept] = {}
        self._written = time.monotonic()

    def keep(self, item: str, value: Any) -> Kept | None:
        if not self._key or isinstance(self.problem, StoreError):  # a full disk stays full
            return None
        try:
            kept = self._unwritten[item] = self._cache.save(value)
        except (SerializationError, StoreError) as error:
            self.problem = error
            return None
        if time.monotonic() - self._written > FLUSH_SECONDS:
            self.close()
        return kept

    def close(self) -> None:
        """Write down what is not yet."""
        unwritten, self._unwritten = self._unwritten, {}
        self._written = time.monotonic()
        try:
            if unwritten:
                self._cache.keep_items(self._key, unwritten)
        except StoreError as error:
            self.problem = error


def gathered(step: Step, items: Items, values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the values, by the items' keys, into the list or dict that the step gives as each of its outputs."""
    parts = {key: outputs_in(step, value) for key, value in values.items()}
    outputs: dict[str, Any] = {}
    for name in step.results:
        in_order = [parts[item.key][name] for item in items.places]
        outputs[name] = in_order if items.names is None else dict(zip(items.names, in_order, strict=True))
    return outputs


def group_of(items: Items, kept: Mapping[str, Kept]) -> Kept | None:
    """Name the output by where its parts lie; None if it is better kept as a whole, or can only be.

    Many small parts, which lie in the records themselves, are read sooner as one.
    """
    if not items.places or any(item.key not in kept for item in items.places):
        return None
    if items.names is not None and any(type(name) is not str for name in items.names):
        return None
    parts = [kept[item.key] for item in items.places]
    if all(leaf.content is not None for part in parts for leaf in leaves(part.artifact)):
        return None
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    container, keys = ("list", ()) if items.names is None else ("dict", tuple(items.names))
    group = ArtifactGroup(container, keys, tuple(part.artifact for part in parts))  # type: ignore[arg-type]
    return Kept(group, group.digest, names)


def _places(argument: str, values: Iterable[Any], digest: Callable[[Any], str] | None) -> list[Item]:
    return [
        Item(digest(value) if digest is not None else str(place), argument, value) for place, value in enumerate(values)
    ]


def _rows_by_value(step: Step, column: str, arguments: Mapping[str, Any], digest: Callable[[Any], str] | None) -> Items:
    frames = [name for name, value in arguments.items() if _has_column(value, column)]
    if len(frames) != 1:
        found = "several inputs have" if frames else "no input is a DataFrame that has"
        raise PipelineError(
            f"Step {step.name!r} runs over {column!r}, which is no argument of its function, and {found} such a column."
        )
    frame = arguments[frames[0]]
    try:
        groups = dict(iter(frame.groupby(column, sort=False, observed=True, dropna=False)))
    except (TypeError, ValueError):  # whose words may hold values
        raise PipelineError(
            f"Step {step.name!r} can not run over the column {column!r} of {frames[0]!r}: it comes twice, or holds "
            "lists or other values that can not be compared."
        ) from None
    shared = {name: value for name, value in arguments.items() if name != frames[0]}
    return Items(_places(frames[0], groups.values(), digest), list(groups), shared)


def _has_column(value: Any, column: str) -> bool:
    pandas = sys.modules.get("pandas")  # never imported: no value can be a frame
    return pandas is not None and isinstance(value, pandas.DataFrame) and column in value.columns


def _is_list(values: Any) -> bool:
    return isinstance(values, Sized) and isinstance(values, Iterable)
