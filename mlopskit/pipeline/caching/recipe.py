"""`Recipe`: what decides a step's output, beside the outputs of other steps; and the key that both make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from mlopskit.pipeline.code import Code, code_of
from mlopskit.pipeline.step import Step
from mlopskit.storage.fingerprint.walk import seal

FORMAT = b"recipe-2"
"""Raise it when the key changes: what was kept before is then no longer found."""


_SHOWN = (bool, int, float, type(None))


@attrs.frozen
class Recipe:
    """What a step is made of before its inputs are known.

    Attributes
    ----------
    code : Code
        Of the function, its checks, and what it was said to depend on.
    parameters : mapping of str to str
        Digest of each argument that no other step fills, defaults included.
    digest : str
        Of both.
    shown : mapping of str to number, bool or None
        The parameters whose values may be written down and shown to people; text might be a secret.
    """

    code: Code
    parameters: Mapping[str, str]
    digest: str
    shown: Mapping[str, Any] = attrs.field(factory=dict, eq=False)

    def key(self, inputs: Mapping[str, str]) -> str:
        """Name the output of this recipe, given the digest of each argument that another step fills."""
        return seal(b"key", self.digest.encode(), _joined(inputs)).hex()


def recipe_of(step: Step, parameters: Mapping[str, Any]) -> Recipe:
    """Find out what a step is made of, as it is now.

    Parameters
    ----------
    step : Step
    parameters : mapping of str to object
        The values of the arguments that no other step fills.

    Raises
    ------
    FingerprintError
        If the code reads something, or a parameter is something, that has no content digest.

    Examples
    --------
    >>> def squares(n, power=2): return [i ** power for i in range(n)]
    >>> recipe = recipe_of(Step(squares), {"n": 3, "power": 2})
    >>> recipe == recipe_of(Step(squares), {"n": 3, "power": 2}) != recipe_of(Step(squares), {"n": 3, "power": 3})
    True
    """
    code = code_of_step(step)
    digests = {name: digest_of(value) for name, value in parameters.items() if name not in step.ignore}
    said = (code.digest, ",".join(step.outputs), step.over or "")
    shown = {name: parameters[name] for name in digests if type(parameters[name]) in _SHOWN}
    return Recipe(code, digests, seal(FORMAT, _joined(digests), *(each.encode() for each in said)).hex(), shown)


def code_of_step(step: Step) -> Code:
    """Return what a step's function is made of, with its checks and what it was said to depend on.

    The defaults of its own arguments are left to the parameters.

    Raises
    ------
    FingerprintError
        If the code reads something that has no content digest.
    """
    said = {"validate": step.validate, "depends_on": step.depends_on}
    beside = {name: value for name, value in said.items() if value is not None}
    return code_of(step.function, ignore=step.ignore, filled=step.arguments, beside=beside)


def digest_of(value: Any) -> str:
    """Return the content digest of a run parameter, a default, or a value that was given.

    Code counts with all that it reaches. A `pathlib.Path` that names a file counts by its text and
    by what is in the file. A str is only text, even if it names a file: what is in the file then goes unseen.

    Raises
    ------
    FingerprintError
        If the value has no content digest.
    """
    return code_of(value).digest


def _joined(digests: Mapping[str, str]) -> bytes:
    return seal(b"named", *(each.encode() for pair in sorted(digests.items()) for each in pair))
