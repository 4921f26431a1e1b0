import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlopskit.pipeline import Pipeline, Step
from mlopskit.storage.store import Store

PROJECT = pathlib.Path(__file__).parents[3]


def numbers(n):
    return list(range(n))


def doubled(numbers):
    return [2 * number for number in numbers]


def total(doubled, scale=1):
    return scale * sum(doubled)


def frame(rows):
    return pd.DataFrame({"x": np.arange(rows, dtype=float)})


def model(frame):
    return LinearRegression().fit(frame[["x"]], frame["x"] * 2)


def scores(model, frame):
    return {"r2": model.score(frame[["x"]], frame["x"] * 2)}


BIG = 1000
"""As many numbers do not lie in their entry."""


def entries(store):
    """The cache entries by the name of their step."""
    return {json.loads(store.read(name))["step"]: name for name in store.list("cache/steps")}


def artifact_of(store, step):
    (output,) = json.loads(store.read(entries(store)[step]))["outputs"].values()
    return output["artifact"]


def blob_of(store, step):
    digest = artifact_of(store, step)["digest"]
    return f"blobs/{digest[:2]}/{digest}"


def forget_plans(store):
    """Have every step looked up by itself."""
    store.delete(*store.list("cache/plans"))


# -- hits and misses -------------------------------------------------------------------------


def test_a_second_run_takes_everything_from_the_cache(store):
    first = Pipeline([numbers, doubled, total], store=store).run(n=4)
    second = Pipeline([numbers, doubled, total], store=Store(store.url)).run(n=4)
    assert not first.cached
    assert second.cached
    assert first["total"] == second["total"] == 12
    assert first.steps["digest"].tolist() == second.steps["digest"].tolist()


def test_a_parameter_runs_again_only_the_steps_that_take_it_and_what_changes_by_it(store, status):
    pipeline = Pipeline([numbers, doubled, total], store=store)
    pipeline.run(n=4)
    assert status(pipeline.run(n=4, scale=3)) == {"numbers": "cached", "doubled": "cached", "total": "done"}
    assert status(pipeline.run(n=5)) == {"numbers": "done", "doubled": "done", "total": "done"}


def test_a_default_said_aloud_is_the_same_parameter(store):
    pipeline = Pipeline([numbers, doubled, total], store=store)
    pipeline.run(n=4)
    assert pipeline.run(n=4, scale=1).cached


def test_edited_code_runs_again_with_what_changes_by_it(store, status):
    def tripled(numbers):
        return [3 * number for number in numbers]

    Pipeline([numbers, doubled, total], store=store).run(n=4)
    result = Pipeline([numbers, Step(tripled, name="doubled"), total], store=store).run(n=4)
    assert status(result) == {"numbers": "cached", "doubled": "done", "total": "done"}
    assert result["total"] == 18


def test_edited_code_with_an_equal_output_stops_there(store, status):
    def added(numbers):
        return [number + number for number in numbers]

    Pipeline([numbers, doubled, total], store=store).run(n=4)
    result = Pipeline([numbers, Step(added, name="doubled"), total], store=store).run(n=4)
    assert status(result) == {"numbers": "cached", "doubled": "done", "total": "cached"}


def test_values_of_other_types_never_meet_though_their_bytes_are_equal(store):
    def text():
        return "1"

    def number():
        return 1

    def kind(value):
        return type(value).__name__

    def pipeline(source):
        return Pipeline([Step(source, name="value"), kind], store=store)

    assert pipeline(text).run()["kind"] == "str"
    assert pipeline(number).run()["kind"] == "int"


def test_a_step_without_cache_runs_always_and_those_after_it_only_for_another_output(store, status, tmp_path):
    source = tmp_path / "n"

    def numbers(path):
        return list(range(int(pathlib.Path(path).read_text())))

    pipeline = Pipeline([Step(numbers, cache=False), doubled], store=store)
    source.write_text("3")
    assert status(pipeline.run(path=str(source))) == {"numbers": "done", "doubled": "done"}
    assert status(pipeline.run(path=str(source))) == {"numbers": "done", "doubled": "cached"}
    source.write_text("4")
    assert status(pipeline.run(path=str(source))) == {"numbers": "done", "doubled": "done"}


def test_the_file_behind_a_path_counts_and_behind_a_text_does_not(store, tmp_path):
    def size(path):
        return len(pathlib.Path(path).read_text())

    source = tmp_path / "flights.csv"
    source.write_text("abc")
    pipeline = Pipeline([size], store=store)
    assert (pipeline.run(path=source)["size"], pipeline.run(path=str(source))["size"]) == (3, 3)
    source.write_text("abcdef")
    assert (pipeline.run(path=source)["size"], pipeline.run(path=str(source))["size"]) == (6, 3)
    assert pipeline.run(path=source).cached


# -- what the cache can not hold ------------------------------------------------------------


def test_a_parameter_without_a_digest_runs_its_step_every_time_with_one_warning(store, status):
    def held(lock, n):
        return n if lock else 0

    pipeline = Pipeline([held, Step(lambda held: held, name="after")], store=store)
    with pytest.warns(RuntimeWarning, match="Step 'held' runs every time.*lock") as warned:
        pipeline.run(lock=threading.Lock(), n=1)
    assert len(warned) == 1
    with pytest.warns(RuntimeWarning, match="held"):
        assert status(pipeline.run(lock=threading.Lock(), n=1)) == {"held": "done", "after": "cached"}


def test_an_output_that_can_not_be_kept_is_handed_on_with_one_warning(store, status):
    def connection():
        return threading.Lock()

    def used(connection):
        return connection.locked()

    pipeline = Pipeline([connection, used], store=store)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="Step 'connection' is not cached") as warned:
            assert status(pipeline.run()) == {"connection": "done", "used": "done"}
        assert len(warned) == 1


def test_a_full_disk_costs_the_cache_and_not_the_run(small_disk):
    def noise():
        return np.random.default_rng(0).random(1 << 18)

    with pytest.warns(RuntimeWarning, match="Step 'noise' is not cached.*full"):
        result = Pipeline([noise], store=small_disk / "store").run()
    assert result["noise"].shape == (1 << 18,)


# -- entries and outputs that are not what they were ----------------------------------------


@pytest.mark.parametrize("damage", [b"{", b"[]", b"null", b'{"format":1}', b"\xff"])
def test_a_torn_entry_is_a_miss_and_is_written_anew(store, status, damage):
    pipeline = Pipeline([numbers, doubled], store=store)
    pipeline.run(n=4)
    forget_plans(store)
    store.replace(entries(store)["doubled"], damage)
    with pytest.warns(RuntimeWarning, match="Step 'doubled' runs again"):
        assert status(pipeline.run(n=4)) == {"numbers": "cached", "doubled": "done"}
    assert pipeline.run(n=4).cached


def test_an_entry_in_the_place_of_another_is_a_miss(store):
    pipeline = Pipeline([numbers, doubled], store=store)
    pipeline.run(n=4)
    forget_plans(store)
    names = entries(store)
    store.replace(names["doubled"], store.read(names["numbers"]))
    with pytest.warns(RuntimeWarning, match="is not what was written"):
        assert pipeline.run(n=4)["doubled"] == [0, 2, 4, 6]


def test_an_entry_that_names_another_output_is_a_miss(store):
    pipeline = Pipeline([numbers, doubled], store=store)
    pipeline.run(n=4)
    forget_plans(store)
    names = entries(store)
    forged = json.loads(store.read(names["doubled"]))
    forged["outputs"]["doubled"]["artifact"] = artifact_of(store, "numbers")
    store.replace(names["doubled"], json.dumps(forged).encode())
    with pytest.warns(RuntimeWarning, match="is not what was written"):
        assert pipeline.run(n=4)["doubled"] == [0, 2, 4, 6]


def test_a_lost_output_is_made_again_when_a_step_needs_it(store, status):
    pipeline = Pipeline([numbers, doubled, total], store=store)
    pipeline.run(n=BIG)
    forget_plans(store)
    store.delete(blob_of(store, "numbers"), entries(store)["doubled"])
    with pytest.warns(RuntimeWarning, match="Step 'numbers' runs again"):
        assert status(pipeline.run(n=BIG)) == {"numbers": "done", "doubled": "done", "total": "cached"}
    assert pipeline.run(n=BIG).cached


def test_a_damaged_output_is_made_again_when_the_user_asks_for_it(store):
    pipeline = Pipeline([numbers, doubled], store=store)
    pipeline.run(n=BIG)
    store.replace(blob_of(store, "doubled"), b"[9]")
    result = pipeline.run(n=BIG)
    with pytest.warns(RuntimeWarning, match="Step 'doubled' runs again"):
        assert result["doubled"] == [2 * i for i in range(BIG)]
    assert not result.cached
    assert pipeline.run(n=BIG)["doubled"][-1] == 2 * BIG - 2


def test_a_model_that_nobody_trusted_signed_is_a_miss(store, status, tmp_path, monkeypatch):
    class Doubler:
        def predict(self, x):
            return 2 * x

    def model():
        return Doubler()

    pipeline = Pipeline([model], store=store)
    pipeline.run()
    assert pipeline.run()["model"].predict(2) == 4
    monkeypatch.setenv("MLOPSKIT_CONFIG", str(tmp_path / "somebody else"))
    with pytest.warns(RuntimeWarning, match="nobody you trust"):
        assert status(pipeline.run()) == {"model": "done"}
    assert pipeline.run().cached


# -- loading only what is needed ------------------------------------------------------------


def test_a_warm_run_loads_no_frame(store):
    pipeline = Pipeline([frame, model, scores], store=store)
    pipeline.run(rows=BIG)
    store.delete(*store.list("blobs"))
    result = pipeline.run(rows=BIG)
    assert result.cached
    assert result["scores"] == {"r2": pytest.approx(1.0)}


def test_only_the_inputs_of_a_step_that_runs_are_loaded(store, status):
    def summary(scores):
        return f"r2 {scores['r2']:.2f}"

    Pipeline([frame, model, scores], store=store).run(rows=BIG)
    store.delete(*store.list("blobs"))
    result = Pipeline([frame, model, scores, summary], store=store).run(rows=BIG)
    assert status(result) == {"frame": "cached", "model": "cached", "scores": "cached", "summary": "done"}


# -- isolation ------------------------------------------------------------------------------


def test_edits_in_place_reach_neither_siblings_nor_the_cache(store):
    def data():
        return {"frame": pd.DataFrame({"x": [1.0, 2.0]}), "depths": [1, 2]}

    def vandal(data):
        data["frame"].loc[0, "x"] = 99.0
        data["frame"]["new"] = 1
        data["depths"].append(3)
        data["more"] = True

    def witness(data, vandal):
        return list(data), data["frame"]["x"].tolist(), list(data["frame"]), data["depths"]

    expected = (["frame", "depths"], [1.0, 2.0], ["x"], [1, 2])
    pipeline = Pipeline([data, vandal, witness], store=store)
    assert pipeline.run()["witness"] == expected
    forget_plans(store)
    store.delete(*[entries(store)[step] for step in ("vandal", "witness")])  # now their input comes from the store
    assert pipeline.run()["witness"] == expected
    assert list(pipeline.run()["data"]["frame"]) == ["x"]


# -- kill -9 --------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from mlopskit.pipeline import Pipeline
from mlopskit.storage.backends.local import LocalBackend

class Output:
    def __getstate__(self):
        if sys.argv[2] == "while writing the output":
            os.kill(os.getpid(), signal.SIGKILL)
        return {"size": 3}

def first(): return [1, 2, 3]
def second(first): return Output()

replace = LocalBackend.replace
def killing_replace(self, name, data, **options):
    if sys.argv[2] == "before the entry has its name" and b'"second"' in data:
        self.create("cache/unnamed", data[:40], durable=False)
        os.kill(os.getpid(), signal.SIGKILL)
    replace(self, name, data, **options)
LocalBackend.replace = killing_replace

print(Pipeline([first, second], store=sys.argv[1]).run().steps["status"].tolist())
"""


@pytest.mark.faults
@pytest.mark.parametrize("moment", ["while writing the output", "before the entry has its name"])
def test_after_kill_9_in_the_middle_of_writing_the_next_run_resumes(local_store, moment):
    def run(moment):
        command = [sys.executable, "-c", KILLED, local_store.url, moment]
        return subprocess.run(
            command, cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=False, timeout=60
        )

    assert run(moment).returncode == -signal.SIGKILL
    assert run("never").stdout == "['cached', 'done']\n"
    assert run("never").stdout == "['cached', 'cached']\n"
