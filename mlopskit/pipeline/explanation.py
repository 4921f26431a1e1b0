"""`Explanation`: why a step would run, or not: what has changed since it last ran.

Every run that made something notes what each of its steps was made of: a digest of each piece of code
and each value that its code reads, of its parameters and its inputs. Two such notes tell what has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.pipeline.caching.recipe import Recipe
from mlopskit.pipeline.step import Step
from mlopskit.records.event import StepFinished

if TYPE_CHECKING:
    from mlopskit.pipeline.running.execution import Execution

_ANEW = " would be made anew"


@attrs.frozen(repr=False)
class Explanation:
    """Why a step would run, or not.

    Attributes
    ----------
    step : str
        Its name.
    runs : bool
        Whether it would.
    changes : tuple of str
        What has changed since the pipeline's last run, a few words each.
    reason : str
        All in one sentence.
    upstream : tuple of Explanation
        The same of the steps that it needs and that would run.

    Examples
    --------
    >>> print(Explanation("model", True, ("function features.clean changed",), "function features.clean changed"))
    'model' would run: function features.clean changed
    """

    step: str
    runs: bool
    changes: tuple[str, ...]
    reason: str
    upstream: tuple[Explanation, ...] = ()

    def __str__(self) -> str:
        own, *others = self._with_all_upstream().values()
        return "\n".join([own.sentence, *(f"  {each.sentence}" for each in others)])

    def __repr__(self) -> str:
        return f"<Explanation {self}>"

    @property
    def sentence(self) -> str:
        """The verdict on this step alone."""
        return f"{self.step!r} {'would run' if self.runs else 'would come from the cache'}: {self.reason}"

    def _with_all_upstream(self) -> dict[str, Explanation]:
        """Return this and all upstream, each step once, the nearest first."""
        found, waiting = {self.step: self}, [*self.upstream]
        while waiting:
            each = waiting.pop(0)
            if each.step not in found:
                found[each.step] = each
                waiting.extend(each.upstream)
        return found

    def _repr_html_(self) -> str:
        from mlopskit.markup import element, fragment

        return fragment(element("pre", str(self)))


def note_of(recipes: Mapping[str, Recipe], finished: Mapping[str, StepFinished]) -> dict[str, dict[str, Any]]:
    """Note what steps were made of, JSON-able, by their names."""
    return {
        name: {
            "code": dict(recipe.code.parts),
            "parameters": dict(recipe.parameters),
            "inputs": {each: digest for each, digest in finished[name].inputs.items() if each not in recipe.parameters},
            "shown": dict(recipe.shown),
        }
        for name, recipe in recipes.items()
        if name in finished and finished[name].status in ("done", "cached")
    }


def changes_between(before: Mapping[str, Any], recipe: Recipe, inputs: Mapping[str, str | None]) -> list[str]:
    """Say what has changed since a note was made.

    Parameters
    ----------
    before : mapping
        What `note_of` gave for the step.
    recipe : Recipe
        What the step is made of now.
    inputs : mapping of str to str or None
        The digest of each input; None for one that has to be made first.
    """
    return [
        *_code_changes(before["code"], recipe.code.parts),
        *_parameter_changes(before, recipe),
        *_input_changes(before["inputs"], inputs),
    ]


def _code_changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in before:
            yield f"{name} is new"
        elif name not in now:
            yield f"{name} is gone"
        elif before[name] != now[name]:
            versions = f": {before[name]}, now {now[name]}" if name.startswith("package ") else ""
            yield f"{name} changed{versions}"


def _parameter_changes(before: Mapping[str, Any], recipe: Recipe) -> Iterator[str]:
    known, shown = before["parameters"], before["shown"]
    for name in sorted({*known, *recipe.parameters}):
        if name not in known:
            yield f"parameter {name} is new"
        elif name not in recipe.parameters:
            yield f"parameter {name} is gone"
        elif known[name] != recipe.parameters[name]:
            both = name in shown and name in recipe.shown
            yield f"parameter {name} changed" + (f": {shown[name]!r}, now {recipe.shown[name]!r}" if both else "")


def _input_changes(before: Mapping[str, str], now: Mapping[str, str | None]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in before:
            yield f"input {name} is new"
        elif name not in now:
            yield f"input {name} is gone"
        elif now[name] is None:
            yield f"input {name}{_ANEW}"
        elif before[name] != now[name]:
            yield f"input {name} changed"


def explain(run: Execution, name: str, steps: Iterable[Step], target: str) -> Explanation:
    """Say why a step would run, or not, without running anything.

    Parameters
    ----------
    run : Execution
        A run that has not begun.
    name : str
        The pipeline's name.
    steps : iterable of Step
        The target and what it needs, in order.
    target : str
        The step in question.
    """
    notes = run.cache.last(name).get("steps", {})
    explained: dict[str, Explanation] = {}
    for step in steps:
        sources = [explained[source] for source in sorted(run.graph.sources[step.name]) if source in explained]
        stale = tuple(source for source in sources if source.runs)
        explained[step.name] = _explained(run, step, notes.get(step.name), stale)
    return explained[target]


def _explained(
    run: Execution, step: Step, note: Mapping[str, Any] | None, stale: tuple[Explanation, ...]
) -> Explanation:
    if not step.cache:
        return Explanation(step.name, True, (), "it runs every time, as Step(..., cache=False) says", stale)
    recipe = run.recipe(step)
    if recipe is None:
        return Explanation(step.name, True, (), "whether it has changed can not be told; see the warning", stale)
    needs = {each: output for each, output in run.graph.needs[step.name].items() if each not in step.ignore}
    inputs = {each: run.outputs.digest(output) if output in run.outputs else None for each, output in needs.items()}
    changes = tuple(changes_between(note, recipe, inputs)) if note else ()
    known = {each: digest for each, digest in inputs.items() if digest is not None}
    entry = run.cache.find(recipe.key(known), step.name) if len(known) == len(inputs) else None
    if entry is not None:
        run.outputs.add_kept(entry.outputs)
        same = "an earlier run had the same" if changes else "nothing it depends on has changed"
        return Explanation(step.name, False, changes, "; ".join([same, *changes]))
    return Explanation(step.name, True, changes, _reason(note, changes), stale)


def _reason(note: Mapping[str, Any] | None, changes: tuple[str, ...]) -> str:
    if note is None:
        return "it is not known from the last run"
    if not changes:
        return "nothing it depends on has changed, but its output is not in the cache"
    known = [change for change in changes if not change.endswith(_ANEW)]
    anew = [change.removesuffix(_ANEW).removeprefix("input ") for change in changes if change.endswith(_ANEW)]
    if anew:
        several = len(anew) > 1
        said = f"its input{'s' if several else ''} {', '.join(anew)}{_ANEW}"
        known.append(said if known else f"{said}, and may be as {'they were' if several else 'it was'}")
    return "; ".join(known)
