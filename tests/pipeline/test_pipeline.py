import pytest

from mlopskit.errors import PipelineError
from mlopskit.pipeline import Pipeline, Step


def rows(n):
    return list(range(n))


def model(rows):
    return {"mean": sum(rows) / len(rows)}


def scores(model, rows):
    return {"error": max(abs(row - model["mean"]) for row in rows)}


@pytest.fixture
def pipeline(store):
    return Pipeline([rows, model, scores], store=store, name="means")


def test_only_what_the_targets_need_runs(pipeline, status):
    assert status(pipeline.run("model", n=4)) == {"rows": "done", "model": "done"}
    assert status(pipeline.run(targets=["rows"], n=4)) == {"rows": "cached"}


def test_a_given_value_takes_the_place_of_a_step(pipeline, status):
    champion = {"mean": 0.0}
    result = pipeline.run("scores", given={"model": champion}, n=5)
    assert status(result) == {"model": "given", "rows": "done", "scores": "done"}
    assert result["scores"] == {"error": 4.0}
    assert result["model"] is champion
    assert pipeline.run("scores", n=5)["scores"] == {"error": 2.0}
    assert pipeline.run("scores", given={"model": champion}, n=5).cached


def test_parameters_of_a_replaced_step_are_not_needed(pipeline):
    assert pipeline.run(given={"rows": [1, 2]})["scores"] == {"error": 0.5}


def test_a_given_value_is_not_edited(store):
    def sorted_rows(rows):
        rows.sort()
        return rows

    given = [2, 1]
    assert Pipeline([rows, sorted_rows], store=store).run(given={"rows": given})["sorted_rows"] == [1, 2]
    assert given == [2, 1]


def test_names_are_checked_before_anything_runs_or_is_tracked(store, recorder):
    pipeline = Pipeline([rows, model], store=store, tracker=recorder)
    for wrong in ({"targets": "modle"}, {"given": {"modle": 1}}, {"m": 3}, {}):
        with pytest.raises(PipelineError):
            pipeline.run(**wrong)
    assert recorder.events == []


@pytest.mark.parametrize("reserved", ["targets", "given", "progress"])
def test_an_argument_that_run_takes_itself_is_refused(store, reserved):
    namespace = {}
    exec(f"def step({reserved}=None): return {reserved}", namespace)
    with pytest.raises(PipelineError, match=f"an argument '{reserved}', which Pipeline.run takes itself"):
        Pipeline([namespace["step"]], store=store)
    assert Pipeline([rows, Step(namespace["step"], inputs={reserved: "rows"})], store=store).run(n=1)["step"] == [0]


def test_a_pipeline_is_made_before_its_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Pipeline([rows])
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_the_graph(pipeline):
    page = pipeline._repr_html_()
    assert "<svg" in page
    assert "scores needs model, rows" in page


def test_the_terminal_shows_the_steps(pipeline):
    assert repr(pipeline) == "Pipeline('means': rows, model, scores)"
