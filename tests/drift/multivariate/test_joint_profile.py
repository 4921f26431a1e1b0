import base64
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from mlopskit.drift.multivariate.correlation import CorrelationChange
from mlopskit.drift.multivariate.family import Found, MultivariateTest
from mlopskit.drift.multivariate.joint_profile import JointProfile
from mlopskit.drift.multivariate.mmd import MMD
from mlopskit.drift.multivariate.reconstruction import ReconstructionError
from mlopskit.errors import NotFittedError, ValidationError


def small(tests=None, **params):
    return JointProfile(tests or (CorrelationChange(), MMD(frequencies=48), ReconstructionError()), **params)


def by_name(report):
    return {result.test: result for result in report.results}


def words(report):
    return {movement.column: movement.words for movement in report.movements}


@pytest.mark.parametrize(("sizes", "simulations"), [((10_000, 500), 40), ((1000, 200), 100), ((300, 300), 100)])
def test_false_alarms_on_a_frame_full_of_traps(frame, most_alarms, sizes, simulations):
    p_values = []
    for seed in range(simulations):
        random = np.random.default_rng([seed, *sizes])
        report = small().fit(frame(random, sizes[0])).detect(frame(random, sizes[1]))
        p_values.append([result.p_value for result in report.results])
    by_test = (np.array(p_values) < 0.05).sum(axis=0)
    assert (by_test <= most_alarms(simulations, 0.05)).all(), by_test
    assert (np.min(p_values, axis=1) * 3 < 0.05).sum() <= most_alarms(simulations, 0.05)


def test_a_change_of_correlation_alone_is_found_though_no_column_moves(frame):
    random = np.random.default_rng(0)
    reference, current = frame(random, 3000), frame(random, 1000)
    current["b"] = random.permutation(current["b"])
    assert min(ks_2samp(reference[name], current[name]).pvalue for name in ("a", "b", "c", "cauchy")) > 0.01
    report = small().fit(reference).detect(current)
    assert report.drifted
    assert by_name(report)["correlation change"].p_value < 1e-9
    assert by_name(report)["mmd"].p_value < 1e-3
    assert {movement.column for movement in report.movements[:2]} == {"b", "twin"}
    assert words(report)["b"] == "by itself as before"


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        ("a", lambda rows, random: rows["a"] + 0.4, "typical value"),
        ("cauchy", lambda rows, random: rows["cauchy"] * 3, "spread x"),
        ("gaps", lambda rows, random: rows["gaps"].where(random.random(len(rows)) < 0.7), "missing"),
        ("flag", lambda rows, random: ~rows["flag"] | (random.random(len(rows)) < 0.5), "true"),
        ("cut", lambda rows, random: rows["cut"].where(random.random(len(rows)) < 0.6, "high"), "high"),
        ("cut", lambda rows, random: rows["cut"].where(random.random(len(rows)) < 0.8, "new"), "other 0% -> 1"),
    ],
)
def test_a_column_that_moves_is_found_and_said_in_words(frame, column, change, said):
    random = np.random.default_rng(0)
    reference, current = frame(random, 3000), frame(random, 1000)
    current[column] = change(current, random)
    report = small().fit(reference).detect(current)
    assert by_name(report)["mmd"].p_value < 0.01
    assert column in [movement.column for movement in report.movements[:3]]
    assert said in words(report)[column]


def test_shares_are_said_as_they_are():
    reference = pd.DataFrame({"origin": ["JFK"] * 300 + ["EWR"] * 700, "distance": np.arange(1000)})
    current = pd.DataFrame({"origin": ["JFK"] * 450 + ["EWR"] * 550, "distance": np.arange(1000)})
    report = JointProfile((MMD(frequencies=16),)).fit(reference).detect(current)
    assert words(report)["origin"] == "JFK 30% -> 45%; EWR 70% -> 55%"
    assert chi2_contingency([[300, 700], [450, 550]]).pvalue < 1e-6


@pytest.mark.parametrize("size", [1, 37, 500, 3000])
def test_chunks_give_the_same_answer_as_the_whole(frame, size):
    random = np.random.default_rng(0)
    reference, current = frame(random, 1000), frame(random, 3000)
    profile = small().fit(reference)
    current = current.head(20 * size)
    chunks = [current.iloc[start : start + size] for start in range(0, len(current), size)]
    assert profile.detect(chunks) == profile.detect(current)
    summaries = [profile.summarize(chunk) for chunk in reversed(chunks)]
    assert profile.compare(sum(summaries[1:], start=summaries[0])) == profile.detect(current)
    assert profile.detect(current.sample(frac=1, random_state=0)) == profile.detect(current)


@pytest.mark.parametrize("size", [1, 37, 600])
def test_a_reference_in_chunks_is_learned_from_as_the_whole(frame, size):
    whole = frame(np.random.default_rng(0), 1000)
    chunks = [whole.iloc[start : start + size] for start in range(0, 1000, size)]
    profile = small().fit([whole.head(0), *chunks])
    assert profile.to_json() == small().fit(whole).to_json()


def test_chunks_beyond_those_learned_from_add_up():
    rows = np.random.default_rng(0).normal(size=(45_000, 3))
    profile = small((MMD(frequencies=8),)).fit([rows[:15_000], rows[15_000:30_000], rows[30_000:]])
    again = small((MMD(frequencies=8),)).fit(rows[:30_000])
    again.reference_ += again.summarize(rows[30_000:])
    assert profile.to_json() == again.to_json()
    assert profile.reference_.rows == 45_000


def test_a_long_reference_is_learned_from_in_part_and_summed_whole():
    rows = np.random.default_rng(0).normal(size=(45_000, 3))
    profile = small((MMD(frequencies=8), ReconstructionError())).fit(pd.DataFrame(rows, columns=list("abc")))
    assert profile.reference_.rows == 45_000
    mmd, reconstruction = profile.reference_.moments
    assert (mmd.rows, reconstruction.rows) == (45_000, 35_000)


@pytest.mark.parametrize("rows", [600, 21_000])
def test_shuffled_rows_and_permuted_columns_of_the_reference_give_the_same_report(frame, rows):
    reference, current = (frame(np.random.default_rng(seed), size) for seed, size in ((0, rows), (1, 300)))
    reference["vector"] = list(np.random.default_rng(2).normal(size=(rows, 3)))
    current["a"] += 0.2
    expected = JointProfile().fit(reference).detect(current)
    assert not any(result.note for result in expected.results)
    for order in (np.argsort(reference["a"]), np.random.default_rng(3).permutation(rows)):
        assert JointProfile().fit(reference.iloc[order, ::-1]).detect(current.iloc[:, ::-1]) == expected


def test_rows_of_the_same_content_lie_on_both_sides_of_a_draw():
    """Drawn by what they hold alone, all of one flag would be learned from, and all of the other be compared."""
    flags = pd.DataFrame({"flag": [True, False] * 500, "x": np.repeat([1.0, 2.0], 500)})
    by_test = by_name(JointProfile().fit(flags).detect(flags))
    assert by_test["reconstruction error"].p_value > 0.05


@pytest.mark.parametrize("again", [False, True])
def test_a_fit_that_fails_changes_nothing(frame, again):
    reference = frame(np.random.default_rng(0), 300)
    twice = reference.set_axis(["a", *reference.columns[1:-1], "a"], axis=1)
    profile = small().fit(reference) if again else small()
    expected = profile.detect(reference) if again else None
    with pytest.raises(ValidationError, match="same name"):
        profile.fit([reference.assign(a=reference["a"] + 5), twice])
    if again:
        assert profile.detect(reference) == expected
    else:
        with pytest.raises(NotFittedError):
            profile.detect(reference)


def test_chunks_without_rows_are_passed_over(frame):
    reference = frame(np.random.default_rng(0), 300)
    profile = small().fit([reference.head(0), pd.DataFrame(), reference])
    assert profile.detect(reference) == small().fit(reference).detect(reference)


@pytest.mark.parametrize(
    "reference",
    [
        pd.DataFrame({"x": np.ones(100)}),
        pd.DataFrame({"x": np.random.default_rng(0).normal(size=100)}),
        pd.DataFrame({"x": [None] * 100}),
        pd.DataFrame({"x": [None] * 100, "y": ["a"] * 100}),
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame(np.random.default_rng(0).normal(size=(25, 60)), columns=[f"x{number}" for number in range(60)]),
        pd.DataFrame({"x": [np.inf, -np.inf] * 50, "y": [1e12] * 99 + [-1e308]}),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, 100])
def test_there_is_always_an_answer_and_no_alarm(reference, rows):
    report = small().fit(reference).detect(reference.head(rows))
    assert not report.drifted
    for result in report.results:
        numbers = [result.statistic, result.p_value, result.effect, *result.contributions.values()]
        assert np.isfinite(numbers).all()
        assert result.note.startswith("not enough data") or min(result.n_reference, result.n_current) >= 20
    assert "nan" not in repr(report).lower()
    assert report.drifted is small().fit(reference).detect([]).drifted


def test_values_where_there_were_none_are_found():
    empty, full = pd.DataFrame({"x": [None] * 200}), pd.DataFrame({"x": np.arange(200.0)})
    for reference, current in ((empty, full), (full, empty)):
        assert by_name(small().fit(reference).detect(current))["mmd"].p_value < 1e-6


def test_embeddings_given_as_an_array():
    random = np.random.default_rng(0)
    reference, same, other = random.normal(size=(3, 800, 24))
    other[:, :12] += 0.2
    profile = small().fit(reference)
    assert not profile.detect(same).drifted
    assert profile.detect(other).drifted
    assert profile.detect([other[:300], other[300:]]) == profile.detect(other)


def test_it_comes_back_from_json_in_a_fresh_process(frame, tmp_path):
    reference, current = (frame(np.random.default_rng(seed), 500) for seed in (0, 1))
    profile = small(alpha=0.01).fit(reference)
    kept = json.dumps(profile.to_json(), allow_nan=False)
    assert JointProfile.from_json(json.loads(kept)).detect(current) == profile.detect(current)
    (tmp_path / "kept.json").write_text(kept, encoding="utf-8")
    current.to_pickle(tmp_path / "current")
    program = """if True:
        import json, sys, pandas as pd
        from mlopskit.drift import JointProfile
        profile = JointProfile.from_json(json.load(open(sys.argv[1] + "/kept.json", encoding="utf-8")))
        print([result.p_value for result in profile.detect(pd.read_pickle(sys.argv[1] + "/current")).results])
    """
    command = [sys.executable, "-c", program, str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [result.p_value for result in profile.detect(current).results]


def test_a_planted_value_is_nowhere_in_what_is_kept(frame):
    reference = frame(np.random.default_rng(0), 501)
    reference.loc[77, ["a", "levels", "cut"]] = [1234.56789, "planted", "planted"]
    reference["vector"] = list(np.random.default_rng(0).normal(size=(501, 4)))
    kept = json.dumps(small().fit(reference).to_json())
    assert "planted" not in kept
    numbers = {float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", kept)}
    for text in re.findall(r'"products": "([^"]*)"', kept):
        numbers |= set(np.frombuffer(base64.b64decode(text)).tolist())
    for name in ("a", "b", "cauchy", "lognormal"):
        assert not numbers & set(reference[name].tolist())
    assert not numbers & set(np.concatenate(reference["vector"].to_list()).tolist())


class Spread(MultivariateTest):
    name = "spread"

    def numbers(self, matrix):
        return matrix[:, :1]

    def difference(self, reference, current):
        return Found(float(current.covariance[0, 0] / reference.covariance[0, 0]), p_value=1e-9, effect=0.5)


def test_a_test_of_ones_own(frame):
    reference = frame(np.random.default_rng(0), 200)
    profile = JointProfile((Spread(),)).fit(reference)
    assert profile.detect(reference).results[0].statistic == pytest.approx(1)
    assert profile.detect(reference).drifted
    kept = profile.to_json()
    with pytest.raises(ValidationError, match="has the test 'spread': pass an instance of it in tests="):
        JointProfile.from_json(kept)
    assert JointProfile.from_json(kept, tests=[Spread()]).detect(reference) == profile.detect(reference)


def test_two_profiles_share_no_test(frame):
    tests = (CorrelationChange(), MMD(frequencies=8))
    first = JointProfile(tests).fit(frame(np.random.default_rng(0), 200)[["a", "b"]])
    answer = first.detect(frame(np.random.default_rng(1), 200))
    JointProfile(tests).fit(frame(np.random.default_rng(0), 200))
    assert first.detect(frame(np.random.default_rng(1), 200)) == answer


def test_misuse_is_told():
    with pytest.raises(NotFittedError, match="call fit"):
        JointProfile().detect(pd.DataFrame({"a": [1]}))
    with pytest.raises(ValidationError, match="no rows"):
        JointProfile().fit(pd.DataFrame({"a": []}))
    with pytest.raises(ValueError, match=r"JointProfile\(alpha=2\): give a number between 0 and 1"):
        JointProfile(alpha=2)
    with pytest.raises(ValueError, match=r"JointProfile\(min_effect=-1\): give a number from 0 to 1"):
        JointProfile(min_effect=-1)
    with pytest.raises(ValueError, match=r"write columns=\['a'\]"):
        JointProfile(columns="a")
    with pytest.raises(TypeError, match=r"tests is a list of tests: write tests=\[MMD"):
        JointProfile(MMD())
    with pytest.raises(TypeError, match="not a int"):
        JointProfile().fit([5])
    profile = small().fit(pd.DataFrame({"a": np.arange(50.0)}))
    summary = profile.summarize([])
    with pytest.raises(ValueError, match=r"JointProfile\(alpha=7\)"):
        profile.compare(summary, alpha=7)
    with pytest.raises(ValueError, match=r"JointProfile\(min_effect=nan\)"):
        profile.compare(summary, min_effect=float("nan"))
