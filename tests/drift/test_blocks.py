from __future__ import annotations

import tracemalloc
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift import DriftDetector, Profile
from mlopskit.drift.blocks import block_p_value, missing_p_value
from mlopskit.errors import ValidationError


def stormy(days: int, seed: int, shift: float = 0.0, rows: int = 40) -> pd.DataFrame:
    """Rows of some days, each with a mean and a favourite label of its own."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    level, favour = random.normal(size=days)[day], random.random(days)[day]
    return pd.DataFrame(
        {
            "day": [f"{seed}-{each}" for each in day],
            "delay": random.normal(size=days * rows) + level + shift,
            "origin": np.where(random.random(days * rows) < favour, "EWR", "JFK"),
        }
    )


def groups(frame: pd.DataFrame):
    return Profile.of(frame, ["delay", "origin"], groups="day").groups


def test_few_groups_are_dealt_out_in_every_way():
    whole = stormy(7, seed=0).round(1)
    reference, current = whole[whole["day"] < "0-4"], whole[whole["day"] >= "0-4"]
    by_day = {day: rows["origin"] == "EWR" for day, rows in whole.groupby("day")}

    def chi_square(chosen):
        first = np.concatenate([rows for day, rows in by_day.items() if day in chosen])
        second = np.concatenate([rows for day, rows in by_day.items() if day not in chosen])
        size = len(first) * len(second) / len(whole)
        pooled = np.concatenate([first, second]).mean()
        return size * (first.mean() - second.mean()) ** 2 / (pooled * (1 - pooled))

    observed = chi_square(set(reference["day"]))
    expected = np.mean([chi_square(set(chosen)) >= observed - 1e-9 for chosen in combinations(by_day, 4)])
    assert block_p_value(groups(reference), groups(current), "origin") == pytest.approx(expected)


def test_many_groups_of_one_row_need_little_memory():
    """A table of all groups by all their distinct values took 200 MB, and dealing them out several of them."""
    whole = pd.DataFrame({"x": np.random.default_rng(0).normal(size=2000), "day": np.arange(2000)})
    reference, current = (Profile.of(half, ["x"], groups="day").groups for half in (whole.head(1000), whole.tail(1000)))
    tracemalloc.start()
    block_p_value(reference, current, "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_with_many_cells_the_p_value_is_that_of_all_ways_to_deal_out_all_values():
    """Cells change the statistic little, and the ways that are as extreme hardly."""
    random = np.random.default_rng(3)
    whole = pd.DataFrame({"x": random.normal(size=120), "day": np.repeat(np.arange(8), 15)})
    whole["x"] += 0.6 * (whole["day"] >= 4) + random.normal(0, 0.3, 8)[whole["day"]]
    sides = whole[whole["day"] < 4], whole[whole["day"] >= 4]

    def anderson_darling(chosen):
        first = np.sort(whole["x"][whole["day"].isin(chosen)])
        pooled = np.sort(whole["x"])
        i = np.arange(1, 120)
        below = np.searchsorted(first, pooled[:-1], side="right")
        return np.sum((below * 120 - i * 60) ** 2 / (i * (120 - i)))

    every = {chosen: anderson_darling(chosen) for chosen in combinations(range(8), 4)}
    expected = np.mean([each >= every[0, 1, 2, 3] - 1e-9 for each in every.values()])
    found = block_p_value(*(Profile.of(side, ["x"], groups="day").groups for side in sides), "x")
    assert 0.02 < expected < 0.5
    assert found == pytest.approx(expected, abs=2 / 70)


def test_ways_dealt_out_piece_by_piece_are_those_dealt_out_at_once():
    whole = stormy(20, seed=0).round(1)
    reference, current = whole[whole["day"] < "0-18"], whole[whole["day"] >= "0-18"]
    levels = whole.assign(is_ewr=whole["origin"] == "EWR").groupby("day", sort=False)["is_ewr"].sum().to_numpy()
    first = len(set(reference["day"]))
    order = np.argsort([day not in set(reference["day"]) for day in dict.fromkeys(whole["day"])], kind="stable")
    levels = levels[order]

    def gap(chosen):
        return np.abs(levels[chosen].sum(axis=-1) / first - np.delete(levels, chosen).sum() / (20 - first))

    chosen = np.argsort(np.random.default_rng(0).random((4999, 20)), axis=1)[:, :first]
    as_large = sum(gap(each) >= gap(np.arange(first)) - 1e-9 for each in chosen)
    assert block_p_value(groups(reference), groups(current), "origin") == (1 + as_large) / 5000


@pytest.mark.parametrize("column", ["delay", "origin"])
def test_false_alarms_stay_below_alpha_where_taking_rows_for_independent_raises_them_always(column):
    plain, grouped = (DriftDetector(columns=[column], min_effect=0, groups=each) for each in (None, "day"))
    alarms = {None: 0, "day": 0}
    for seed in range(60):
        reference, current = stormy(15, seed), stormy(10, seed + 1000)
        for detector in (plain, grouped):
            alarms[detector.groups] += detector.fit(reference).detect(current).drifted
    assert alarms[None] > 25
    assert alarms["day"] <= 8


def test_a_shift_of_all_groups_is_found():
    detector = DriftDetector(groups="day").fit(stormy(30, seed=1))
    report = detector.detect(stormy(20, seed=2, shift=3.0))
    assert "delay" in report.drifted_columns
    assert [each.column for each in report.columns] == ["delay", "origin"]
    assert not report.added_columns


def test_few_groups_are_not_enough_data():
    found = DriftDetector(groups="day").fit(stormy(30, seed=1)).detect(stormy(1, seed=2, shift=9.0))
    assert found.columns[0].verdict == "not enough data"
    assert found.columns[0].p_value >= 1 / 31


def test_the_share_of_missing_values_is_dealt_out_too():
    calm = stormy(12, seed=3).assign(delay=lambda rows: rows["delay"].where(rows.index % 10 > 0))
    holes = stormy(12, seed=4).assign(delay=lambda rows: rows["delay"].where(rows.index % 2 > 0))
    assert missing_p_value(groups(calm), groups(holes), "delay") < 0.001
    assert missing_p_value(groups(calm), groups(calm.assign(day="x" + calm["day"])), "delay") == 1


def test_groups_in_chunks_count_as_in_one_frame():
    reference, current = stormy(30, seed=1), stormy(20, seed=2)
    detector = DriftDetector(groups="day").fit(reference.iloc[start : start + 77] for start in range(0, 1200, 77))
    chunks = (current.iloc[start : start + 33] for start in range(0, 800, 33))
    assert detector.detect(chunks) == DriftDetector(groups="day").fit(reference).detect(current)


def test_a_reference_without_any_group_is_refused():
    with pytest.raises(ValidationError, match="column 'day' has no value in the reference"):
        DriftDetector(groups="day").fit(stormy(5, seed=1).assign(day=None))


def test_a_batch_or_a_slice_without_any_group_tells_nothing():
    batch = stormy(20, seed=2, shift=9.0)
    detector = DriftDetector(groups="day").fit(stormy(30, seed=1))
    delay, origin = detector.detect(batch.assign(day=None)).columns
    assert (delay.verdict, delay.p_value, origin.drifted) == ("not enough data", 1, False)
    airlines = stormy(30, seed=1).assign(airline=lambda rows: np.where(rows.index % 2, "AA", "UA"))
    airlines["day"] = airlines["day"].where(airlines["airline"] == "AA")
    reports = detector.fit(airlines, slices="airline").detect_slices(batch.assign(airline=["AA", "UA"] * 400))
    assert {name: report.columns[0].verdict for name, report in reports.items()} == {
        "AA": "drifted", "UA": "not enough data",
    }  # fmt: skip


def test_a_frame_without_the_column_of_groups_is_refused():
    detector = DriftDetector(groups="day").fit(stormy(5, seed=1))
    with pytest.raises(ValidationError, match="no column 'day'"):
        detector.detect(stormy(5, seed=1).drop(columns="day"))


def test_a_column_that_misses_every_value_on_both_sides_has_not_moved():
    rows = pd.DataFrame({"nothing": [None] * 200, "day": np.arange(200) % 20})
    report = DriftDetector(groups="day", min_effect=0).fit(rows).detect(rows)
    assert (report.columns[0].verdict, report.columns[0].p_value) == ("not enough data", 1.0)
