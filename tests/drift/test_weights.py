"""Rows that count by their weight."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift import DriftDetector, Profile, Statistic, statistics
from mlopskit.drift.serializer import DetectorSerializer
from mlopskit.errors import ValidationError


def population(rows: int, seed: int) -> pd.DataFrame:
    """Few long flights, many short ones; some delays are missing."""
    random = np.random.default_rng(seed)
    is_long = random.random(rows) < 0.1
    delay = random.normal(size=rows) + 2 * is_long
    return pd.DataFrame(
        {
            "delay": np.where(random.random(rows) < 0.05, np.nan, delay),
            "kind": np.where(is_long, "long", "short"),
            "stops": is_long * 1 + random.integers(0, 2, rows),
            "weight": 1.0,
        }
    )


def drawn_unevenly(rows: int, seed: int) -> pd.DataFrame:
    """Long flights are ten times as likely to be drawn, and weigh a tenth."""
    frame = population(20 * rows, seed)
    chance = np.where(frame["kind"] == "long", 1.0, 0.1)
    drawn = frame.sample(rows, weights=chance, random_state=seed)
    return drawn.assign(weight=np.where(drawn["kind"] == "long", 0.1, 1.0))


def test_an_uneven_draw_is_drift_unless_its_rows_are_weighed():
    reference, current = population(4000, 0), drawn_unevenly(2000, 1)
    plain = DriftDetector(columns=["delay", "kind", "stops"]).fit(reference).detect(current)
    weighed = DriftDetector(weights="weight").fit(reference).detect(current)
    assert set(plain.drifted_columns) == {"delay", "kind", "stops"}
    assert not weighed.drifted
    assert [each.column for each in weighed.columns] == ["delay", "kind", "stops"]


def test_false_alarms_stay_below_alpha():
    """Of 150 pairs at most 15 may lie below 0.05: a binomial count exceeds it once in 150 times."""
    alarms = 0
    for seed in range(150):
        detector = DriftDetector(columns=["delay"], weights="weight", min_effect=0).fit(population(1000, seed))
        alarms += detector.detect(drawn_unevenly(500, seed + 1000)).drifted
    assert alarms <= 15


def test_equal_weights_change_nothing():
    reference, current = population(2000, 0), population(800, 1).assign(delay=lambda rows: rows["delay"] + 0.3)
    plain = DriftDetector(columns=["delay", "kind", "stops"]).fit(reference).detect(current)
    for weight in (1.0, 3.5):
        weighed = DriftDetector(weights="weight").fit(reference).detect(current.assign(weight=weight))
        pd.testing.assert_frame_equal(weighed.to_frame(), plain.to_frame(), rtol=1e-9)


def test_effective_rows_are_those_of_kish():
    frame = pd.DataFrame({"x": np.arange(100.0), "w": [1.0] * 50 + [3.0] * 50})
    profile = Profile.of(frame, ["x"], weights="w").effective()
    assert profile.columns["x"].values == pytest.approx(200**2 / 500)
    assert profile.columns["x"].cells.counts[-1] == pytest.approx(3 * profile.columns["x"].cells.counts[0])


def test_chunks_and_a_round_trip_give_the_same():
    reference, current = drawn_unevenly(1000, 2), drawn_unevenly(600, 3)
    detector = DriftDetector(weights="weight").fit(reference)
    report = detector.detect(current)
    chunks = (current.iloc[start : start + 90] for start in range(0, 600, 90))
    pd.testing.assert_frame_equal(detector.detect(chunks).to_frame(), report.to_frame())
    file = io.BytesIO()
    DetectorSerializer().write(detector, file)
    assert DetectorSerializer().read(io.BytesIO(file.getvalue()), version=2).detect(current) == report


@pytest.mark.parametrize(
    "statistic",
    [each() for each in (statistics.KolmogorovSmirnov, statistics.Energy, statistics.GTest, statistics.Wasserstein)],
    ids=lambda each: each.name,
)
def test_every_statistic_takes_weighed_rows(statistic):
    detector = DriftDetector(weights="weight", statistics={"delay": statistic}).fit(population(1000, 0))
    moved = drawn_unevenly(500, 1).assign(delay=lambda rows: rows["delay"] + 1)
    assert detector.detect(moved).drifted_columns == ("delay",)


BUILT_IN = [
    kind()
    for kind in map(vars(statistics).get, statistics.__all__)
    if isinstance(kind, type) and issubclass(kind, Statistic) and kind is not Statistic
]


def with_light_ends(seed: int, weight: float, shift: float = 0.0) -> pd.DataFrame:
    """Columns of many values, of few and of labels, whose first and last values weigh little."""
    random = np.random.default_rng(seed)
    few = random.integers(0, 6, 600)
    is_end = np.isin(few, [0, 2, 5])
    many = np.where(is_end, few - 2.5 + random.random(600) / 9, random.random(600)) + shift
    return pd.DataFrame(
        {"many": many, "few": few, "label": list(map(str, few)), "weight": np.where(is_end, weight, 1.0)}
    )


@pytest.mark.parametrize("statistic", BUILT_IN, ids=lambda each: each.name)
def test_rows_that_weigh_nothing_are_not_seen(statistic):
    detector = DriftDetector(weights="weight", statistics=statistic, min_effect=0)
    reference, current = with_light_ends(0, weight=0.0), with_light_ends(1, weight=0.0, shift=0.1)
    current = current.replace({"label": {"0": "new"}})
    report = detector.fit(reference).detect(current)
    seen, seen_now = (each[each["weight"] > 0] for each in (reference, current))
    assert report.columns == detector.fit(seen).detect(seen_now).columns


@pytest.mark.parametrize("statistic", BUILT_IN, ids=lambda each: each.name)
@pytest.mark.parametrize("weight", [1e-14, 1e-18, 1e-150])
def test_rows_that_weigh_next_to_nothing_leave_p_values(statistic, weight):
    """What they add is lost when weights are summed, so that shares of rows are rounded to 0 and 1."""
    detector = DriftDetector(weights="weight", statistics=statistic, min_effect=0).fit(with_light_ends(0, weight))
    same, moved = (detector.detect(with_light_ends(1, weight, shift)) for shift in (0.0, 0.3))
    for report in (same, moved):
        figures = [(each.statistic, each.p_value, each.effect) for each in report.columns]
        assert np.isfinite(figures).all()
    assert not same.drifted
    assert moved.drifted_columns == ("many",)


def test_a_single_light_row_at_the_end_leaves_other_columns_their_alarms():
    reference = population(2000, 0)
    reference.loc[reference["delay"].idxmax(), "weight"] = 1e-14
    report = DriftDetector(weights="weight").fit(reference).detect(population(800, 1).assign(kind="long"))
    assert report.drifted_columns == ("kind",)
    assert report.columns[0].p_value > 0.01


@pytest.mark.parametrize("weight", [0.0, 1e-18])
def test_groups_of_light_rows_leave_p_values(weight):
    def weighed(seed, shift=0.0):
        return with_light_ends(seed, weight, shift).assign(day=[f"{seed}-{each // 20}" for each in range(600)])

    detector = DriftDetector(weights="weight", groups="day").fit(weighed(0))
    assert not detector.detect(weighed(1)).drifted
    assert detector.detect(weighed(1, shift=0.3)).drifted_columns == ("many",)


@pytest.mark.parametrize("weight", [np.nan, -1.0, np.inf, "heavy"])
def test_weights_that_are_none_are_refused_without_showing_them(weight):
    frame = population(20, 0).astype({"weight": object})
    frame.loc[3, "weight"] = weight
    with pytest.raises(ValidationError, match="'weight'") as caught:
        DriftDetector(weights="weight").fit(frame)
    assert "heavy" not in str(caught.value)


def test_a_frame_without_the_column_of_weights_is_refused():
    with pytest.raises(ValidationError, match="no column 'weight'"):
        DriftDetector(weights="weight").fit(population(20, 0).drop(columns="weight"))
