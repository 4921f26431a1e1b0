from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mlopskit.drift import DriftDetector
from mlopskit.errors import NotFittedError, ValidationError
from mlopskit.records.drift import DriftReport


def frame(rows: int = 1000, seed: int = 0, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "distance": random.normal(size=rows) + shift,
            "stops": random.poisson(2, rows),
            "origin": random.choice(["EWR", "JFK", "LGA"], rows),
            "late": random.random(rows) < 0.2,
            "when": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 5000, rows), unit="m"),
        }
    )


@pytest.fixture
def detector() -> DriftDetector:
    return DriftDetector().fit(frame())


def row(report: DriftReport, column: str):
    return next(each for each in report.columns if each.column == column)


def test_data_from_the_same_source_is_stable(detector):
    report = detector.detect(frame(seed=1))
    assert not report.drifted
    assert {each.verdict for each in report.columns} == {"stable"}
    assert (report.n_reference, report.n_current) == (1000, 1000)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("distance", lambda values: values + 0.5),
        ("distance", lambda values: values * 3),
        ("stops", lambda values: values + 1),
        ("origin", lambda values: values.replace("EWR", "JFK")),
        ("origin", lambda values: values.replace("EWR", "SWF")),
        ("late", lambda values: ~values),
        ("when", lambda values: values + pd.Timedelta("2D")),
    ],
)
def test_one_changed_column_is_found_and_no_other(detector, column, change):
    current = frame(seed=1)
    current[column] = change(current[column])
    assert detector.detect(current).drifted_columns == (column,)


def test_a_change_below_min_effect_is_stable_however_certain():
    detector = DriftDetector(min_effect=0.1).fit(frame(20_000, columns := 0))
    found = row(detector.detect(frame(20_000, seed=columns + 1, shift=0.1)), "distance")
    assert found.corrected_p_value < 1e-6
    assert (found.verdict, found.effect < 0.1) == ("stable", True)
    assert row(detector.set_params(min_effect=0.02).detect(frame(20_000, seed=1, shift=0.1)), "distance").drifted


def test_chunks_give_the_same_report_as_the_whole(detector):
    current = frame(seed=1, shift=0.3)
    chunks = (current.iloc[start : start + 130] for start in range(0, 1000, 130))
    assert detector.detect(chunks) == detector.detect(current)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_not_enough_data(detector, rows):
    report = detector.detect(frame().head(rows))
    assert {each.verdict for each in report.columns} == {"not enough data"}
    assert not report.drifted
    assert detector.detect([]) == detector.detect(frame().head(0))


def test_a_column_of_missing_values_drifts_by_its_missing_share_and_others_are_still_told(detector):
    report = detector.detect(frame(seed=1, shift=2).assign(stops=np.nan))
    stops = row(report, "stops")
    assert (stops.verdict, stops.method, stops.effect, stops.missing_after, stops.n) == (
        "drifted",
        "missing share",
        1,
        1,
        0,
    )
    assert row(report, "distance").drifted


def test_missing_values_on_both_sides_are_not_enough_data():
    empty = frame().assign(stops=None)
    assert row(DriftDetector().fit(empty).detect(empty), "stops").verdict == "not enough data"


def test_values_in_a_column_that_had_none_are_drift(detector):
    report = DriftDetector().fit(frame().assign(stops=np.nan)).detect(frame())
    assert (row(report, "stops").verdict, row(report, "stops").method) == ("drifted", "missing share")


def test_a_change_of_the_missing_share_alone_is_drift(detector):
    current = frame(seed=1)
    current.loc[current.index % 4 == 0, "distance"] = np.nan
    found = row(detector.detect(current), "distance")
    assert (found.verdict, found.method) == ("drifted", "missing share")
    assert (found.missing_before, found.missing_after, found.effect) == (0, 0.25, 0.25)


def test_a_missing_column_and_a_changed_kind_are_flagged(detector):
    report = detector.detect(frame(seed=1).drop(columns="origin").assign(stops="three"))
    assert row(report, "origin").verdict == "missing column"
    assert row(report, "stops").verdict == "changed kind"
    assert report.drifted_columns == ("origin", "stops")
    assert DriftDetector(columns=["origin"]).fit(frame()).detect(frame()[["late"]]).n_current == 1000


def test_new_columns_are_left_alone(detector):
    assert not detector.detect(frame(seed=1).assign(new=1)).drifted


def test_dtypes_of_one_kind_are_compared_with_each_other(detector):
    current = frame(seed=1).astype({"stops": "Int64", "distance": "float32", "origin": "category", "late": "boolean"})
    current["when"] = current["when"].dt.tz_localize("UTC").dt.as_unit("ms")
    current["late"] = current["late"].astype(object)
    assert {each.verdict for each in detector.detect(current).columns} == {"stable"}


def test_a_constant_column_has_a_p_value_of_one():
    constant = pd.DataFrame({"number": [1.0] * 50, "label": ["a"] * 50})
    report = DriftDetector().fit(constant).detect(constant.head(20))
    assert [each.p_value for each in report.columns] == [1, 1]


def test_identifiers_are_stable_whether_few_or_many():
    for rows in (200, 5000):
        names = [pd.DataFrame({"id": [f"{side}-{number}" for number in range(rows)]}) for side in ("a", "b")]
        assert DriftDetector().fit(names[0]).detect(names[1]).columns[0].verdict == "stable"


def test_alarms_about_batches_in_which_nothing_moved_stay_below_alpha():
    random = np.random.default_rng(0)

    def batch():
        columns = {f"n{number}": random.normal(size=300) for number in range(10)}
        columns |= {
            f"c{number}": random.choice(list("abcdefgh"), 300, p=[0.5, 0.3, 0.1, *[0.02] * 5]) for number in range(10)
        }
        sample = pd.DataFrame(columns)
        return sample.mask(random.random(sample.shape) < 0.05)

    detector = DriftDetector(min_effect=0)
    alarms = sum(detector.fit(batch()).detect(batch()).drifted for _ in range(100))
    assert alarms <= 10  # at 5 % the chance of more is 1 %


def test_only_the_columns_asked_for_are_watched():
    report = DriftDetector(columns=["origin"]).fit(frame()).detect(frame(seed=1, shift=3))
    assert [each.column for each in report.columns] == ["origin"]


def test_it_is_cloned_like_an_estimator_and_asks_to_be_fitted():
    twin = clone(DriftDetector(alpha=0.01, columns=["a"]))
    assert twin.get_params() == {"alpha": 0.01, "correction": "bh", "min_effect": 0.1, "columns": ["a"]}
    assert repr(twin) == "DriftDetector(alpha=0.01, correction='bh', min_effect=0.1, columns=['a'])"
    with pytest.raises(NotFittedError, match="call fit"):
        twin.detect(frame())
    with pytest.raises(ValueError, match="no parameter beta"):
        twin.set_params(beta=1)


@pytest.mark.parametrize(
    "params", [{"alpha": 0}, {"alpha": 1.5}, {"min_effect": -1}, {"correction": "bhy"}, {"columns": "origin"}]
)
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        DriftDetector(**params).fit(frame())


def test_periods_are_compared_one_by_one(detector):
    months = [frame(200, seed=month, shift=month) for month in range(3)]
    whole = pd.concat([each.assign(day=f"2013-0{month + 1}-05") for month, each in enumerate(months)]).sample(
        frac=1, random_state=0
    )
    timeline = detector.detect_by(whole, time="day")
    assert [each.period for each in timeline.periods] == [
        "2013-01-01T00:00:00",
        "2013-02-01T00:00:00",
        "2013-03-01T00:00:00",
    ]
    assert ["distance" in each.report.drifted_columns for each in timeline.periods] == [False, True, True]
    assert timeline.periods[1].report == detector.detect(months[1])


def test_a_period_without_rows_is_not_enough_data(detector):
    sparse = frame(40).assign(day=pd.to_datetime(["2013-01-05", "2013-03-05"] * 20))
    verdicts = [each.report.columns[0].verdict for each in detector.detect_by(sparse, time="day").periods]
    assert verdicts == ["stable", "not enough data", "stable"]


def test_rows_without_a_time_belong_to_no_period(detector):
    whole = frame(100).assign(day=["2013-01-05", None] * 50)
    assert [each.report.n_current for each in detector.detect_by(whole, time="day").periods] == [50]


def test_the_time_column_is_not_compared_itself():
    dated = frame()
    timeline = DriftDetector().fit(dated).detect_by(dated, time="when", freq="D")
    assert all(each.column != "when" for period in timeline.periods for each in period.report.columns)


def test_what_is_no_time_is_refused_without_showing_values(detector):
    with pytest.raises(ValidationError, match="no column 'hour'"):
        detector.detect_by(frame(), time="hour")
    with pytest.raises(ValidationError, match="'origin' can not be read as moments") as caught:
        detector.detect_by(frame(), time="origin")
    assert "JFK" not in str(caught.value)
