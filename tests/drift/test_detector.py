from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mlopskit.drift import DriftDetector, Profile, Statistic, statistics
from mlopskit.drift.multivariate.correlation import CorrelationChange
from mlopskit.drift.multivariate.domain_classifier import DomainClassifier
from mlopskit.drift.multivariate.mmd import MMD
from mlopskit.drift.serializer import DetectorSerializer
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
    detector = DriftDetector(min_effect=0.1).fit(frame(20_000))
    found = row(detector.detect(frame(20_000, seed=1, shift=0.07)), "distance")
    assert found.corrected_p_value < 1e-4
    assert (found.verdict, found.effect < 0.1) == ("stable", True)
    assert row(detector.set_params(min_effect=0.02).detect(frame(20_000, seed=1, shift=0.07)), "distance").drifted


def test_a_large_effect_that_may_be_chance_is_not_enough_data(detector):
    found = row(detector.detect(frame(12, seed=5)), "distance")
    assert found.effect > 0.1
    assert found.corrected_p_value > 0.05
    assert found.verdict == "not enough data"


def test_the_effect_of_numbers_is_in_standard_deviations():
    detector = DriftDetector().fit(frame(50_000))
    for shift in (0.1, 0.25, 1.0):
        found = row(detector.detect(frame(50_000, seed=1, shift=shift)), "distance")
        assert found.effect == pytest.approx(shift, abs=0.02)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3])
def test_a_share_of_missing_values_is_found(share):
    current = frame(5000, seed=1)
    current.loc[current.index < share * 5000, "distance"] = np.nan
    found = row(DriftDetector().fit(frame(5000)).detect(current), "distance")
    assert (found.drifted, found.method) == (True, "missing share")


def test_a_new_category_of_five_percent_and_a_vanished_one_are_found():
    reference, current = frame(3000), frame(1000, seed=1)
    current["origin"] = current["origin"].mask(current.index % 20 == 0, "SWF")
    found = row(DriftDetector().fit(reference).detect(current), "origin")
    assert found.drifted
    assert found.method in ("chi-square", "new categories")
    gone = reference.assign(origin=reference["origin"].mask(reference.index % 20 == 0, "SWF"))
    assert row(DriftDetector().fit(gone).detect(frame(1000, seed=1)), "origin").method == "vanished categories"


def test_texts_too_varied_to_be_categories_drift_by_their_length():
    def texts(seed, longest):
        random = np.random.default_rng(seed)
        return pd.DataFrame(
            {"note": ["x" * size + str(random.integers(10**9)) for size in random.integers(1, longest, 3000)]}
        )

    detector = DriftDetector().fit(texts(0, 40))
    assert not detector.detect(texts(1, 40)).drifted
    assert row(detector.detect(texts(1, 60)), "note").method == "text length"


def test_ten_thousand_categories():
    random = np.random.default_rng(0)
    names = np.array([f"c{number}" for number in range(10_000)])
    reference, same = (pd.DataFrame({"c": random.choice(names, 50_000)}) for _ in range(2))
    detector = DriftDetector().fit(reference)
    assert not detector.detect(same).drifted
    assert detector.detect(pd.DataFrame({"c": np.where(random.random(50_000) < 0.3, "c7", same["c"])})).drifted


def test_vectors_drift_by_their_lengths():
    random = np.random.default_rng(0)
    reference, same = (pd.DataFrame({"embedding": list(random.normal(size=(500, 8)))}) for _ in range(2))
    detector = DriftDetector().fit(reference)
    assert row(detector.detect(same), "embedding").kind == "vector"
    assert not detector.detect(same).drifted
    assert detector.detect(same.map(lambda vector: 2 * vector)).drifted


def test_infinities_are_values_like_others(detector):
    current = frame(seed=1)
    current.loc[current.index % 4 == 0, "distance"] = np.inf
    assert row(detector.detect(current), "distance").drifted
    assert not DriftDetector().fit(current).detect(current).drifted


def test_shuffled_rows_and_permuted_columns_change_nothing(detector):
    current = frame(seed=1, shift=0.4)
    report = detector.detect(current)
    assert detector.detect(current.sample(frac=1, random_state=3)) == report
    assert detector.detect(current[current.columns[::-1]]) == report
    other = DriftDetector().fit(frame().sample(frac=1, random_state=3)[current.columns[::-1]]).detect(current)
    assert {each.column: each for each in other.columns} == {each.column: each for each in report.columns}


def test_a_batch_of_one_row_and_one_of_none_still_name_every_column(detector):
    for rows in (0, 1):
        assert len(detector.detect(frame().head(rows)).columns) == 5


@pytest.mark.parametrize("params", [{}, {"columns": ["distance", "stops"]}, {"groups": "origin"}, {"weights": "stops"}])
def test_a_chunk_without_rows_and_columns_says_nothing(params):
    empty, rows = pd.DataFrame(), frame()
    learned = {"time": "when", "freq": "h", "season": "hour", "slices": "late"}
    detector = DriftDetector(**params).fit(rows, **learned)
    again = DriftDetector(**params).fit([empty, rows, empty], **learned)
    assert detector.detect([rows, empty]) == again.detect([empty, rows]) == detector.detect(rows)
    assert detector.detect_by([empty, rows, empty], time="when", freq="D") == again.detect_by(rows, "when", freq="D")
    assert detector.detect_slices([empty, rows]) == again.detect_slices([rows])
    with pytest.raises(ValidationError, match="no rows"):
        DriftDetector(**params).fit(empty)


def test_only_rows_lack_a_column(detector):
    for batch in (pd.DataFrame(), frame().head(0), frame().head(0)[["stops"]]):
        assert {each.verdict for each in detector.detect(batch).columns} == {"not enough data"}
    for batch in (frame()[[]], [frame(), frame()[["stops"]]]):
        assert row(detector.detect(batch), "origin").verdict == "missing column"
    with pytest.raises(ValidationError, match=r"'nope' in some or all of its rows: name others in columns="):
        DriftDetector(columns=["nope"]).fit(frame())


def test_two_columns_of_one_name_are_refused(detector):
    twice = pd.concat([frame(), frame()[["stops"]]], axis=1)
    with pytest.raises(ValidationError, match="same name"):
        detector.detect(twice)
    with pytest.raises(ValidationError, match="same name"):
        DriftDetector().fit(twice)


def test_the_reference_may_come_in_chunks_and_as_a_profile():
    whole = DriftDetector().fit(frame(3000))
    chunks = DriftDetector().fit(frame(3000).iloc[start : start + 700] for start in range(0, 3000, 700))
    profile = Profile.of(frame(3000).head(1000)).merge(Profile.of(frame(3000).tail(2000)))
    current = frame(seed=1, shift=0.2)
    assert whole.detect(current) == chunks.detect(current) == DriftDetector().fit(profile).detect(Profile.of(current))


def test_a_dask_frame_and_parquet_give_the_same_report(tmp_path):
    dataframe = pytest.importorskip("dask.dataframe")
    pytest.importorskip("pyarrow")
    reference, current = frame(2000), frame(seed=1, shift=0.3)
    report = DriftDetector().fit(reference).detect(current)
    with_dask = DriftDetector().fit(dataframe.from_pandas(reference, npartitions=3))
    assert with_dask.detect(dataframe.from_pandas(current, npartitions=4)) == report
    (tmp_path / "reference").mkdir()
    for place, rows in enumerate(np.array_split(np.arange(2000), 3)):
        reference.iloc[rows].to_parquet(tmp_path / "reference" / f"{place}.parquet")
    current.to_parquet(tmp_path / "current.parquet")
    from_files = DriftDetector().fit(tmp_path / "reference").detect(str(tmp_path / "current.parquet"))
    assert from_files.to_frame().equals(report.to_frame())


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (lambda: frame(0), "no rows"),
        (list, "no rows"),
        (lambda: [frame(10), frame(10).drop(columns="late")], "no column 'late'"),
        (lambda: [frame(10), frame(10).assign(stops="x")], "'stops' of the reference is of one kind"),
    ],
)
def test_a_reference_that_can_not_be_learned_from_is_refused(reference, message):
    with pytest.raises(ValidationError, match=message):
        DriftDetector().fit(reference())


def test_a_profile_is_held_against_the_columns_of_the_reference(detector):
    batch = frame(seed=1).drop(columns="origin").assign(new=1)
    report = detector.detect(Profile.of(batch))
    assert report == detector.detect(batch)
    assert row(report, "origin").verdict == "missing column"
    assert report.added_columns == ("new",)
    assert detector.detect(Profile.none()) == detector.detect([])


@pytest.mark.parametrize("role", ["groups", "weights"])
def test_a_profile_made_without_groups_or_weights_is_refused_where_they_count(role):
    rows = frame().assign(day=lambda frame: frame.index % 40, weight=2.0)
    roles = {role: {"groups": "day", "weights": "weight"}[role]}
    columns = ["distance", "origin"]
    told, untold = Profile.of(rows, columns, **roles), Profile.of(rows, columns)
    detector = DriftDetector(columns=columns, **roles)
    message = f"make it with Profile.of\\(frame, {role}='{roles[role]}'\\)"
    with pytest.raises(ValidationError, match=message):
        detector.fit(untold)
    with pytest.raises(ValidationError, match=message):
        detector.fit(told).detect(untold)
    assert detector.fit(told).detect(told).columns == detector.fit(rows).detect(rows).columns
    assert {each.verdict for each in detector.detect(Profile.none()).columns} == {"not enough data"}


def test_other_statistics_may_be_chosen_for_all_or_by_column_or_kind(detector):
    current = frame(seed=1, shift=0.5)

    def methods(chosen):
        report = DriftDetector(statistics=chosen).fit(frame()).detect(current)
        return {each.column: each.method for each in report.columns}

    assert set(methods(statistics.PopulationStabilityIndex()).values()) == {"psi"}
    mixed = methods({"distance": statistics.Wasserstein(), "numeric": statistics.KolmogorovSmirnov()})
    assert (mixed["distance"], mixed["stops"], mixed["origin"]) == ("wasserstein", "kolmogorov-smirnov", "chi-square")
    with pytest.raises(TypeError, match="not the class Energy"):
        DriftDetector(statistics={"numeric": statistics.Energy}).fit(frame())


def test_a_statistic_of_ones_own(detector):
    class Median(Statistic):
        name = "median"

        def compare(self, reference, current):
            middle = [side.values[np.searchsorted(side.cumulative, 0.5)] for side in (reference, current)]
            return statistics.Comparison(middle[1] - middle[0], 1e-9, effect=abs(middle[1] - middle[0]))

    found = DriftDetector(statistics={"distance": Median()}).fit(frame()).detect(frame(seed=1, shift=2))
    assert row(found, "distance").statistic == pytest.approx(2, abs=0.2)


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
        pytest.approx(np.pi),
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
    assert (found.missing_before, found.missing_after) == (0, 0.25)


def test_a_missing_column_and_a_changed_kind_are_flagged(detector):
    report = detector.detect(frame(seed=1).drop(columns="origin").assign(stops="three"))
    assert row(report, "origin").verdict == "missing column"
    assert row(report, "stops").verdict == "changed kind"
    assert report.drifted_columns == ("origin", "stops")
    assert DriftDetector(columns=["origin"]).fit(frame()).detect(frame()[["late"]]).n_current == 1000


def test_new_columns_are_named_and_no_drift(detector):
    report = detector.detect(frame(seed=1).assign(new=1))
    assert not report.drifted
    assert report.added_columns == ("new",)


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
    given = {"alpha": 0.01, "correction": "bh", "min_effect": 0.1, "columns": ["a"]}
    assert twin.get_params() == given | {"statistics": None, "groups": None, "weights": None, "multivariate": False}
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
    sparse = pd.concat([frame(2000), frame(2000, seed=1)], ignore_index=True)
    sparse["day"] = pd.to_datetime(["2013-01-05", "2013-03-05"]).repeat(2000)
    verdicts = [each.report.columns[0].verdict for each in detector.detect_by(sparse, time="day").periods]
    assert verdicts == ["stable", "not enough data", "stable"]


def test_rows_without_a_time_belong_to_no_period(detector):
    whole = frame(100).assign(day=["2013-01-05", None] * 50)
    assert [each.report.n_current for each in detector.detect_by(whole, time="day").periods] == [50]


def test_the_time_column_is_not_compared_itself():
    dated = frame()
    timeline = DriftDetector().fit(dated).detect_by(dated, time="when", freq="D")
    assert all(each.column != "when" for period in timeline.periods for each in period.report.columns)


def test_the_time_column_is_not_compared_in_periods_of_so_many_rows_either():
    rows = dated(40, 50)
    detector = DriftDetector().fit(rows)
    timeline = detector.detect_by(rows, time="day", size=500)
    assert {each.column for period in timeline.periods for each in period.report.columns} == {"distance", "origin"}
    assert not timeline.alarms


def test_a_time_column_that_was_summed_with_others_is_refused():
    rows = dated(40, 50).assign(day=lambda each: each["day"].dt.strftime("%Y-%m-%d"))
    detector = DriftDetector(multivariate=True).fit(rows)
    for params in ({"freq": "MS"}, {"size": 500}):
        with pytest.raises(ValidationError, match=r"call fit\(reference, time='day'\)"):
            detector.detect_by(rows, time="day", **params)
        timeline = DriftDetector(multivariate=True).fit(rows, time="day").detect_by(rows, time="day", **params)
        assert all(period.report.together and not period.report.drifted for period in timeline.periods)


@pytest.mark.parametrize("role", ["time", "slices", "groups", "weights"])
def test_roles_may_be_names_that_are_no_text(role):
    rows = frame()[["distance", "when"]].set_axis([0, 1], axis="columns")
    rows[2] = {"time": rows[1], "slices": rows.index % 2, "groups": rows.index // 20, "weights": 1.0}[role]

    def found(name, batch):
        of_detector, of_fit = ({role: name}, {}) if role in ("groups", "weights") else ({}, {role: name})
        detector = DriftDetector(**of_detector).fit(batch, **of_fit, **({"freq": "6h"} if role == "time" else {}))
        timeline = detector.detect_by(batch, time=name, freq="D") if role == "time" else None
        return detector.detect(batch), detector.detect_slices(batch) if role == "slices" else timeline

    assert found(2, rows) == found("2", rows.rename(columns=str))


def test_roles_are_never_compared():
    rows = frame().assign(w=1.0, g=frame().index // 20)
    for params, learned in (({"weights": "w"}, {}), ({"groups": "g"}, {}), ({}, {"time": "when"})):
        role = next(iter({**params, **learned}.values()))
        detector = DriftDetector(columns=["distance", role], multivariate=True, **params).fit(rows, **learned)
        report = detector.detect(rows)
        assert [each.column for each in report.columns] == ["distance"]
        assert report.together
    later = DriftDetector().fit(rows).set_params(weights="w")
    assert "w" not in [each.column for each in later.detect(rows).columns]


def test_what_is_no_time_is_refused_without_showing_values(detector):
    with pytest.raises(ValidationError, match="no column 'hour'"):
        detector.detect_by(frame(), time="hour")
    with pytest.raises(ValidationError, match="'origin' can not be read as moments") as caught:
        detector.detect_by(frame(), time="origin")
    assert "JFK" not in str(caught.value)


def dated(days: int, rows: int, seed: int = 0, wave: float = 0.0) -> pd.DataFrame:
    """Rows of some days; on weekends distances are longer by a wave."""
    random = np.random.default_rng(seed)
    when = pd.Timestamp("2013-01-07") + pd.to_timedelta(np.repeat(np.arange(days), rows), unit="D")
    distance = random.normal(size=days * rows) + wave * (when.day_of_week >= 5)
    return pd.DataFrame({"day": when, "distance": distance, "origin": random.choice(["EWR", "JFK"], days * rows)})


def test_periods_may_be_numbers_of_rows_however_they_are_cut(detector):
    whole = pd.concat([frame(500, seed=1), frame(300, seed=2, shift=1)], ignore_index=True)
    timeline = detector.detect_by(whole, size=250)
    assert [each.period for each in timeline.periods] == ["rows 0-249", "rows 250-499", "rows 500-749", "rows 750-799"]
    assert [each.report.n_current for each in timeline.periods] == [250, 250, 250, 50]
    assert ["distance" in each.report.drifted_columns for each in timeline.periods] == [False, False, True, True]
    assert detector.detect_by((whole.iloc[start : start + 70] for start in range(0, 800, 70)), size=250) == timeline
    assert timeline.to_frame()["period"].iloc[0] == "rows 0-249"
    with pytest.raises(ValueError, match="give one"):
        detector.detect_by(whole, freq="D", size=5)


def test_periods_come_from_chunks_too():
    detector = DriftDetector().fit(dated(20, 50), time="day")
    later = dated(10, 50, seed=1)
    chunks = (later.iloc[start : start + 77] for start in range(0, 500, 77))
    assert detector.detect_by(chunks, time="day", freq="D") == detector.detect_by(later, time="day", freq="D")


def test_an_alarm_may_wait_for_others_to_confirm_it(detector):
    shifts = [0, 2, 0, 0, 2, 2, 2, 0]
    whole = pd.concat(
        [frame(200, seed=place + 10, shift=shift) for place, shift in enumerate(shifts)], ignore_index=True
    )
    drifted = [each.alarm for each in detector.detect_by(whole, size=200).periods]
    confirmed = [each.alarm for each in detector.detect_by(whole, size=200, confirm=(2, 3)).periods]
    assert drifted == [False, True, False, False, True, True, True, False]
    assert confirmed == [False, False, False, False, False, True, True, False]
    with pytest.raises(ValueError, match="k of n"):
        detector.detect_by(whole, size=200, confirm=(4, 3))


def test_a_change_that_is_usual_between_stretches_of_the_reference_is_no_drift():
    def stretches(seed, extra=0.0):
        random = np.random.default_rng(seed)
        frames = [dated(7, 60, seed=random.integers(10**6)) for _ in range(12)]
        for place, each in enumerate(frames):
            each["day"] += pd.Timedelta(days=7 * place)
            each["distance"] += random.normal(scale=0.3) + extra
        return pd.concat(frames, ignore_index=True)

    plain = DriftDetector().fit(stretches(0), time="day")
    learned = DriftDetector().fit(stretches(0), time="day", freq="W")
    later = stretches(1)
    assert len(plain.detect_by(later, time="day", freq="W").alarms) >= 4
    assert len(learned.detect_by(later, time="day", freq="W").alarms) <= 1
    assert len(learned.detect_by(stretches(2, extra=2.0), time="day", freq="W").alarms) == 12
    assert learned.reference_.usual["distance"] > 0.4
    assert learned.detect(later).columns[0].least_effect == learned.reference_.usual["distance"]
    with pytest.raises(ValidationError, match="at least 5 are needed"):
        DriftDetector().fit(dated(10, 50), time="day", freq="W")


def test_a_season_is_compared_with_its_own():
    reference, later = dated(56, 40, wave=2.0), dated(14, 200, seed=1, wave=2.0)
    plain = DriftDetector(alpha=0.001).fit(reference, time="day").detect_by(later, time="day", freq="D")
    seasonal = DriftDetector(alpha=0.001).fit(reference, time="day", season="weekday")
    assert len(plain.alarms) >= 4
    assert not seasonal.detect_by(later, time="day", freq="D").alarms
    sunday = later[later["day"].dt.day_of_week == 6]
    assert not seasonal.detect(sunday).drifted
    assert seasonal.detect(sunday).n_reference == 8 * 40
    assert seasonal.detect(sunday.assign(distance=lambda rows: rows["distance"] - 2)).drifted


def by_weekday(weeks: int, rows: int, seed: int = 0, first: str = "2013-01-07") -> pd.DataFrame:
    """Rows of some weeks, in which distances grow from Monday to Sunday."""
    random = np.random.default_rng(seed)
    day = pd.date_range(first, periods=7 * weeks).repeat(rows)
    return pd.DataFrame({"day": day, "distance": random.normal(size=len(day)) + 2 * day.day_of_week})


def test_seasons_are_mixed_as_the_batch_mixes_them():
    """Of 30 batches with nothing moved at most 5 may raise an alarm: more have a probability below 1 %."""
    alarms = 0
    for seed in range(30):
        seasonal = DriftDetector(min_effect=0).fit(by_weekday(4, 100, seed), time="day", season="weekday")
        batch = by_weekday(1, 500, seed + 100)
        few_mondays = pd.concat([batch[batch["day"].dt.day_of_week == 6], batch.head(20)])
        alarms += seasonal.detect(few_mondays).drifted
    assert alarms <= 5
    assert seasonal.detect(few_mondays.assign(distance=lambda rows: rows["distance"] + 0.5)).drifted


def test_a_mix_of_seasons_tells_as_much_as_kish_says():
    seasonal = DriftDetector().fit(by_weekday(4, 100), time="day", season="weekday").reference_
    mixed = seasonal.in_seasons({6: 500, 0: 100}).effective()
    rows = 1 / ((5 / 6) ** 2 / 400 + (1 / 6) ** 2 / 400)
    assert mixed.columns["distance"].values == pytest.approx(rows)
    share_below = np.interp(6, mixed.columns["distance"].numbers, mixed.columns["distance"].cumulative)
    assert share_below == pytest.approx(1 / 6, abs=0.01)
    assert seasonal.in_seasons({6: 500}) is seasonal.by_season[6]
    assert seasonal.in_seasons({9: 500}) is seasonal.profile
    assert seasonal.in_seasons({6: 500, 0: 0.0}) is seasonal.by_season[6]
    even = seasonal.in_seasons(dict.fromkeys(range(7), 13.0))
    assert even.columns["distance"].cells.counts.tolist() == seasonal.profile.columns["distance"].cells.counts.tolist()


def test_seasons_are_mixed_in_groups_and_by_weights_too():
    def with_roles(frame):
        return frame.assign(crew=frame["day"].astype(str) + (frame.index % 10).astype(str), weight=3.0)

    reference, batch = with_roles(by_weekday(4, 100)), with_roles(by_weekday(1, 500, seed=1))
    few_mondays = pd.concat([batch[batch["day"].dt.day_of_week == 6], batch.head(20)])
    moved = few_mondays.assign(distance=lambda rows: rows["distance"] + 1)
    plain, weighed, grouped = (
        DriftDetector(columns=["distance"], **roles).fit(reference, time="day", season="weekday")
        for roles in ({}, {"weights": "weight"}, {"groups": "crew"})
    )
    for batch in (few_mondays, moved):
        (expected,), (found,) = plain.detect(batch).columns, weighed.detect(batch).columns
        assert (found.verdict, found.p_value) == (expected.verdict, pytest.approx(expected.p_value))
    assert not grouped.detect(few_mondays).drifted
    assert grouped.detect(moved).drifted


def test_what_is_usual_is_learned_within_seasons():
    sunday = by_weekday(1, 500, seed=1).query("day.dt.day_of_week == 6")
    moved = sunday.assign(distance=lambda rows: rows["distance"] + 1.5)
    learned = DriftDetector().fit(by_weekday(8, 200), time="day", freq="D", season="weekday")
    assert learned.reference_.usual["distance"] < 0.4
    assert not learned.detect(sunday).drifted
    assert learned.detect(moved).drifted_columns == ("distance",)
    with pytest.raises(ValidationError, match="has 0 stretches with enough rows in them and beside them"):
        DriftDetector().fit(by_weekday(52, 5), time="day", freq="MS", season="month")


def test_stretches_learned_from_chunks_are_those_of_the_whole():
    whole = by_weekday(20, 30).assign(distance=lambda rows: rows["distance"] + rows.index // 700)
    chunks = [whole.iloc[start : start + 777] for start in range(0, len(whole), 777)]
    for freq in ("7D", "W", "D"):
        found = [DriftDetector().fit(each, time="day", freq=freq).reference_.usual for each in (whole, chunks[::-1])]
        assert found[0] == found[1]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"freq": "W"}, "time="),
        ({"season": "weekday"}, "time="),
        ({"time": "day", "season": "spring"}, "hour, weekday, month"),
    ],
)
def test_what_can_not_be_learned_over_time_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        DriftDetector().fit(dated(10, 10), **params)


def test_a_change_in_one_slice_is_found_there():
    reference, current = frame(6000), frame(3000, seed=1)
    current.loc[current["origin"] == "LGA", "distance"] += 0.4
    detector = DriftDetector().fit(reference, slices="origin")
    reports = detector.detect_slices(current)
    assert {name: report.drifted_columns for name, report in reports.items()} == {
        "EWR": (),
        "JFK": (),
        "LGA": ("distance",),
    }
    assert {report.alpha for report in reports.values()} == {0.05 / 3}
    assert all("origin" not in report.to_frame()["column"].tolist() for report in reports.values())
    chunks = (current.iloc[start : start + 400] for start in range(0, 3000, 400))
    assert detector.detect_slices(chunks) == reports


def test_slices_that_one_side_lacks():
    detector = DriftDetector().fit(frame(3000), slices="origin")
    current = frame(1000, seed=1).replace({"origin": {"EWR": "SWF"}})
    reports = detector.detect_slices(current)
    assert list(reports) == ["EWR", "JFK", "LGA"]
    assert {each.verdict for each in reports["EWR"].columns} == {"not enough data"}
    with pytest.raises(ValidationError, match="no column 'origin' to tell the slices"):
        detector.detect_slices(frame().drop(columns="origin"))
    with pytest.raises(NotFittedError, match="slices="):
        DriftDetector().fit(frame()).detect_slices(frame())


def test_a_missing_value_that_turns_ints_into_floats_leaves_labels_slices_and_groups():
    whole = frame(3000).assign(airline=lambda rows: rows.index % 3, day=lambda rows: rows.index % 60)
    gap = whole.astype({"airline": float, "day": float})
    gap.loc[0, ["airline", "day"]] = np.nan
    detector = DriftDetector(columns=["distance"]).fit(whole, slices="airline")
    assert {name: report.n_current for name, report in detector.detect_slices(gap).items()} == {
        "0": 999, "1": 1000, "2": 1000,
    }  # fmt: skip
    groups = DriftDetector(groups="day", columns=["distance"]).fit([whole, gap]).profile_.groups
    assert sorted(each.rows for each in groups.values()) == [99, *[100] * 59]
    labels = [each["airline"].astype("category") for each in (whole, gap)]
    assert not DriftDetector().fit(labels[0].to_frame()).detect(labels[1].to_frame()).drifted


def test_values_of_one_text_are_one_slice_and_one_group():
    mixed = frame(900).assign(key=pd.Series([1] * 600 + ["1"] * 300, dtype=object))
    detector = DriftDetector(columns=["distance"]).fit(mixed, slices="key")
    assert detector.detect_slices(mixed)["1"].n_current == 900
    groups = DriftDetector(groups="key", columns=["distance"]).fit(mixed).profile_.groups
    assert [each.rows for each in groups.values()] == [900]


@pytest.mark.parametrize("values", [[None], range(500)])
def test_slices_of_too_few_rows_to_be_named_are_refused_if_there_are_no_others(values):
    rows = frame().assign(slice=pd.Series(values))
    with pytest.raises(ValidationError, match="'slice' has no value that 5 rows of the reference have"):
        DriftDetector().fit(rows, slices="slice")


def test_slices_of_too_few_rows_take_no_alpha_of_others():
    rows = frame().assign(slice=lambda each: each["origin"].mask(each.index < 4, "few"))
    detector = DriftDetector().fit([rows.head(2), rows.tail(-2)], slices="slice")
    reports = detector.detect_slices(rows)
    assert list(reports) == ["EWR", "JFK", "LGA"]
    assert {report.alpha for report in reports.values()} == {0.05 / 3}


def pair(rows: int, seed: int, correlation: float = 0.9) -> pd.DataFrame:
    """Two columns that go together, and a label."""
    random = np.random.default_rng(seed)
    first, noise = random.normal(size=(2, rows))
    second = correlation * first + np.sqrt(1 - correlation**2) * noise
    return pd.DataFrame({"temp": first, "dew": second, "origin": random.choice(["EWR", "JFK"], rows)})


def test_a_change_that_no_column_shows_is_found_by_all_together():
    reference, parted = pair(5000, 0), pair(1000, 1, correlation=0.2)
    assert not DriftDetector().fit(reference).detect(parted).drifted
    detector = DriftDetector(multivariate=True).fit(reference)
    report = detector.detect(parted)
    assert report.drifted
    assert not report.drifted_columns
    assert "correlation change" in report.summary()
    assert {each.column for each in report.together.movements[:2]} == {"temp", "dew"}
    assert "All columns together" in report.html
    assert not detector.detect(pair(1000, 2)).drifted
    assert report.alpha == 0.025


def test_columns_together_in_chunks_periods_and_after_a_round_trip():
    reference, parted = pair(4000, 0), pair(900, 1, correlation=0.2)
    detector = DriftDetector(multivariate=[CorrelationChange()]).fit(reference)
    chunks = (parted.iloc[start : start + 130] for start in range(0, 900, 130))
    assert detector.detect(chunks).together.drifted
    timeline = detector.detect_by(pd.concat([pair(900, 2), parted], ignore_index=True), size=900)
    assert [each.report.drifted for each in timeline.periods] == [False, True]
    file = io.BytesIO()
    DetectorSerializer().write(detector, file)
    again = DetectorSerializer().read(io.BytesIO(file.getvalue()), version=2)
    assert again.detect(parted) == detector.detect(parted)
    assert [test.name for test in again.multivariate] == ["correlation change"]


def test_false_alarms_with_columns_together_stay_below_alpha():
    """Of 60 batches at most 8 may raise the alarm: a binomial count exceeds it once in 150 times."""
    alarms = 0
    for seed in range(60):
        detector = DriftDetector(multivariate=True, min_effect=0).fit(pair(2000, seed))
        alarms += detector.detect(pair(500, seed + 1000)).drifted
    assert alarms <= 8


def test_arrow_and_pandas_hold_the_same_table():
    pyarrow = pytest.importorskip("pyarrow")
    random = np.random.default_rng(0)
    days = pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 90, 500), unit="D")
    plain = frame(500).assign(
        fare=[Decimal(cents) / 100 for cents in random.integers(100, 9999, 500).tolist()],
        day=days.date,
        wait=pd.to_timedelta(random.integers(0, 999, 500), unit="s"),
        carrier=pd.Categorical(random.choice(["AA", "UA"], 500)),
        vector=random.normal(size=(500, 4)).tolist(),
        legs=[[each] for each in random.choice(["EWR", "JFK"], 500)],
    )
    plain = plain[plain.index % 9 > 0].reindex(plain.index)
    table = pyarrow.Table.from_pandas(plain)
    detector, again = DriftDetector().fit(plain), DriftDetector().fit(table)
    assert detector.detect(table) == detector.detect(plain) == again.detect(plain) == again.detect(table)
    assert {each.verdict for each in detector.detect(table).columns} == {"stable"}
    kinds = [column.kind for column in again.profile_.columns.values()][5:]
    assert kinds == ["numeric", "datetime", "timedelta", "categorical", "vector", "categorical"]
    together = DriftDetector(multivariate=True).fit(table)
    assert together.reference_.joint.encoder_.columns.keys() == again.profile_.columns.keys() - {"when", "day", "wait"}
    assert together.detect(plain) == together.detect(table)


def test_a_list_that_is_no_vector_does_not_show_itself():
    lists = pd.DataFrame({"vector": [[1.0, 2.0]] * 39 + [["secret", "b"]]})
    vectors = pd.DataFrame({"vector": [[1.0, 2.0]] * 40})
    assert DriftDetector(multivariate=True).fit(lists).profile_.columns["vector"].kind == "categorical"
    report = DriftDetector(multivariate=True).fit(vectors).detect(lists)
    assert row(report, "vector").verdict == "changed kind"
    assert "secret" not in report.html


def test_a_detector_with_tests_of_all_columns_is_cloned():
    detector = DriftDetector(multivariate=[MMD(frequencies=64), CorrelationChange()])
    twin = clone(detector)
    assert [repr(test) for test in twin.multivariate] == [repr(test) for test in detector.multivariate]
    assert twin.multivariate[0] is not detector.multivariate[0]


@pytest.mark.parametrize(
    ("multivariate", "named"),
    [
        (None, "a NoneType"),
        (MMD(), "a MMD"),
        ("mmd", "a str"),
        ([MMD], "the class MMD"),
        ([DomainClassifier()], "a DomainClassifier"),
        ([MMD(), None], "a NoneType"),
    ],
)
def test_what_is_no_test_of_all_columns_is_refused_before_rows_are_read(multivariate, named):
    def rows():
        raise AssertionError
        yield

    with pytest.raises(TypeError, match=f"multivariate .* not {named}"):
        DriftDetector(multivariate=multivariate).fit(rows())


@pytest.mark.parametrize("size", [1, 40, 700])
def test_columns_together_are_learned_from_chunks_as_from_the_whole(size):
    reference, parted = pair(2000, 0).sort_values("temp"), pair(900, 1, correlation=0.2)
    chunks = (reference.iloc[start : start + size] for start in range(0, 2000, size))
    whole, again = (DriftDetector(multivariate=True).fit(rows) for rows in (reference, chunks))
    assert again.detect(parted) == whole.detect(parted)
    assert again.detect(parted).together.drifted


def test_a_batch_of_a_million_rows():
    random = np.random.default_rng(0)
    reference, current = (
        pd.DataFrame({"hour": random.integers(0, 24, rows), "late": random.random(rows) < share})
        for rows, share in ((5000, 0.2), (10**6, 0.35))
    )
    report = DriftDetector().fit(reference).detect(current)
    assert [(each.verdict, each.n) for each in report.columns] == [("stable", 10**6), ("drifted", 10**6)]
    assert row(report, "late").effect == pytest.approx(0.15, abs=0.02)
    chunks = (current.iloc[start : start + 300_000] for start in range(0, 10**6, 300_000))
    assert DriftDetector().fit(reference).detect(chunks) == report


def test_moments_of_years_that_nanoseconds_do_not_reach():
    far = pd.DataFrame({"when": np.array(["2013-01-01", "20000-01-01"] * 50, dtype="M8[s]")})
    objects = pd.DataFrame({"when": pd.Series([dt.datetime(2013, 1, 1, tzinfo=dt.UTC)] * 49, dtype=object)})
    objects.loc[49, "when"] = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    for rows in (far, objects):
        report = DriftDetector().fit(rows).detect(rows)
        assert row(report, "when").verdict == "stable"
        assert row(report, "when").kind == "datetime"
