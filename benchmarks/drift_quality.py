"""How often an alarm is false, and how often a change is found, as tables."""

import json
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drift_peers import ALPHA, SIMULATED, TOGETHER
from drift_questions import ALONE_ALPHA, ROWS
from drift_scenarios import ALONE, CHANGES
from processes import run
from scipy.stats import binomtest
from tables import table

PROCESSES = 2
BATCHES = [(rows, columns) for rows in (500, 5_000) for columns in (9, 50)]
STATISTICS = {
    "numbers": [
        "AndersonDarling",
        "CramerVonMises",
        "KolmogorovSmirnov",
        "Wasserstein",
        "Energy",
        "ChiSquare",
        "GTest",
    ],
    "labels": ["ChiSquare", "GTest"],
}
"""Of ours. The distances of histograms take the p-value of the chi-square test."""
WEEKLY = ["rows taken for independent", "rows dealt out by day", "usual between weeks"]
PATIENCE = 3_600

Question = tuple[str | int, ...]
Counts = dict[str, list[int]]


def quality_tables(interpreters: Mapping[str, str], simulations: int) -> None:
    names = [name for name in SIMULATED if name in interpreters]
    batches = [("any_alarm", rows, columns) for rows, columns in BATCHES]
    questions = [*batches, *(("finds", change) for change in CHANGES)]
    counts, reasons = asked({name: (interpreters[name], questions) for name in names}, simulations)
    table(
        f"Nothing moved: share of {simulations:,} batches with a false alarm and its interval of 95 %, "
        f"at alpha {ALPHA:.0%}",
        list(counts),
        [f"<= {ALPHA:.0%}"] * len(counts),
        by_question(counts, [f"{rows:,} rows, {columns} columns" for rows, columns in BATCHES], simulations, share),
        reasons,
    )
    moved = {name: each[len(BATCHES) :] for name, each in counts.items()}
    table(
        f"One column of ten moved: % of {simulations:,} batches in which it is found, at alpha {ALPHA:.0%} for all ten "
        f"({ROWS:,} rows on each side)",
        list(moved),
        None,
        by_question(moved, list(CHANGES), simulations, percent),
    )
    together_table(interpreters, simulations // 5)
    weeks_table(interpreters["mlopskit"], simulations // 5)
    statistics_tables(interpreters["mlopskit"], simulations)


def together_table(interpreters: Mapping[str, str], simulations: int) -> None:
    """Print what tests of several columns find that tests of each column miss."""
    changes = ["nothing", "correlation 0 -> 0.5", "mean + 0.25 sd", "sd x 1.25"]
    questions = [("drifted_together", change) for change in changes]
    asking = {name: (interpreters[name], questions) for name in TOGETHER if name in interpreters}
    counts, reasons = asked(asking, simulations)
    table(
        f"Eight columns of numbers, taken together: share of {simulations:,} batches with an alarm, "
        f"at alpha {ALPHA:.0%} ({ROWS:,} rows on each side)",
        list(counts),
        None,
        by_question(counts, changes, simulations, share),
        reasons,
    )


def weeks_table(interpreter: str, simulations: int) -> None:
    """Print what becomes of alarms if rows are not independent."""
    questions = [("weekly_alarm", shift) for shift in (0.0, 0.25, 0.5)]
    counts, reasons = asked(dict.fromkeys(WEEKLY, (interpreter, questions)), simulations)
    table(
        f"Days have levels of their own (0.3 sd): share of {simulations:,} weeks with an alarm after eight others, "
        f"at alpha {ALPHA:.0%}",
        list(counts),
        None,
        by_question(counts, ["nothing moved", "all means + 0.25 sd", "all means + 0.5 sd"], simulations, share),
        reasons,
    )


def statistics_tables(interpreter: str, simulations: int) -> None:
    """Print what each of our statistics finds in one column."""
    for kind, changes in ALONE.items():
        questions = [("statistic_finds", kind, change) for change in changes]
        counts, reasons = asked(dict.fromkeys(STATISTICS[kind], (interpreter, questions)), simulations)
        table(
            f"One column of {kind} changed: % of {simulations:,} batches in which that is found, "
            f"at alpha {ALONE_ALPHA:.1%} ({ROWS:,} rows on each side)",
            list(counts),
            None,
            by_question(counts, list(changes), simulations, percent),
            reasons,
        )


def by_question(
    counts: Counts, questions: list[str], simulations: int, shown: Callable[[int, int], str]
) -> dict[str, list[str]]:
    return {
        question: [shown(each[place], simulations) for each in counts.values()]
        for place, question in enumerate(questions)
    }


def asked(questions: Mapping[str, tuple[str, list[Question]]], simulations: int) -> tuple[Counts, dict[str, str]]:
    """Return how often each library says yes to each question, and what went wrong with others."""
    step = simulations // PROCESSES
    parts = [(name, [first, first + step]) for name in questions for first in range(0, simulations, step)]
    with ThreadPoolExecutor(PROCESSES) as threads:
        found = list(threads.map(lambda part: _counted(part[0], *questions[part[0]], part[1]), parts))
    counts: Counts = {}
    reasons = {name: reason for (name, _), (_, reason) in zip(parts, found, strict=True) if reason}
    for (name, _), (some, _) in zip(parts, found, strict=True):
        if name not in reasons:
            counts[name] = [sum(each) for each in zip(some, counts.get(name, [0] * len(some)), strict=True)]
    return counts, reasons


def _counted(name: str, interpreter: str, questions: list[Question], seeds: list[int]) -> tuple[list[int], str]:
    options = json.dumps({"questions": questions, "seeds": seeds})
    with tempfile.TemporaryDirectory() as folder:
        printed, reason = run(
            "drift_measures.py", name, "simulated", options,
            folder=Path(folder), timeout=PATIENCE, interpreter=interpreter,
        )  # fmt: skip
    return ([] if reason else json.loads(printed.splitlines()[-1])), reason


def share(count: int, of: int) -> str:
    interval = binomtest(count, of).proportion_ci(method="exact")
    return f"{count / of:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def percent(count: int, of: int) -> str:
    return f"{100 * count / of:.3g}"
