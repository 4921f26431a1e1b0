import sys

import pytest

from mlopskit import Pipeline, Step
from mlopskit.errors import PipelineError
from mlopskit.pipeline.explanation import Explanation

SOURCE = """
    import joblib
    LIMIT = 3
    class Scaler:
        factor = 2
    def helper(x): return x + 1
    def raw(n, name="a"): return [n, len(name)]
    def clean(raw, depth=4, *, rate=0.5): return [helper(x) * Scaler.factor for x in raw if x < LIMIT]
    def total(clean): return [sum(clean), joblib.hash(5)]
"""
NAMES = ("raw", "clean", "total")


@pytest.fixture
def pipeline(project, local_store):
    """Make the pipeline of the module ``steps`` as a new process would."""

    def pipeline(source=None, old="", new="", **options):
        module = project.load(source if source is None else source.replace(old, new))
        return Pipeline([Step(getattr(module, name), **options.get(name, {})) for name in NAMES], store=local_store)

    return pipeline


def test_before_the_first_run(pipeline):
    said = pipeline(SOURCE).explain("raw", n=1)
    assert (said.step, said.runs, said.changes, said.upstream) == ("raw", True, (), ())
    assert str(said) == "'raw' would run: it is not known from the last run"


def test_what_comes_from_the_cache(pipeline):
    pipeline(SOURCE).run(n=1)
    for name in NAMES:
        said = pipeline().explain(name, n=1)
        assert str(said) == f"{name!r} would come from the cache: nothing it depends on has changed"
        assert not said.runs


CHANGES = {
    "function steps.helper changed": ("x + 1", "x + 2"),
    "function steps.clean changed": ("x < LIMIT", "x <= LIMIT"),
    "value steps.LIMIT changed": ("LIMIT = 3", "LIMIT = 4"),
    "class steps.Scaler changed": ("factor = 2", "factor = 3"),
    "parameter depth changed": ("depth=4", "depth=5"),
    "parameter rate changed": ("rate=0.5", "rate=0.6"),
    "parameter more is new": ("rate=0.5", "rate=0.5, more=1"),
    "parameter depth is gone": ("depth=4, *", "*"),
    "function steps.other is new": ("[helper(x)", "[other(x)"),
    "function steps.helper is gone": ("[helper(x)", "[(x)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(pipeline, change):
    source = SOURCE + "    def other(x): return x\n"
    pipeline(source).run(n=1)
    old, new = CHANGES[change]
    said = pipeline(source, old, new).explain("clean", n=1)
    assert said.runs
    assert any(each.startswith(change) for each in said.changes)
    assert said.changes[0] in str(said)


def test_numbers_are_shown_before_and_after(pipeline):
    pipeline(SOURCE).run(n=1, depth=4)
    assert pipeline().explain("clean", n=1, depth=6).changes == ("parameter depth changed: 4, now 6",)
    assert pipeline().explain("clean", n=1, depth=None).changes == ("parameter depth changed: 4, now None",)
    assert pipeline().explain("clean", n=1, depth="deep").changes == ("parameter depth changed",)


def test_text_is_never_shown(pipeline, local_store):
    pipeline(SOURCE.replace("LIMIT = 3", "LIMIT = {'SECRET-1': 'SECRET-2'} and 3")).run(n=1, name="SECRET-3")
    said = pipeline(SOURCE).explain("total", n=1, name="SECRET-4")
    assert "SECRET" not in f"{said} {said!r} {said.changes} {said._repr_html_()}"
    (note,) = local_store.list("cache/last")
    assert b"SECRET" not in local_store.read(note)


def test_what_would_be_made_anew_upstream(pipeline):
    pipeline(SOURCE).run(n=1)
    said = pipeline(SOURCE, "x + 1", "x + 2").explain("total", n=1)
    assert said.runs
    assert str(said).splitlines() == [
        "'total' would run: its input clean would be made anew, and may be as it was",
        "  'clean' would run: function steps.helper changed",
    ]


def test_each_step_upstream_is_named_once(store):
    def source(n):
        return [n]

    def left(source):
        return source

    def right(source):
        return source

    def both(left, right):
        return left + right

    pipeline = Pipeline([source, left, right, both], store=store)
    pipeline.run(n=1)
    assert str(pipeline.explain("both", n=2)).splitlines() == [
        "'both' would run: its inputs left, right would be made anew, and may be as they were",
        "  'left' would run: its input source would be made anew, and may be as it was",
        "  'right' would run: its input source would be made anew, and may be as it was",
        "  'source' would run: parameter n changed: 1, now 2",
    ]


def test_a_default_that_is_overruled_is_shown_with_its_value(store):
    def model(depth=6):
        return depth

    pipeline = Pipeline([model], store=store)
    pipeline.run()
    assert pipeline.explain("model", depth=3).changes == ("parameter depth changed: 6, now 3",)


def test_an_input_that_changed(pipeline):
    pipeline(SOURCE).run(n=1)
    changed = pipeline(SOURCE, "[n, len(name)]", "[n, 2]")
    changed.run("raw", n=1)
    assert changed.explain("clean", n=1).changes == ("input raw changed",)


def test_a_package_is_named_with_both_versions(pipeline, monkeypatch):
    import joblib

    pipeline(SOURCE).run(n=1)
    version = joblib.__version__
    monkeypatch.setattr(joblib, "__version__", "0.0.1")
    assert pipeline().explain("total", n=1).changes == (f"package joblib changed: {version}, now 0.0.1",)


def test_another_version_of_python_is_named(pipeline, monkeypatch):
    pipeline(SOURCE).run(n=1)
    monkeypatch.setattr("mlopskit.pipeline.code.reach.PYTHON", "3.99")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert pipeline().explain("raw", n=1).changes == (f"package python changed: {version}, now 3.99",)


def test_what_an_earlier_run_had_comes_from_the_cache_though_it_changed_since_the_last(pipeline):
    pipeline(SOURCE).run(n=1)
    pipeline().run(n=2)
    said = pipeline().explain("raw", n=1)
    assert not said.runs
    assert said.reason == "an earlier run had the same; parameter n changed: 2, now 1"


def test_after_a_run_that_failed(pipeline):
    pipeline(SOURCE).run(n=1)
    broken = pipeline(SOURCE, "x + 1", "x / 0")
    with pytest.raises(PipelineError):
        broken.run(n=1)
    assert not broken.explain("raw", n=1).runs
    assert broken.explain("clean", n=1).changes == ("function steps.helper changed",)
    assert not pipeline(SOURCE).explain("clean", n=1).runs


def test_an_output_that_is_lost(pipeline, local_store):
    pipeline(SOURCE).run(n=1)
    for name in local_store.list("cache/steps"):
        local_store.delete(name)
    said = pipeline().explain("raw", n=1)
    assert said.runs
    assert said.reason == "nothing it depends on has changed, but its output is not in the cache"


def test_a_step_that_runs_every_time(pipeline):
    pipeline(SOURCE).run(n=1)
    said = pipeline(clean={"cache": False}).explain("clean", n=1)
    assert (said.runs, said.reason) == (True, "it runs every time, as Step(..., cache=False) says")
    locked = pipeline(SOURCE, "LIMIT = 3", "import threading\n    LIMIT = threading.Lock()")
    with pytest.warns(RuntimeWarning, match="LIMIT"):
        said = locked.explain("clean", n=1)
    assert (said.runs, said.changes) == (True, ())
    assert "can not be told" in said.reason


def test_depends_on_is_named(pipeline):
    pipeline(SOURCE, clean={"depends_on": 1}).run(n=1)
    assert pipeline(clean={"depends_on": 2}).explain("clean", n=1).changes == ("value depends_on changed",)


def test_explaining_runs_and_keeps_nothing(pipeline, local_store):
    pipeline(SOURCE.replace("return [n,", "1 / 0; return [n,")).explain("total", n=1)
    assert not [*local_store.list("cache")]


def test_how_it_looks():
    upstream = Explanation("clean", True, ("function f changed",), "function <f> changed")
    said = Explanation("model", True, (), "input clean would be made anew", (upstream,))
    assert repr(said).startswith("<Explanation 'model' would run: ")
    assert "  &#x27;clean&#x27; would run: function &lt;f&gt; changed" in said._repr_html_().replace("&#39;", "&#x27;")
