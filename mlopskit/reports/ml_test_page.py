"""Which of the 28 tests of "The ML Test Score" the records of a version answer by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mlopskit import markup
from mlopskit.markup.components import Status
from mlopskit.registry import history
from mlopskit.registry.recorded import RecordedModels
from mlopskit.reports.ml_test_rubric import TESTS, Recorded, Reply
from mlopskit.storage.store import StoreLike

if TYPE_CHECKING:
    import pandas as pd

_BADGES: dict[str, Status] = {"yes": "ok", "no": "fail", "unknown": "neutral"}
_CAPTION = (
    "Unknown is what the records can not tell; it is for people to answer. In the paper the score is the least of "
    "the four sections' sums, so that no section makes up for another."
)


@attrs.frozen
class Answered:
    """One test, answered.

    Attributes
    ----------
    section, test : str
        As in the paper.
    record : str
        What answers it, or who has to.
    answer : {"yes", "no", "unknown"}
    evidence : str
        What on record says so.
    """

    section: str
    test: str
    record: str
    answer: Reply
    evidence: str


@attrs.frozen(repr=False)
class MLTestScore:
    """All 28 tests for one version.

    Attributes
    ----------
    version : str
        Such as ``"flight-delays/4"``.
    answers : tuple of Answered
    """

    version: str
    answers: tuple[Answered, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per test: section, test, record, answer, evidence."""
        import pandas as pd

        return pd.DataFrame([attrs.asdict(each) for each in self.answers])

    @property
    def sections(self) -> dict[str, int]:
        """How many tests of each section are answered with yes; the least of them is what the records prove."""
        names = dict.fromkeys(each.section for each in self.answers)
        return {name: sum(each.answer == "yes" for each in self.answers if each.section == name) for name in names}

    @property
    def html(self) -> str:
        """A page of its own."""
        return markup.page(f"ML test score of {self.version}", *self._parts())

    def __repr__(self) -> str:
        sums = ", ".join(f"{name} {count} of 7" for name, count in self.sections.items())
        return f"<MLTestScore of {self.version}: {sums}>"

    def _repr_html_(self) -> str:
        return markup.fragment(markup.section(f"ML test score of {self.version}", *self._parts()))

    def _parts(self) -> list[object]:
        rows: list[dict[str, Any]] = [
            attrs.asdict(each) | {"answer": markup.badge(_BADGES[each.answer], each.answer)} for each in self.answers
        ]
        sums = {name: f"{count} of 7" for name, count in self.sections.items()}
        return [markup.headline(sums), markup.table(rows, caption=_CAPTION)]


def ml_test_score(models: RecordedModels | StoreLike, version: str) -> MLTestScore:
    """Answer the tests of "The ML Test Score" from what is on record; nothing is run, nothing is written.

    Parameters
    ----------
    models : Registry, Store, str, path or None
        A registry, or the store it is on.
    version : str
        ``"flight-delays@champion"`` or ``"flight-delays/4"``.

    Returns
    -------
    MLTestScore
        A notebook shows the table.

    Raises
    ------
    NotFoundError
        If there is no such model, version or alias.

    References
    ----------
    E. Breck, S. Cai, E. Nielsen, M. Salib and D. Sculley, The ML Test Score: a rubric for ML production readiness and
    technical debt reduction, IEEE Big Data 2017.

    Examples
    --------
    >>> from mlopskit import Registry
    >>> registry = Registry("memory://docs-ml-test-score")
    >>> version = registry.register("flight-delays", {"any": "value"})
    >>> ml_test_score(registry, "flight-delays/1")
    <MLTestScore of flight-delays/1: Data 0 of 7, Model 0 of 7, Infrastructure 0 of 7, Monitoring 0 of 7>
    """
    known = models if isinstance(models, RecordedModels) else RecordedModels(models)
    recorded = _recorded(known, version)
    answers = []
    for test in TESTS:
        reply, evidence = test.answer(recorded) if test.answer else ("unknown", "")
        answers.append(Answered(test.section, test.test, test.record, reply, evidence))
    return MLTestScore(str(recorded.version), tuple(answers))


def _recorded(models: RecordedModels, reference: str) -> Recorded:
    card = models.card(reference)
    version, name = card.version, card.version.name
    events = history.open_log(models.store, name).state()["history"]
    decisions = tuple(history.decision_of(name, event) for event in events if event["alias"])
    digests = {number: models.version(f"{name}/{number}").digest for number in models.versions(name).index}
    twins = (int(number) for number, digest in digests.items() if digest == version.digest)
    return Recorded(version, card.decisions, decisions, tuple(each for each in twins if each != version.number))
