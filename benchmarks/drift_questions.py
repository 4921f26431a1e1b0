"""What a simulation asks a library: is there an alarm, or is the change found? Each question is asked once a seed."""

import numpy as np
import pandas as pd
from drift_peers import LIBRARIES
from drift_scenarios import ALONE, CHANGES, Pair, nothing_moved, one_moved, weeks

ROWS = 1_000
"""On each side, where something moves."""
ALONE_ALPHA = 0.005


def simulated(library: str, questions: list[list], seeds: list[int]) -> list[int]:
    """Count how often the answer to each of several questions is yes."""
    return [sum(QUESTIONS[name](library, *arguments, seed) for seed in range(*seeds)) for name, *arguments in questions]


def any_alarm(library: str, rows: int, columns: int, seed: int) -> bool:
    """Tell whether an alarm is raised although nothing has moved."""
    return bool(_alarms(library, nothing_moved(rows, columns, seed)))


def finds(library: str, change: str, seed: int) -> bool:
    """Tell whether the column that moved raises an alarm."""
    return CHANGES[change][0] in _alarms(library, one_moved(change, ROWS, seed))


def drifted_together(library: str, change: str, seed: int) -> bool:
    """Tell whether eight columns of numbers, taken together, raise an alarm."""
    reference, current = (frame.select_dtypes("number") for frame in one_moved(change, ROWS, seed))
    return bool(_alarms(library, (reference, current)))


def statistic_finds(statistic: str, kind: str, change: str, seed: int) -> bool:
    """Tell whether one of our statistics finds that a single column has changed."""
    from mlopskit import DriftDetector
    from mlopskit.drift import statistics

    rng = np.random.default_rng(seed)
    before, after = (pd.DataFrame({"x": draw(rng, ROWS)}) for draw in ALONE[kind][change])
    detector = DriftDetector(ALONE_ALPHA, "none", 0.0, statistics=getattr(statistics, statistic)())
    (row,) = detector.fit(before).detect(after).columns
    return row.p_value < ALONE_ALPHA


def weekly_alarm(setting: str, shift: float, seed: int) -> bool:
    """Tell whether an alarm is raised about a week, if the rows of a day have something in common."""
    from mlopskit import DriftDetector

    reference, current = weeks(shift, seed)
    if setting == "rows dealt out by day":
        return DriftDetector(groups="day").fit(reference).detect(current).drifted
    learned = {"time": "day", "freq": "W"} if setting == "usual between weeks" else {"time": "day"}
    return DriftDetector().fit(reference, **learned).detect(current).drifted


def _alarms(library: str, pair: Pair) -> list[str]:
    asked = LIBRARIES[library]()
    reference, current = map(asked.prepared, pair)
    asked.fit(reference)
    return asked.alarms(current)


QUESTIONS = {each.__name__: each for each in (any_alarm, finds, drifted_together, statistic_finds, weekly_alarm)}
