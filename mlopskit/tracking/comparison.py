"""Two runs side by side: in what they differ, and whether one could repeat the other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import attrs

from mlopskit.records.environment import Environment
from mlopskit.records.run import Dataset, RunRecord

if TYPE_CHECKING:
    import pandas as pd

Agreement = Literal["agrees", "differs", "unknown"]

_COMPARED_LINES = 2000
_SHOWN_LINES = 400
_SHOWN_WIDTH = 48
_SHOWN_ITEMS = 20
_DIGITS = 12
_SOURCES = frozenset([".py", ".pyx", ".ipynb", ".R", ".jl", ".sql", ".sh", ".c", ".cpp", ".rs", ".cu"])


class Absent(Enum):
    """Stands for the value that one of two runs does not have; None is a value like any other."""

    ABSENT = "—"

    def __repr__(self) -> str:
        return self.value

    __str__ = __repr__


ABSENT = Absent.ABSENT


@attrs.frozen
class Pair:
    """One thing about two runs.

    Attributes
    ----------
    name : str
    a, b : object
        Its value in each of them; `ABSENT` where it has none.
    """

    name: str
    a: Any
    b: Any

    @property
    def agrees(self) -> bool:
        """Whether both have the same value: 6 is 6.0, NaN is NaN, but 1 is not True."""
        if repr(self.a) == repr(self.b):
            return True
        return bool(self.a == self.b) and isinstance(self.a, bool) == isinstance(self.b, bool)

    @property
    def difference(self) -> float | None:
        """What to add to `a` to get `b`; None if they are not both numbers."""
        if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (self.a, self.b)):
            return None
        return float(self.b - self.a)


@attrs.frozen(repr=False, str=False)
class Comparison:
    """Two runs side by side, as `Tracker.compare` gives it; ``print`` shows in what they differ.

    Attributes
    ----------
    a, b : RunRecord
        The two runs.
    params, metrics, tags, datasets, code, packages, environment : tuple of Pair
        What is known of either; of metrics the last values, of datasets rows, fingerprint and columns.
    diff : str
        In what the uncommitted changes of the two differ: a diff of two diffs, at most 400 lines.
    agreement : dict of str to {"agrees", "differs", "unknown"}
        Of code, data and packages: would they be an explanation for different results?

    Examples
    --------
    >>> from mlopskit.tracking.tracker import Tracker
    >>> tracker = Tracker("memory://docs-comparison", environment=False)
    >>> with tracker.start_run("shallow", params={"depth": 3, "seed": 1}) as a:
    ...     a.log_metric("loss", 0.5)
    >>> with tracker.start_run("deep", params={"depth": 6, "seed": 1}) as b:
    ...     b.log_metric("loss", 0.25)
    >>> tracker.compare(a.id, b.id).to_frame().values.tolist()
    [['params', 'depth', 3, 6], ['metrics', 'loss', 0.5, 0.25]]
    """

    a: RunRecord
    b: RunRecord
    params: tuple[Pair, ...]
    metrics: tuple[Pair, ...]
    tags: tuple[Pair, ...]
    datasets: tuple[Pair, ...]
    code: tuple[Pair, ...]
    packages: tuple[Pair, ...]
    environment: tuple[Pair, ...]
    diff: str
    agreement: dict[str, Agreement]

    @property
    def sections(self) -> dict[str, tuple[Pair, ...]]:
        """All pairs, by what they are about."""
        names = ("params", "metrics", "tags", "datasets", "code", "packages", "environment")
        return {name: getattr(self, name) for name in names}

    @property
    def verdict(self) -> str:
        """One sentence: whether code, data and packages agree."""
        verbs = {"data": {"agrees": "agree", "differs": "differ", "unknown": "are unknown"}}
        verbs["packages"] = verbs["data"]
        verbs["code"] = {"agrees": "agrees", "differs": "differs", "unknown": "is unknown"}
        said = ", ".join(f"{name} {verbs[name][agreement]}" for name, agreement in self.agreement.items())
        found = set(self.agreement.values())
        if "differs" in found:
            return f"Not the same setup: {said}."
        if "unknown" in found:
            return f"Not known to be the same setup: {said}."
        return f"The same setup: {said}; " + ("params differ." if _differing(self.params) else "so do params.")

    def to_frame(self, *, agreeing: bool = False) -> pd.DataFrame:
        """List in what the runs differ.

        Parameters
        ----------
        agreeing : bool, default False
            Whether to list also in what they agree.

        Returns
        -------
        DataFrame
            Columns ``section``, ``name``, ``a`` and ``b``; NA where a run has no such value.
        """
        import pandas as pd

        rows = [
            (section, pair.name, *(pd.NA if value is ABSENT else value for value in (pair.a, pair.b)))
            for section, pairs in self.sections.items()
            for pair in (pairs if agreeing else _differing(pairs))
        ]
        return pd.DataFrame(rows, columns=["section", "name", "a", "b"], dtype=object)

    def __repr__(self) -> str:
        counts = {name: len(_differing(pairs)) for name, pairs in self.sections.items()}
        said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return f"<Comparison of {self.a.name!r} and {self.b.name!r}: {said or 'nothing'} differing>"

    def __str__(self) -> str:
        rows = [("", self.a.name, self.b.name)]
        for section, pairs in self.sections.items():
            differing = _differing(pairs)
            if pairs:
                rows.append((f"{section} ({len(pairs) - len(differing)} agree)", "", ""))
            rows += [(f"  {pair.name}", shown(pair.a), shown(pair.b)) for pair in differing]
        cells = [[_cut(text) for text in row] for row in rows]
        widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[:2]]
        lines = [f"{name:<{widths[0]}}  {a:<{widths[1]}}  {b}".rstrip() for name, a, b in cells]
        return "\n".join([self.verdict, "", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.tracking.comparison_html import comparison_html

        return comparison_html(self)


def compare(
    a: RunRecord, b: RunRecord, environment_a: Environment | None, environment_b: Environment | None
) -> Comparison:
    """Put two runs side by side.

    Parameters
    ----------
    a, b : RunRecord
    environment_a, environment_b : Environment or None
        What each ran with; None if it was not captured.
    """
    one, other = environment_a or Environment(), environment_b or Environment()
    captured = environment_a is not None and environment_b is not None
    packages = _pairs(one.packages, other.packages)
    return Comparison(
        a,
        b,
        params=_pairs(a.params, b.params),
        metrics=_pairs(a.metrics, b.metrics),
        tags=_pairs(a.tags, b.tags),
        datasets=_pairs(_dataset_facts(a.datasets), _dataset_facts(b.datasets)),
        code=_pairs(_code_facts(environment_a), _code_facts(environment_b)),
        packages=packages,
        environment=_pairs(_machine_facts(environment_a), _machine_facts(environment_b)),
        diff=_diff(one.code.diff, other.code.diff),
        agreement={
            "code": _code_agreement(one, other),
            "data": _data_agreement(a.datasets, b.datasets),
            "packages": _package_agreement(one, other) if captured else "unknown",
        },
    )


def shown(value: Any) -> str:
    """Write a value as one line of text for people.

    Examples
    --------
    >>> shown(0.1 + 0.2), shown(None), shown(["a", 1])
    ('0.3', 'None', "['a', 1]")
    """
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return " ".join(str(value).split())


def _differing(pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if not pair.agrees]


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Pair, ...]:
    return tuple(Pair(name, a.get(name, ABSENT), b.get(name, ABSENT)) for name in {**a, **b})


def _dataset_facts(datasets: Mapping[str, Dataset]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, data in datasets.items():
        facts[f"{name}: fingerprint"] = data.fingerprint
        facts[f"{name}: rows"] = data.rows
        facts[f"{name}: order of columns"] = ", ".join(data.columns)
        facts |= {f"{name}: column {column}": dtype for column, dtype in zip(data.columns, data.dtypes, strict=False)}
    return facts


def _code_facts(environment: Environment | None) -> dict[str, Any]:
    if environment is None:
        return {}
    code = environment.code
    facts = attrs.asdict(code, filter=lambda field, _: not field.name.endswith("_cut"))
    lines = len(code.diff.splitlines())
    facts["diff"] = f"{lines} lines{', cut' if code.diff_cut else ''}" if code.diff else ""
    facts["command"] = " ".join(code.command)
    facts["untracked"] = ", ".join(code.untracked)
    return facts


def _machine_facts(environment: Environment | None) -> dict[str, Any]:
    if environment is None:
        return {}
    python = {f"python {name}": value for name, value in attrs.asdict(environment.python).items()}
    machine = attrs.asdict(environment.machine)
    return python | machine | {"gpus": ", ".join(environment.machine.gpus)} | environment.variables


def _diff(a: str, b: str) -> str:
    if a == b:
        return ""
    one, other = a.splitlines(), b.splitlines()
    if max(len(one), len(other)) > _COMPARED_LINES:
        return f"The changes are longer than {_COMPARED_LINES} lines and were not compared line by line."
    lines = list(difflib.unified_diff(one, other, "changes of a", "changes of b", lineterm=""))
    cut = [f"… and {len(lines) - _SHOWN_LINES} more lines"] if len(lines) > _SHOWN_LINES else []
    return "\n".join(lines[:_SHOWN_LINES] + cut)


def _code_agreement(a: Environment, b: Environment) -> Agreement:
    one, other = a.code, b.code
    if not (one.commit and other.commit):
        return "unknown"
    if one.commit != other.commit or one.diff != other.diff or one.script != other.script:
        return "differs"
    doubtful = any(
        code.dirty is None or code.diff_cut or code.untracked_cut or any(map(_is_source, code.untracked))
        for code in (one, other)
    )
    return "unknown" if doubtful else "agrees"


def _is_source(name: str) -> bool:
    return PurePosixPath(name).suffix in _SOURCES


def _data_agreement(a: Mapping[str, Dataset], b: Mapping[str, Dataset]) -> Agreement:
    if not a and not b:
        return "unknown"
    prints = [{name: data.fingerprint for name, data in datasets.items()} for datasets in (a, b)]
    return "agrees" if prints[0] == prints[1] else "differs"


def _package_agreement(a: Environment, b: Environment) -> Agreement:
    """Compare what both have imported: one may just have been looked at before it imported the rest."""
    if not (a.packages and b.packages):
        return "unknown"
    shared = a.packages.keys() & b.packages.keys()
    same = a.python == b.python and all(a.packages[name] == b.packages[name] for name in shared)
    return "agrees" if same else "differs"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_WIDTH else text[: _SHOWN_WIDTH - 1] + "…"
