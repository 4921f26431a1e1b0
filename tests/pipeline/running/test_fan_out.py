import os
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step
from mlopskit.pipeline.caching.cache import Cache
from mlopskit.pipeline.caching.recipe import digest_of
from mlopskit.pipeline.running.fan_out import items_of
from mlopskit.records.event import StepProgressed
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.store import Store


def flights(rows):
    return pd.DataFrame({"origin": np.resize(["EWR", "JFK", "LGA"], rows), "delay": np.arange(rows, dtype=float)})


def forget_plans(store):
    store.delete(*store.list("cache/plans"))


@pytest.fixture
def calls():
    return []


@pytest.fixture
def squared(calls):
    def square(n):
        calls.append(n)
        return n * n

    return Step(square, over="n", ignore="calls")


# -- what a step can run over ----------------------------------------------------------------


@pytest.mark.parametrize(
    "values", [[1, 2, 3], (1, 2, 3), range(1, 4), pd.Series([1, 2, 3]), pd.Index([1, 2, 3]), np.array([1, 2, 3])]
)
def test_over_a_list_of_any_kind_the_items_are_the_same(store, squared, calls, values):
    assert Pipeline([squared], store=store).run(n=values)["square"] == [1, 4, 9]
    assert calls == [1, 2, 3]
    Pipeline([squared], store=store).run(n=[3, 2, 1])
    assert calls == [1, 2, 3]


def test_over_a_dict_the_output_is_a_dict(store, squared):
    assert Pipeline([squared], store=store).run(n={"one": 1, 2: 2})["square"] == {"one": 1, 2: 4}


def test_several_outputs_of_each_item_become_several_lists(store, calls):
    def halves(n):
        calls.append(n)
        return n // 2, n % 2

    pipeline = Pipeline([Step(halves, over="n", outputs=("half", "rest"), ignore="calls")], store=store)
    result = pipeline.run(n=[4, 5])
    assert (result["half"], result["rest"]) == ([2, 2], [0, 1])
    assert pipeline.run(n={"a": 5})["half"] == {"a": 2}
    assert calls == [4, 5]
    with pytest.raises(PipelineError, match="its outputs are half, rest"):
        Pipeline([Step(lambda n: n, name="halves", over="n", outputs=("half", "rest"))], store=store).run(n=[1])


def test_over_the_rows_of_a_matrix(store):
    result = Pipeline([Step(lambda row: row.sum(), name="sums", over="row")], store=store).run(row=np.eye(3) * 2)
    assert result["sums"] == [2.0, 2.0, 2.0]


def test_over_what_a_step_gave(store, squared):
    pipeline = Pipeline([Step(lambda: [2, 3], name="n"), squared], store=store)
    assert pipeline.run()["square"] == [4, 9]
    assert pipeline.run().cached


def test_over_the_values_of_a_column(store):
    def mean(flights, scale):
        return scale * flights["delay"].mean()

    pipeline = Pipeline([flights, Step(mean, over="origin")], store=store)
    assert pipeline.run(rows=6, scale=2)["mean"] == {"EWR": 3.0, "JFK": 5.0, "LGA": 7.0}


def test_over_nothing(store, squared):
    assert Pipeline([squared], store=store).run(n=[])["square"] == []
    assert Pipeline([squared], store=store).run(n={})["square"] == {}
    assert Pipeline([squared], store=store).run(n=[]).cached


@pytest.mark.parametrize("wrong", ["abc", {1, 2}, 7, pd.DataFrame({"a": [1]})])
def test_over_anything_else_is_refused(store, squared, wrong):
    with pytest.raises(PipelineError, match=f"'square' runs over 'n', a {type(wrong).__name__}; give it a list"):
        Pipeline([squared], store=store).run(n=wrong)


def test_a_column_that_no_or_several_inputs_have_is_refused(store):
    over = Step(lambda flights, other: 1, name="each", over="origin")
    pipeline = Pipeline([flights, Step(lambda rows: 1, name="other"), over], store=store)
    with pytest.raises(PipelineError, match="several inputs have such a column"):
        pipeline.run(given={"other": flights(3)}, rows=3)
    with pytest.raises(PipelineError, match="no input is a DataFrame that has such a column"):
        Pipeline([flights, Step(lambda flights: 1, name="each", over="orign")], store=store).run(rows=3)


def test_without_digests_items_are_told_apart_by_place():
    step = Step(lambda n: n, name="same", over="n")
    assert len(items_of(step, {"n": [1, 1]}).distinct) == 2
    assert len(items_of(step, {"n": [1, 1]}, digest_of).distinct) == 1


# -- each item once --------------------------------------------------------------------------


def test_equal_items_are_computed_once(store, squared, calls):
    assert Pipeline([squared], store=store).run(n=[2, 3, 2, 2])["square"] == [4, 9, 4, 4]
    assert calls == [2, 3]


def test_only_new_items_are_computed(store, squared, calls):
    Pipeline([squared], store=store).run(n=[1, 2])
    assert Pipeline([squared], store=store).run(n=[2, 3, 1])["square"] == [4, 9, 1]
    assert calls == [1, 2, 3]


def test_what_all_items_share_counts_for_each(store, calls):
    def scaled(n, scale):
        calls.append(n)
        return n * scale

    pipeline = Pipeline([Step(scaled, over="n", ignore="calls")], store=store)
    assert pipeline.run(n=[1, 2], scale=2)["scaled"] == [2, 4]
    assert pipeline.run(n=[1, 2], scale=3)["scaled"] == [3, 6]
    assert calls == [1, 2, 1, 2]


def test_ten_thousand_items(tmp_path, squared, calls):
    pipeline = Pipeline([squared], store=tmp_path)
    assert pipeline.run(n=range(10_000))["square"][-1] == 9_999**2
    assert pipeline.run(n=range(10_001))["square"][-1] == 10_000**2
    assert len(calls) == 10_001
    assert len(Store(tmp_path).list("cache")) < 100


def test_after_a_failure_only_what_is_missing_is_computed(store, calls):
    zero_is = []

    def inverse(n):
        calls.append(n)
        return zero_is[0] if n == 0 and zero_is else 1 / n

    pipeline = Pipeline([Step(inverse, over="n", ignore=["calls", "zero_is"])], store=store)
    with pytest.raises(PipelineError, match=r"'inverse' failed: ZeroDivisionError.*\n.*\n  n: int") as caught:
        pipeline.run(n=[1, 0, 2, 0])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert "That was item 1; 2 of 4 failed, the others are kept." in caught.value.__notes__
    zero_is.append(7)
    assert pipeline.run(n=[1, 0, 2, 0])["inverse"] == [1, 7, 0.5, 7]
    assert calls == [1, 0, 2, 0]


def test_an_item_whose_result_can_not_be_kept_costs_only_itself(store, calls):
    def made(n):
        calls.append(n)
        return n or threading.Lock()

    step = Step(made, over="n", ignore=["calls"])
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="'made' is not cached"):
            Pipeline([step], store=store).run(n=[1, 0, 2])
    assert calls == [1, 0, 2, 0]


def test_retries_are_for_each_item(store, calls):
    def flaky(n):
        calls.append(n)
        if calls.count(n) < 2:
            raise ValueError(n)
        return n

    assert Pipeline([Step(flaky, over="n", retries=1, ignore="calls")], store=store).run(n=[1, 2])["flaky"] == [1, 2]


def test_a_timeout_is_for_each_item(local_store):
    def slow(n):
        return sum(range(10**12)) if n == 1 else n

    with pytest.raises(PipelineError, match=r"took longer than 0\.2 s"):
        Pipeline([Step(slow, over="n", timeout=0.2)], store=local_store).run(n=[0, 1, 2])
    with pytest.raises(PipelineError, match="took longer") as caught:
        Pipeline([Step(slow, over="n", timeout=0.2)], store=local_store).run(n=[0, 1, 2])
    assert "That was item 1; 1 of 3 failed, the others are kept." in caught.value.__notes__


# -- big outputs -----------------------------------------------------------------------------


def model(flights):
    return LinearRegression().fit(flights[["delay"]], flights["delay"])


@pytest.mark.parametrize("executor", [None, 2])
def test_big_results_are_gathered_without_being_kept_again(local_store, executor):
    def part(n):
        return np.full(10_000, n)

    pipeline = Pipeline([Step(part, over="n"), Step(lambda part: sum(map(len, part)), name="rows")], store=local_store)
    assert pipeline.run(n=[1, 2, 3], executor=executor)["rows"] == 30_000
    assert len(local_store.list("blobs")) == 3
    assert not Blobs(local_store).verify()
    result = pipeline.run(n=[1, 2, 3, 4])
    assert [len(each) for each in result["part"]] == [10_000] * 4
    assert len(local_store.list("blobs")) == 4


def test_models_by_value_of_a_column(local_store):
    pipeline = Pipeline([flights, Step(model, over="origin")], store=local_store)
    result = pipeline.run(rows=3000)
    assert sorted(result["model"]) == ["EWR", "JFK", "LGA"]
    again = pipeline.run(rows=3000)
    assert again.cached
    assert again["model"]["JFK"].predict(pd.DataFrame({"delay": [5.0]}))[0] == pytest.approx(5.0)


# -- who is told -----------------------------------------------------------------------------


def test_observers_hear_how_many_items_are_done(local_store, recorder, squared):
    Pipeline([squared], store=local_store, tracker=recorder).run(n=[1, 2, 3])
    told = [event for event in recorder.events if isinstance(event, StepProgressed)]
    assert told[-1] == StepProgressed("square", 3, 3)


# -- what lies on the store is damaged ---------------------------------------------------------


def parted(n):
    if n == 3 and "THIRD_ITEM_FAILS" in os.environ:
        raise ValueError("not yet")
    return np.full(5000, float(n)), n


def test_a_lost_item_is_made_again(store, monkeypatch):
    monkeypatch.setenv("THIRD_ITEM_FAILS", "1")
    pipeline = Pipeline([Step(parted, over="n", outputs=("arrays", "numbers"))], store=store)
    with pytest.raises(PipelineError):
        pipeline.run(n=[1, 2, 3])
    store.delete(store.list("blobs")[0])
    monkeypatch.delenv("THIRD_ITEM_FAILS")
    with pytest.warns(RuntimeWarning, match="runs again over all items"):
        assert pipeline.run(n=[1, 2, 3])["numbers"] == [1, 2, 3]


def test_a_torn_batch_hides_no_other(store):
    cache = Cache(store)
    for n in range(3):
        cache.keep_items("ab" * 32, {f"{n}": cache.save(n)})
    batch = next(name for name in store.list("cache") if "items" in name)
    store.replace(batch, b"{")
    assert len(cache.find_items("ab" * 32)) == 2


def test_moments_of_an_array_are_moments_to_the_function(store):
    seen = Pipeline([Step(lambda day: type(day).__name__, name="kinds", over="day")], store=store)
    assert seen.run(day=np.array(["2013-01-01"], dtype="M8[ns]"))["kinds"] == ["datetime64"]


@pytest.mark.parametrize(
    "frame", [pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame({"a": [["secret"]]})], ids=["twice", "lists"]
)
def test_a_column_that_makes_no_groups_is_named(frame):
    with pytest.raises(PipelineError, match="can not run over the column 'a'") as caught:
        items_of(Step(lambda frame: 1, name="counts", over="a"), {"frame": frame})
    assert "secret" not in str(caught.value)
