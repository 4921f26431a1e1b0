"""What a model check looks at: a candidate, perhaps a champion, and rows neither has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from mlopskit.records.model import ModelVersion


@attrs.frozen(eq=False)
class Trial:
    """A candidate model beside the one it would replace.

    Attributes
    ----------
    model : object
        The candidate, with ``predict`` and for most scores ``predict_proba``.
    champion : object or None
        The model now in place; None if there is none yet.
    X : DataFrame or None
        Held-out rows. Without them only `scores` can be compared.
    y : Series or None
        Their true labels, aligned with `X`.
    groups : Series or None
        What rows belong together, such as the day: resampling draws whole groups, since rows
        of one group are not independent.
    scores, champion_scores : mapping of str to float
        Scores measured elsewhere, by metric name.
    version : ModelVersion or None
        What the registry knows of the candidate: who registered and approved it, what is written about it.
    train : tuple of (DataFrame, Series) or None
        The rows the candidate was fitted on and their labels: what it may have memorised, or should not have seen.
    """

    model: Any
    champion: Any = None
    X: Any = None
    y: Any = None
    groups: Any = None
    scores: Mapping[str, float] = attrs.field(factory=dict)
    champion_scores: Mapping[str, float] = attrs.field(factory=dict)
    version: ModelVersion | None = None
    train: tuple[Any, Any] | None = None
