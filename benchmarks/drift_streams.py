"""How fast and how good are the detectors for streams? ``python benchmarks/drift_streams.py`` prints the tables.

Ours stand beside River's with River's parameters, in one process, in turn; ``--quick`` takes fewer samples. Speeds are
medians of CPU time. Delays and false alarms are those on streams with one change in their middle: of a mean, of an
error rate, and of what a Hoeffding tree has to learn from the SEA and AGRAWAL generators. Since both sides see the same
streams, the last column tells whether they raise the same alarms.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from mlopskit.drift import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, KSWIN, PageHinkley

KINDS = {
    "ADWIN": ADWIN,
    "PageHinkley": PageHinkley,
    "DDM": DDM,
    "EDDM": EDDM,
    "HDDM_A": HDDM_A,
    "HDDM_W": HDDM_W,
    "KSWIN": KSWIN,
}
WIDER = "KSWIN, 150 of 400"
SETTINGS = {WIDER: {"alpha": 1e-5, "window_size": 400, "stat_size": 150}}
OF_ERRORS = ("DDM", "EDDM", "HDDM_A", "HDDM_W")
TARGETS = {"ADWIN": 0.5, "PageHinkley": 5, "DDM": 10, "KSWIN": 100}
SLOW = {"KSWIN": 50, WIDER: 50}  # River's is given that much less
CHANGE, LENGTH = 5_000, 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the samples")
    quick = parser.parse_args().quick
    speeds("without a change", 1_000_000, 1_000_000, repeats=1 if quick else 5)
    speeds("with a change every 5,000 values", 1_000_000, 5_000, repeats=1 if quick else 5)
    for title, streams, names in STREAMS:
        drawn = list(streams(3 if quick else 10))
        quality(title, drawn, names)


# -- speed -------------------------------------------------------------------------------------


def speeds(title: str, size: int, every: int, repeats: int) -> None:
    """Print updates a second."""
    random = np.random.default_rng(0)
    levels = np.repeat(random.random(size // every), every)
    values = random.normal(2 * levels)
    errors = (random.random(size) < 0.1 + 0.3 * levels).astype(float)
    rows = []
    for name in KINDS:
        stream = errors if name in OF_ERRORS else values
        many = stream[: size // SLOW.get(name, 1) * 2] if name in SLOW else stream
        few = stream[: size // 10 // SLOW.get(name, 1)].tolist()
        ours(name).update_many(many[:5000])  # so that what is made once is there
        samples = [(rate_of_many(name, many), rate(name, few), rate_of_river(name, few)) for _ in range(repeats)]
        at_once, one, theirs = map(statistics.median, zip(*samples, strict=True))
        ratio = statistics.median(sample[0] / sample[2] for sample in samples)
        target = f">= {TARGETS[name]:g} x" if name in TARGETS else ""
        rows.append([name, f"{theirs:,.0f}", f"{one:,.0f}", f"{at_once:,.0f}", f"{ratio:,.1f} x", target])
    table(
        f"Updates a second, {title} ({repeats} samples; median of ratios)",
        ["", "River", "update", "update_many", "to River", "target"],
        rows,
    )


def rate_of_many(name: str, values: np.ndarray) -> float:
    began = time.process_time()
    ours(name).update_many(values)
    return len(values) / (time.process_time() - began)


def rate(name: str, values: list[float]) -> float:
    detector, alarms, began = ours(name), [], time.process_time()
    for position, value in enumerate(values):
        if detector.update(value):
            alarms.append(position)
    return len(values) / (time.process_time() - began)


def rate_of_river(name: str, values: list[float]) -> float:
    detector, alarms, began = river(name), [], time.process_time()
    for position, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(position)
    return len(values) / (time.process_time() - began)


def ours(name: str) -> object:
    return KINDS[name.partition(",")[0]](**SETTINGS.get(name, {}))


def river(name: str) -> object:
    from river import drift
    from river.drift import binary

    kind = name.partition(",")[0].replace("_", "")
    params = SETTINGS.get(name, {}) | ({"seed": 0} if kind == "KSWIN" else {})
    return getattr(binary if name in OF_ERRORS else drift, kind)(**params)


# -- quality -----------------------------------------------------------------------------------


def quality(title: str, streams: list[np.ndarray], names: tuple[str, ...]) -> None:
    """Print delays and false alarms."""
    rows = []
    for name in names:
        found = [ours(name).update_many(stream).tolist() for stream in streams]
        compared = max(1, len(streams) // 5) if name in SLOW else len(streams)
        theirs = [alarms_of_river(name, stream) for stream in streams[:compared]]
        same = sum(mine == other for mine, other in zip(found, theirs, strict=False))
        of_river = figures(theirs) if compared == len(streams) else ["-"] * 3
        rows.append([name, *figures(found), *of_river, f"{same} of {compared}"])
    heads = ["", "delay", "false alarms", "missed", "River: delay", "false alarms", "missed", "same alarms"]
    table(f"{title} ({len(streams)} streams; false alarms per 10,000 values)", heads, rows)


def figures(alarms: list[list[int]]) -> list[str]:
    """Give the median delay, the rate of alarms before the change, and the share of streams with none behind it.

    A detector that raises many false alarms is quick by chance.
    """
    delays = [min((at - CHANGE for at in some if at >= CHANGE), default=None) for some in alarms]
    found = [delay for delay in delays if delay is not None]
    false = sum(at < CHANGE for some in alarms for at in some) / (len(alarms) * CHANGE) * 10_000
    return [f"{statistics.median(found):,.0f}" if found else "-", f"{false:.1f}", f"{1 - len(found) / len(alarms):.0%}"]


def alarms_of_river(name: str, stream: np.ndarray) -> list[int]:
    detector, alarms = river(name), []
    for position, value in enumerate(stream.tolist()):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(position)
    return alarms


def gaussian(step: float, spread: float) -> Callable[[int], Iterator[np.ndarray]]:
    def draw(number: int) -> Iterator[np.ndarray]:
        late = np.arange(LENGTH) >= CHANGE
        for seed in range(number):
            yield np.random.default_rng(seed).normal(step * late, np.where(late, spread, 1.0))

    return draw


def bernoulli(before: float, after: float) -> Callable[[int], Iterator[np.ndarray]]:
    def draw(number: int) -> Iterator[np.ndarray]:
        rates = np.repeat([before, after], [CHANGE, LENGTH - CHANGE])
        for seed in range(number):
            yield (np.random.default_rng(seed).random(LENGTH) < rates).astype(float)

    return draw


def learned(before: str, after: str) -> Callable[[int], Iterator[np.ndarray]]:
    """Errors of a tree that goes on learning, first from one concept and then from another."""

    def draw(number: int) -> Iterator[np.ndarray]:
        from river.tree import HoeffdingTreeClassifier

        for seed in range(number):
            model, errors = HoeffdingTreeClassifier(), []
            for part, length in ((before, CHANGE), (after, LENGTH - CHANGE)):
                for x, y in concept(part, seed).take(length):
                    errors.append(float(model.predict_one(x) != y))
                    model.learn_one(x, y)
            yield np.array(errors)

    return draw


def concept(name: str, seed: int) -> object:
    from river.datasets import synth

    kind, _, number = name.partition(" ")
    if kind == "SEA":
        return synth.SEA(int(number), noise=0.1, seed=seed)
    return synth.Agrawal(int(number), seed=seed)


OF_NUMBERS = ("ADWIN", "PageHinkley", "KSWIN", WIDER)
OF_ANY_ERRORS = ("ADWIN", "PageHinkley", *OF_ERRORS)
STREAMS = [
    ("Gaussian, mean + 1 sigma", gaussian(1.0, 1.0), OF_NUMBERS),
    ("Gaussian, mean + 0.25 sigma", gaussian(0.25, 1.0), OF_NUMBERS),
    ("Gaussian, sigma x 3", gaussian(0.0, 3.0), OF_NUMBERS),
    ("Bernoulli, 0.1 to 0.3", bernoulli(0.1, 0.3), OF_ANY_ERRORS),
    ("Bernoulli, 0.2 to 0.25", bernoulli(0.2, 0.25), OF_ANY_ERRORS),
    ("Errors of a tree on SEA, concept 2 to 3", learned("SEA 2", "SEA 3"), OF_ANY_ERRORS),
    ("Errors of a tree on AGRAWAL, function 0 to 2", learned("AGRAWAL 0", "AGRAWAL 2"), OF_ANY_ERRORS),
]


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(line[column]) for line in [heads, *rows]) for column in range(len(heads))]
    print(f"\n{title}")
    for first, *others in [heads, ["-" * width for width in widths], *rows]:
        print("  " + "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]), flush=True)


if __name__ == "__main__":
    main()
