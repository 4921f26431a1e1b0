"""The 28 tests of "The ML Test Score", and what in the records of a model version answers them by itself.

E. Breck, S. Cai, E. Nielsen, M. Salib and D. Sculley, The ML Test Score: a rubric for ML production readiness and
technical debt reduction, IEEE Big Data 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import attrs

from mlopskit.records.model import Decision, ModelVersion
from mlopskit.records.report import CheckResult

Reply: TypeAlias = Literal["yes", "no", "unknown"]
Answer: TypeAlias = tuple[Reply, str]
"""Yes, no or unknown; and what on record says so."""


@attrs.frozen
class Recorded:
    """What is on record about a version.

    Attributes
    ----------
    version : ModelVersion
    decisions : tuple of Decision
        What was decided about it.
    model_decisions : tuple of Decision
        What was decided about any version of this model.
    twins : tuple of int
        The other versions with the very same bytes.
    """

    version: ModelVersion
    decisions: tuple[Decision, ...]
    model_decisions: tuple[Decision, ...]
    twins: tuple[int, ...]

    def results(self, phrases: tuple[str, ...]) -> Iterator[CheckResult]:
        """Find what gates found, by the words in which checks put themselves."""
        for decision in self.decisions:
            for result in decision.results:
                if any(phrase in result.check for phrase in phrases):
                    yield result


@attrs.frozen
class MLTest:
    """One test of the rubric.

    Attributes
    ----------
    section : str
    test : str
        In the words of the paper.
    record : str
        What answers it, or would; of tests that no record can answer, who has to.
    answer : callable or None
        From the records to the answer; None if they can not tell.
    """

    section: str
    test: str
    record: str
    answer: Callable[[Recorded], Answer] | None = None


def found_by(*phrases: str) -> Callable[[Recorded], Answer]:
    """Answer by the last result of certain checks at a gate."""

    def answer(recorded: Recorded) -> Answer:
        results = [each for each in recorded.results(phrases) if each.status != "skipped"]
        if not results:
            return "unknown", "no gate asked for it"
        return "yes" if results[-1].status == "passed" else "no", f"{results[-1].check}: {results[-1].status}"

    return answer


def _schema(recorded: Recorded) -> Answer:
    signature = recorded.version.signature
    return ("yes", f"{len(signature.columns)} columns") if signature else ("no", "registered without a sample")


def _review(recorded: Recorded) -> Answer:
    reviewers = sorted(set(recorded.version.approved_by) - {recorded.version.by})
    return ("yes", f"approved by {', '.join(reviewers)}") if reviewers else ("no", "nobody but its author approved it")


def _reproducible(recorded: Recorded) -> Answer:
    if recorded.twins:
        return "yes", f"version {recorded.twins[0]} has the very same bytes"
    return "unknown", "it was made once"


def _integration(recorded: Recorded) -> Answer:
    steps = recorded.version.steps
    if not steps:
        return "unknown", "no pipeline is on record as having made it"
    ended = [each.status for each in steps]
    return ("no" if "failed" in ended else "yes"), f"a pipeline of {len(steps)} steps made it"


def _validated(recorded: Recorded) -> Answer:
    accepted = [each for each in recorded.decisions if each.accepted and each.operation in ("promote", "set_alias")]
    if not accepted:
        return "unknown", "it never got an alias"
    last = accepted[-1]
    if last.forced or not last.results:
        return "no", f"it became {last.alias} {'although a gate refused it' if last.forced else 'without a gate'}"
    return "yes", f"it became {last.alias} after {len(last.results)} checks"


def _rolled_back(recorded: Recorded) -> Answer:
    count = sum(each.operation == "rollback" for each in recorded.model_decisions)
    return ("yes", f"{count} on record") if count else ("unknown", "never done with this model")


_PEOPLE = "no record: for people to answer"
_DATA, _MODEL, _INFRA, _MONITOR = "Data", "Model", "Infrastructure", "Monitoring"

TESTS = (
    MLTest(_DATA, "Feature expectations are captured in a schema", "signature", _schema),
    MLTest(_DATA, "All features are beneficial", _PEOPLE),
    MLTest(_DATA, "No feature's cost is too much", _PEOPLE),
    MLTest(_DATA, "Features adhere to meta-level requirements", _PEOPLE),
    MLTest(_DATA, "The data pipeline has appropriate privacy controls", _PEOPLE),
    MLTest(_DATA, "New features can be added quickly", _PEOPLE),
    MLTest(_DATA, "All input feature code is tested", "no record: the team's own tests"),
    MLTest(_MODEL, "Model specs are reviewed and submitted", "approvals", _review),
    MLTest(_MODEL, "Offline and online metrics correlate", _PEOPLE),
    MLTest(_MODEL, "All hyperparameters have been tuned", "no record: the tracker's sweeps show it"),
    MLTest(_MODEL, "The impact of model staleness is known", _PEOPLE),
    MLTest(_MODEL, "A simpler model is not better", "BetterThanDummy at a gate", found_by("better than a dummy")),
    MLTest(
        _MODEL, "Model quality is sufficient on important data slices", "NoWorseSlice or NoWeakSlice at a gate",
        found_by("is nowhere worse by more than", "there is no weak slice"),
    ),
    MLTest(
        _MODEL, "The model is tested for considerations of inclusion", "a check of fairness at a gate",
        found_by("predicted equally often within", "found equally often within"),
    ),
    MLTest(_INFRA, "Training is reproducible", "two versions of the same bytes", _reproducible),
    MLTest(_INFRA, "Model specs are unit tested", "no record: mlopskit.testing.assert_valid in the team's own tests"),
    MLTest(_INFRA, "The ML pipeline is integration tested", "the steps of the run that made it", _integration),
    MLTest(_INFRA, "Model quality is validated before serving", "the gate's decision", _validated),
    MLTest(_INFRA, "The model is debuggable", _PEOPLE),
    MLTest(_INFRA, "Models are canaried before serving", "no record: the deployment's canary"),
    MLTest(_INFRA, "Serving models can be rolled back", "rollbacks in the history", _rolled_back),
    MLTest(_MONITOR, "Dependency changes result in notification", _PEOPLE),
    MLTest(
        _MONITOR, "Data invariants hold for inputs", "ReportPassed at a gate", found_by("the report of the data")
    ),
    MLTest(
        _MONITOR, "Training and serving are not skewed", "ReportPassed at a gate", found_by("the report of the drift")
    ),
    MLTest(_MONITOR, "Models are not too stale", _PEOPLE),
    MLTest(
        _MONITOR, "Models are numerically stable", "RobustTo at a gate", found_by(" noise", " missing"),
    ),
    MLTest(
        _MONITOR, "Computing performance has not regressed", "MaxLatency at a gate", found_by("predict answers"),
    ),
    MLTest(
        _MONITOR, "Prediction quality has not regressed", "BetterThanChampion at a gate",
        found_by("is better than the champion's"),
    ),
)  # fmt: skip
