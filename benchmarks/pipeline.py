"""How fast is the pipeline room, and how right? ``python benchmarks/pipeline.py`` prints the tables.

``--quick`` takes one sample each, of ours, joblib and Hamilton, in less than a minute. Every measure runs in a process
of its own, the tools in turn, so that ratios hold on a noisy machine. Cells are medians; behind a peer's stands its
ratio to ours. A dash is a measure that a tool has not or failed at; the reason stands below the table.
"""

import argparse
import concurrent.futures
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline_answers import KINDS, QUESTIONS, Verdict, judged
from pipeline_peers import ALL
from processes import run
from tables import number, ratio, table

QUICK = ["mlopskit", "joblib", "hamilton"]
ANSWERING = ["mlopskit", "joblib", "hamilton", "pipefunc", "redun", "prefect"]
FANNING = ["plain calls", *ANSWERING]
FRAMES = ["plain calls", "mlopskit", "joblib", "hamilton", "pipefunc", "redun"]
FEWER = {"redun": 200, "prefect": 50}  # tasks of a fan-out, of those that need 10 ms and more for each
PATIENCE = 15.0
"""Seconds after which a tool is not sampled once more."""
OURS = ("mlopskit", "plain calls")
BARE = ("plain", "times plain", "ideal", "busy")  # numbers that stand alone, without a ratio

Samples = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one sample each, of ours, joblib and Hamilton only")
    parser.add_argument("--only", choices=TABLES, nargs="+", default=list(TABLES), help="some of the tables")
    options = parser.parse_args()
    tools = [each.name for each in ALL if importlib.util.find_spec(each.package)]
    tools = [name for name in tools if not options.quick or name in QUICK]
    missing = [each.name for each in ALL if not importlib.util.find_spec(each.package)]
    print(f"Python {platform.python_version()}, {', '.join(versions(tools))}")
    if missing:
        print(f"Not installed: {', '.join(missing)}")
    start = time.perf_counter()
    for name in options.only:
        TABLES[name](["plain calls", *tools], options.quick)
    print(f"\nAll of this took {time.perf_counter() - start:.0f} s.")


def versions(tools: list[str]) -> Iterator[str]:
    distributions = {each.name: each.distribution for each in ALL}
    for name in ["pandas", "numpy", *tools]:
        yield f"{name} {importlib.metadata.version(distributions.get(name, name))}"


# -- speed -------------------------------------------------------------------------------------


def chain_table(tools: list[str], quick: bool) -> None:
    """Print what a step costs in a chain of 100 that add one."""
    samples, reasons = sampled(tools, ["chain", "chain_again"], 1 if quick else 5, lambda _: {"count": 100})
    table(
        "A chain of 100 steps, each of which adds 1 to what the one before gave: CPU ms a step (first, wall: ms by the "
        "clock)",
        ["no cache", "first, kept", "first, wall", "all hits", "all hits, fresh process"],
        ["<= 0.02", "<= 0.4", "", "<= 0.05", ""],
        rows(tools, samples, ["without", "first", "first wall", "hits", "fresh"]),
        reasons,
    )


def frame_table(tools: list[str], quick: bool) -> None:
    """Print how long a large frame takes through three steps."""
    count = 300_000 if quick else 1_900_000
    tools = [name for name in tools if name in FRAMES]
    samples, reasons = sampled(tools, ["frame", "frame_again"], 1 if quick else 3, lambda _: {"rows": count})
    for found in samples.values():
        if "first" in found:
            found["times plain"] = found["first"] / found["plain"]
    size = next((found["MB"] for found in samples.values() if "MB" in found), 0)
    table(
        f"A frame of {size:,.0f} MB (10 float and 2 string columns) made, transformed, summed up: seconds by the clock",
        ["plain", "first, kept", "first / plain", "again", "again, fresh process"],
        ["", "", "<= 2.5", "<= 0.02", ""],
        rows(tools, samples, ["plain", "first", "times plain", "again", "fresh"]),
        reasons,
    )


def fan_table(tools: list[str], quick: bool) -> None:
    """Print what a tiny task costs among many."""
    tools = [name for name in tools if name in FANNING]
    samples, reasons = sampled(tools, ["fan"], 1 if quick else 3, lambda name: {"count": FEWER.get(name, 1000)})
    fewer = ", ".join(f"{name} {count}" for name, count in FEWER.items() if name in tools)
    table(
        f"A fan-out of 1,000 tiny tasks, one after the other: CPU ms a task{fewer and f' ({fewer} tasks)'}",
        ["no cache", "first, kept", "all hits", "one more item"],
        ["<= 0.05", "<= 0.05", "<= 0.05", ""],
        rows(tools, samples, ["without", "first", "hits", "grown"]),
        reasons,
    )


def pool_table(tools: list[str], quick: bool) -> None:
    """Print how well two processes are kept busy."""
    tools = [name for name in tools if name in FANNING]
    count = 2 if quick else 8
    samples, reasons = sampled(tools, ["pool"], 1 if quick else 3, lambda _: {"count": count})
    for found in samples.values():
        if "wall" in found:
            found["ideal"] = 100 * count / 2 / found["wall"]
    table(
        f"{count} tasks of 1 s CPU in 2 processes that are up (plain calls: concurrent.futures), ideal {count / 2} s."
        "\nBusy: time within tasks, which others on this machine make longer, as a share of what 2 processes have",
        ["seconds", "% of ideal", "busy, %"],
        ["", ">= 95", ">= 95"],
        rows(tools, samples, ["wall", "ideal", "busy"]),
        reasons,
    )


def sampled(tools: list[str], measures: list[str], repeats: int, options) -> tuple[Samples, dict[str, str]]:
    """Return the median of each number by tool, and why numbers are missing.

    The measures of one sample share a folder. A tool that has taken all the patience is not sampled again.
    """
    found: dict[str, list[dict]] = {name: [] for name in tools}
    reasons: dict[str, str] = {}
    spent = dict.fromkeys(tools, 0.0)
    for repeat in range(repeats):
        for name in tools:
            if repeat and spent[name] > PATIENCE:
                continue
            start = time.perf_counter()
            values, missing = measured(name, measures, json.dumps(options(name)))
            spent[name] += time.perf_counter() - start
            found[name].append(values)
            reasons |= {f"{name}, {each}": reason for each, reason in missing.items()}
    samples = {name: medians(values) for name, values in found.items()}
    for where in reasons:
        name, measure = where.split(", ")
        if measure in samples[name]:
            reasons[where] += " (in one of its samples)"
    return samples, reasons


def measured(tool: str, measures: list[str], options: str) -> tuple[dict[str, float], dict[str, str]]:
    values, reasons = {}, {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for measure in measures:
            printed, reason = run("pipeline_measures.py", tool, measure, options, folder=Path(folder), timeout=120)
            if reason:
                reasons[measure] = reason
            else:
                results = json.loads(printed.strip().splitlines()[-1])
                values |= results["values"]
                reasons |= results["reasons"]
    return values, reasons


def medians(samples: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for sample in samples for name in sample)
    return {name: statistics.median(sample[name] for sample in samples if name in sample) for name in names}


def rows(tools: list[str], samples: Samples, columns: list[str]) -> dict[str, list[str]]:
    """Return a line for each tool; behind a peer's number stands its ratio to ours."""
    ours = samples.get("mlopskit", {})
    return {
        name: [
            number(samples[name].get(column))
            + ("" if name in OURS or column in BARE else ratio(samples[name].get(column), ours.get(column)))
            for column in columns
        ]
        for name in tools
    }


# -- answers -----------------------------------------------------------------------------------

WHAT = {
    "code": "code edits",
    "parameter": "changes of a run parameter",
    "output": "changes of an earlier step's output",
}


def answers_table(tools: list[str], quick: bool) -> None:
    """Print how many answers were stale and how many runs needless, and of which cases."""
    tools = [name for name in tools if name in ANSWERING]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:  # nothing is timed here
        slowest_first = tools[::-1]
        answers = threads.map(lambda name: judged(name, 50 if quick else 240), slowest_first)
        found = dict(zip(slowest_first, answers, strict=True))
    verdicts = {name: found[name] for name in tools}
    columns, targets, cells = [], [], {name: [] for name in tools}
    for kind, (changing, same) in KINDS.items():
        columns += [f"stale of {len(changing)} {WHAT[kind]}", f"needless of {len(same)} without effect"]
        targets += ["0", "0"]
        for name, verdict in verdicts.items():
            cells[name].append(count_of(verdict, "stale", kind, changes=True))
            cells[name].append(count_of(verdict, "needless", kind, changes=False))
    table("Wrong answers, and runs for nothing", columns, targets, cells, {})
    case_table(verdicts)
    for name, verdict in verdicts.items():
        for reason in dict.fromkeys(verdict.reasons.values()):
            keys = [key for key, found in verdict.reasons.items() if found == reason]
            print(f"  {name} failed at {keys[0]}{f' and {len(keys) - 1} others' if keys[1:] else ''}: {reason}")
    if "mlopskit" in verdicts:
        wrong = [f"{key} ({word})" for key, word in verdicts["mlopskit"].words.items() if word != "right"]
        print(f"\n  Ours is wrong at: {'; '.join(wrong) or 'none'}.")


def count_of(verdict: Verdict, word: str, kind: str, *, changes: bool) -> str:
    failed = verdict.count("failed", kind, changes=changes)
    return str(verdict.count(word, kind, changes=changes)) + (f" (+ {failed} failed)" if failed else "")


def case_table(verdicts: dict[str, Verdict]) -> None:
    """Print the cases at which any tool is not right."""
    cells = {}
    for question in QUESTIONS:
        words = [verdict.words[question.key] for verdict in verdicts.values()]
        if set(words) != {"right"}:
            cells[question.key] = ["." if word == "right" else word for word in words]
    right = len(QUESTIONS) - len(cells)
    table(f"Which ones; all are right at {right} of {len(QUESTIONS)} cases", list(verdicts), None, cells, {})


TABLES = {
    "chain": chain_table,
    "frame": frame_table,
    "fan": fan_table,
    "pool": pool_table,
    "answers": answers_table,
}

if __name__ == "__main__":
    main()
