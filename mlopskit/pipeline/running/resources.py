"""`Resources`: a budget, such as of GPUs or memory, that running steps share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from mlopskit.errors import PipelineError
from mlopskit.pipeline.step import Step


class Resources:
    """What is left of a budget.

    Parameters
    ----------
    budget : mapping of str to float
        How much there is of each; of what it does not name there is enough.
    steps : iterable of Step
        The steps that are to share it.

    Raises
    ------
    PipelineError
        If a step takes more than there is.

    Examples
    --------
    >>> step = Step(print, name="train", resources={"gpu": 1})
    >>> resources = Resources({"gpu": 1}, [step])
    >>> resources.take(step), resources.take(step)
    (True, False)
    """

    def __init__(self, budget: Mapping[str, float], steps: Iterable[Step]) -> None:
        self._budget = {resource: _exact(amount) for resource, amount in budget.items()}
        self._taken = dict.fromkeys(self._budget, Decimal(0))
        for step in steps:
            for resource, amount in self._counted(step).items():
                if amount > self._budget[resource]:
                    raise PipelineError(
                        f"Step {step.name!r} takes {amount:f} of {resource!r}, and run(resources=...) has "
                        f"{self._budget[resource]:f}."
                    )

    def take(self, step: Step) -> bool:
        """Take what a step needs, if all of it is left."""
        needs = self._counted(step)
        if any(self._taken[resource] + amount > self._budget[resource] for resource, amount in needs.items()):
            return False
        for resource, amount in needs.items():
            self._taken[resource] += amount
        return True

    def give_back(self, step: Step) -> None:
        """Return what a step took."""
        for resource, amount in self._counted(step).items():
            self._taken[resource] -= amount

    def _counted(self, step: Step) -> dict[str, Decimal]:
        return {name: _exact(amount) for name, amount in step.resources.items() if name in self._budget}


def _exact(amount: float) -> Decimal:
    """Take the number as it is written: ten times 0.1 are to fit into 1, and all of it to come back."""
    return Decimal(str(amount))
