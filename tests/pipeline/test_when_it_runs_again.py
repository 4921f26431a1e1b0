"""The promise: no output is ever stale, and no step runs needlessly."""

import os
import pathlib
import subprocess
import sys
import types

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from mlopskit import Pipeline, Step
from mlopskit.errors import PipelineError


@pytest.fixture
def run(project, local_store, status):
    """Run the functions of the module ``steps``, as a new process would, and tell what became of each."""

    def run(*names, source=None, options=None, **params):
        module = project.load() if source is None else project.load(source)
        steps = [Step(getattr(module, name), **(options or {}).get(name, {})) for name in names]
        return status(Pipeline(steps, store=local_store).run(**params))

    return run


# -- edits, from the pipeline's point of view ------------------------------------------------

CHAIN = """
    def raw(n): return [n, n + 1]
    def clean(raw): return sorted(raw)
    def total(clean): return sum(clean)
"""
CHAIN_STEPS = ("raw", "clean", "total")


def test_nothing_runs_twice(run):
    assert run(*CHAIN_STEPS, source=CHAIN, n=1) == dict.fromkeys(CHAIN_STEPS, "done")
    assert run(*CHAIN_STEPS, n=1) == dict.fromkeys(CHAIN_STEPS, "cached")


def test_what_comes_after_an_equal_result_of_changed_code_does_not_run(run):
    run(*CHAIN_STEPS, source=CHAIN, n=1)
    edited = CHAIN.replace("sorted(raw)", "list(raw)")
    assert run(*CHAIN_STEPS, source=edited, n=1) == {"raw": "cached", "clean": "done", "total": "cached"}


def test_going_back_to_earlier_code_runs_nothing(run):
    run(*CHAIN_STEPS, source=CHAIN, n=1)
    run(*CHAIN_STEPS, source=CHAIN.replace("sorted", "list"), n=1)
    assert run(*CHAIN_STEPS, source=CHAIN, n=1) == dict.fromkeys(CHAIN_STEPS, "cached")


BEHAVIOUR = """
    import importlib
    class Model:
        def __init__(self): self.coefficient = 5
        def predict(self): return self.coefficient * 1
    def model(): return getattr(importlib.import_module("".join(["ste", "ps"])), "Model")()  # unseen
    def score(model): return model.predict()
"""


def test_who_takes_an_instance_runs_again_when_its_class_was_edited_though_its_bytes_are_the_same(run):
    steps = ("model", "score")
    run(*steps, source=BEHAVIOUR)
    edited = BEHAVIOUR.replace("self.coefficient * 1", "self.coefficient * 2")
    assert run(*steps, source=edited) == {"model": "cached", "score": "done"}
    assert run(*steps) == dict.fromkeys(steps, "cached")


def test_two_pipelines_may_have_steps_of_one_name(run):
    assert run("step", source="def step(): return 1") == {"step": "done"}
    assert run("step", source="def step(): return 2") == {"step": "done"}
    assert run("step", source="def step(): return 1") == {"step": "cached"}


def test_a_cell_of_a_notebook_that_is_run_again(local_store, status):
    notebook = vars(types.ModuleType("__main__"))

    def cell(source):
        exec(source, notebook)
        return status(Pipeline([notebook["step"]], store=local_store).run())["step"]

    assert cell("def helper(): return 1\ndef step(): return helper()") == "done"
    assert cell("# run again\ndef helper(): return 1\ndef step(): return helper()") == "cached"
    assert cell("def helper(): return 2") == "done"
    assert cell("LIMIT = 3\nstep = lambda: LIMIT\nstep.__name__ = 'step'") == "done"


def test_a_function_whose_source_can_not_be_read_counts_all_the_same(local_store, status):
    names = {}
    for text, expected in (("1", "done"), ("1", "cached"), ("2", "done")):
        exec(compile(f"def step(): return {text}", "<nowhere>", "exec"), names)
        assert status(Pipeline([names["step"]], store=local_store).run()) == {"step": expected}


def test_a_changed_default_does_not_count_where_the_argument_is_given(run):
    source = "def step(depth=4, rate=0.1): return depth"
    assert run("step", source=source, depth=6) == {"step": "done"}
    assert run("step", source=source.replace("4", "5"), depth=6) == {"step": "cached"}
    assert run("step", source=source.replace("0.1", "0.2"), depth=6) == {"step": "done"}
    assert run("step", source=source.replace("4", "6")) == {"step": "cached"}  # the default says the same


def test_a_changed_default_counts_where_the_function_calls_itself(run):
    source = "def step(n=5, more=1): return n and more + step(n - 1)"
    assert run("step", source=source, n=5, more=7) == {"step": "done"}
    assert run("step", source=source.replace("more=1", "more=2"), n=5, more=7) == {"step": "done"}


def test_importing_a_package_inside_a_function_does_not_run_it_again(run, monkeypatch):
    source = "def step(n):\n    import colorsys\n    return colorsys.rgb_to_hsv(n, n, n)"
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert run("step", source=source, n=1.0) == {"step": "done"}
    assert "colorsys" in sys.modules
    assert run("step", n=1.0) == {"step": "cached"}


def test_another_version_of_a_package_counts(run, monkeypatch):
    import joblib

    source = "import joblib\ndef step(): return joblib.hash(5)"
    assert run("step", source=source) == {"step": "done"}
    monkeypatch.setattr(joblib, "__version__", "0.0.1")
    assert run("step") == {"step": "done"}


# -- what is read from outside ---------------------------------------------------------------


def test_the_environment_is_not_seen(run, monkeypatch):
    source = "import os\ndef step(): return os.environ['MLOPSKIT_LIMIT']"
    monkeypatch.setenv("MLOPSKIT_LIMIT", "1")
    assert run("step", source=source) == {"step": "done"}
    monkeypatch.setenv("MLOPSKIT_LIMIT", "2")
    assert run("step") == {"step": "cached"}


@pytest.mark.parametrize("way", ["parameter", "global"])
def test_a_file_that_a_path_names_counts_by_what_is_in_it(run, tmp_path, way):
    file = tmp_path / "data.csv"
    if way == "parameter":
        source, params = "def step(path): return path.read_text()", {"path": file}
    else:
        source, params = f"import pathlib\nPATH = pathlib.Path({str(file)!r})\ndef step(): return PATH.read_text()", {}
    file.write_text("1")
    assert run("step", source=source, **params) == {"step": "done"}
    os.utime(file)
    assert run("step", **params) == {"step": "cached"}
    state = file.stat()
    file.write_text("2")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))  # as unpacking an archive does
    assert run("step", **params) == {"step": "done"}
    file.unlink()
    with pytest.raises(PipelineError, match=r"data\.csv"):
        run("step", **params)


def test_an_input_that_is_changed_in_place_is_not_changed_for_others_or_the_cache(run):
    source = """
        import pandas as pd
        def given(): return {"frame": pd.DataFrame({"x": [1, 2]}), "list": [1]}
        def first(given):
            given["frame"]["x"] = 0
            given["list"].append(2)
        def second(given, first): return int(given["frame"]["x"].sum()) + len(given["list"])
    """
    steps = ("given", "first", "second")
    assert run(*steps, source=source) == dict.fromkeys(steps, "done")
    assert run(*steps) == dict.fromkeys(steps, "cached")


# -- what has no content ---------------------------------------------------------------------

NO_CONTENT = {
    "a lock": ("import threading\nTHING = threading.Lock()", "THING.locked()"),
    "an open file": ("THING = open(1, 'w', closefd=False)", "THING.closed"),
    "a connection": ("import sqlite3\nTHING = sqlite3.connect(':memory:')\nTHING.close()", "THING is None"),
    "a generator": ("THING = iter(x for x in [])", "list(THING)"),
    "what contains itself": ("THING = []\nTHING.append(THING)", "len(THING)"),
    "a ufunc of a hidden function": ("import numpy as np\nTHING = np.frompyfunc(lambda x: x + 1, 1, 1)", "THING(1)"),
}


@pytest.mark.parametrize("case", NO_CONTENT)
def test_a_step_that_reads_what_has_no_content_runs_every_time_and_says_so(run, case):
    given, asked = NO_CONTENT[case]
    source = f"{given}\nLIMIT = 1\ndef step(): return [{asked}, LIMIT]"
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match=r"Step 'step' runs every time: .*THING .*ignore="):
            assert run("step", source=source) == {"step": "done"}
    options = {"step": {"ignore": "THING", "depends_on": 1}}
    assert run("step", options=options) == {"step": "done"}
    assert run("step", options=options) == {"step": "cached"}
    assert run("step", source=source.replace("LIMIT = 1", "LIMIT = 2"), options=options) == {"step": "done"}
    options = {"step": {"ignore": "THING", "depends_on": 2}}
    assert run("step", options=options) == {"step": "done"}


def test_a_default_may_be_ignored_as_well(run):
    source = "import threading\ndef step(lock=threading.Lock()): return 1"
    options = {"step": {"ignore": "lock"}}
    assert run("step", source=source, options=options) == {"step": "done"}
    assert run("step", options=options) == {"step": "cached"}


def test_a_logger_is_fine(run):
    source = "import logging\nlogger = logging.getLogger(__name__)\ndef step():\n    logger.info('hello')\n    return 1"
    assert run("step", source=source) == {"step": "done"}
    assert run("step") == {"step": "cached"}


def test_a_global_that_the_step_writes_itself(run):
    source = "COUNT = 0\ndef step():\n    global COUNT\n    COUNT = 1\n    return COUNT"
    assert run("step", source=source) == {"step": "done"}
    assert run("step") == {"step": "cached"}


# -- outputs ---------------------------------------------------------------------------------


def test_none_is_an_output(run):
    assert run("step", source="def step(): return None") == {"step": "done"}
    assert run("step") == {"step": "cached"}


@pytest.mark.parametrize("source", ["def step():\n    yield 1", "def step(): return (x for x in [])"])
def test_an_output_that_is_gone_once_it_was_read_is_refused(run, source):
    with pytest.raises(PipelineError, match="generator, which can be read only once"):
        run("step", source=source)


def test_a_coroutine_function_is_refused(project):
    step = project.load("async def step(): return 1").step
    with pytest.raises(PipelineError, match=r"'step' is asynchronous.*asyncio.run"):
        Step(step)


def test_an_ignored_input_does_not_count(local_store):
    def noise(seed):
        return seed

    def model(noise, n):
        return n

    pipeline = Pipeline([noise, Step(model, ignore="noise")], store=local_store)
    pipeline.run(seed=1, n=1)
    assert pipeline.run("model", seed=2, n=1).steps["status"].tolist() == ["done", "cached"]


def test_who_takes_an_object_of_a_class_without_content_runs_every_time(project, local_store):
    """Whether its class was edited can not be told, and its bytes do not say."""
    steps = project.load(
        {
            "models": "import threading\nclass Model:\n    lock = threading.Lock()\n    x = 1\n",
            "steps": """
                import importlib
                def model(module): return importlib.import_module(module).Model()
                def score(model): return model.x
            """,
        }
    )
    pipeline = Pipeline([steps.model, steps.score], store=local_store)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="makes the steps that need it run every time"):
            result = pipeline.run(module="models")
    assert result["score"] == 1
    assert result.steps["status"].tolist() == ["cached", "done"]


def test_an_output_that_can_not_be_stored_is_made_every_time(run):
    source = "import threading\ndef step(): return threading.Lock()"
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="is not cached"):
            assert run("step", source=source) == {"step": "done"}


WITH_EVERYTHING = pd.DataFrame(
    {
        "z": [1.5, np.nan, -0.0],
        "a": pd.array([1, None, 3], dtype="Int64"),
        "when": pd.to_datetime(["2013-01-01", None, "2013-01-03"]),
        "zoned": pd.to_datetime(["2013-01-01", None, "2013-01-03"]).tz_localize("America/New_York"),
        "kind": pd.Categorical(["b", "a", None], categories=["c", "b", "a"], ordered=True),
        "mixed": pd.Series([None, np.nan, "x"], dtype=object),
        "small": np.array([1, 2, 3], dtype="int8"),
        "span": pd.to_timedelta([1, None, 3], unit="s"),
        "flag": [True, False, True],
    },
    index=pd.Index(["r", "q", "p"], name="row"),
)


@pytest.mark.parametrize(
    "frame",
    [
        WITH_EVERYTHING,
        WITH_EVERYTHING.iloc[:0],
        WITH_EVERYTHING.set_index(["a", "flag"]),
        WITH_EVERYTHING.set_axis([*"zyx", *range(6)], axis=1),
        WITH_EVERYTHING.T.T,
    ],
    ids=["everything", "no rows", "two levels", "mixed names", "objects"],
)
def test_a_frame_comes_back_from_the_cache_exactly(local_store, frame):
    def step():
        return frame

    pipeline = Pipeline([step], store=local_store)
    assert_frame_equal(pipeline.run()["step"], frame)
    again = pipeline.run()
    assert again.cached
    assert_frame_equal(again["step"], frame, check_exact=True, check_freq=True)
    for name in range(frame.shape[1]):
        assert list(map(type, again["step"].iloc[:, name])) == list(map(type, frame.iloc[:, name]))


def test_a_series_comes_back_with_its_name_and_index(local_store):
    series = pd.Series([1.0, np.nan], index=pd.Index([7, 5], name="day"), name=("delay", 1))
    pipeline = Pipeline([Step(lambda: series, name="step")], store=local_store)
    pipeline.run()
    assert_series_equal(pipeline.run()["step"], series)


# -- real processes --------------------------------------------------------------------------

SCRIPT = """
    import logging, dataclasses, enum, typing
    from mlopskit import Pipeline
    import lib

    logger = logging.getLogger(__name__)
    T = typing.TypeVar("T")

    class Kind(enum.Flag):
        A = 1
        B = 2

    @dataclasses.dataclass(frozen=True)
    class Config(typing.Generic[T]):
        names: frozenset = frozenset({"a", "b", "c"})
        kind: Kind = Kind.A | Kind.B

    CONFIG = Config()

    def given(n): return {"n": n, "names": {"a", "b", "c"}}
    def step(given):
        class Local:
            value = lib.helper()
        logger.info(__name__)
        return [given["n"], sorted(CONFIG.names), Local.value, __name__ and Kind(3).value]

    def main():
        result = Pipeline([given, step], store="store").run(n=1)
        print(",".join(result.steps["status"]))

    if __name__ == "__main__":
        main()
"""


def test_other_processes_find_it_whatever_the_hash_seed_and_however_they_were_started(project):
    def python(*arguments, seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = str(pathlib.Path(__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=project.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    project.write({"steps": SCRIPT, "lib": "def helper(): return 1"})
    assert python("steps.py", seed="1") == "done,done"
    assert python("steps.py", seed="2") == "cached,cached"
    assert python("-m", "steps", seed="3") == "cached,cached"
    assert python("-c", "import steps; steps.main()", seed="4") == "cached,cached"
    project.write({"lib": "def helper(): return 2"})
    assert python("steps.py", seed="5") == "cached,done"
