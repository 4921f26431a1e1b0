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
    assert "scores needs rows, model" in page


def test_the_terminal_shows_the_steps(pipeline):
    assert repr(pipeline) == "Pipeline('means': rows, model, scores)"


# -- pipelines of pipelines ------------------------------------------------------------------


def test_pipelines_are_steps_of_another_and_add_up(store):
    data, training = Pipeline([rows], store=store, name="data"), Pipeline([model, scores], store=store)
    expected = {"error": 1.5}
    assert (data + training).run(n=4)["scores"] == expected
    assert (data + training).name == "data"
    assert Pipeline([data, training], store=store).run(n=4)["scores"] == expected
    with pytest.raises(PipelineError, match="Two steps are named 'rows'"):
        data + data


def test_what_the_others_gave_is_a_parameter_of_a_part(pipeline):
    part = pipeline.only("scores")
    assert part.run(model={"mean": 0.0}, rows=[1, 2])["scores"] == {"error": 2}
    with pytest.raises(PipelineError, match=r"no step 'scorse' \(did you mean 'scores'\?\)"):
        pipeline.only("scorse")


def test_a_replaced_step_keeps_its_options_and_a_step_brings_its_own(store):
    split = Step(lambda n: (n, n + 1), name="split", outputs=("low", "high"))
    pipeline = Pipeline([split], store=store)
    assert pipeline.replace(split=lambda n: (-n, n)).run(n=2)["split"] == {"low": -2, "high": 2}
    with pytest.raises(PipelineError, match="'low' is an output of the step 'split'; replace that"):
        pipeline.replace(low=rows)


# -- afterwards ------------------------------------------------------------------------------


def test_steps_that_asked_are_told_once_all_went_well(store):
    told = []

    def fails(rows, broken):
        if broken:
            raise ValueError("no")

    def tell(rows, broken):
        told.append((rows, broken))

    pipeline = Pipeline([Step(rows, on_success=tell), fails], store=store)
    with pytest.raises(PipelineError):
        pipeline.run(n=2, broken=True)
    assert told == []
    pipeline.run(n=2, broken=False)
    pipeline.run(n=2, broken=False)
    assert told == [([0, 1], False)] * 2


def test_a_sweep_tells_the_steps_that_asked_once_it_has_ended(store):
    told = []

    def scores(rows, weight):
        assert told == []
        return {"total": weight * sum(rows)}

    step = Step(rows, on_success=lambda rows: told.append(list(rows)))
    Pipeline([step, Step(scores, ignore="told")], store=store).sweep({"weight": [1, 2]}, "total", n=3)
    assert told == [[0, 1, 2]]


# -- without a cache -------------------------------------------------------------------------


def test_without_cache_nothing_is_looked_up_and_nothing_is_written(tmp_path, status):
    pipeline = Pipeline([rows, model], store=tmp_path / "store", cache=False)
    for _ in range(2):
        assert status(pipeline.run(n=4)) == {"rows": "done", "model": "done"}
    assert not (tmp_path / "store").exists()


def test_what_is_to_be_ignored_does_not_count_and_what_is_depended_on_does(store, tmp_path):
    table = tmp_path / "table.txt"
    table.write_text("1")

    def pipeline():
        return Pipeline(
            [Step(lambda n, verbose=False: n, name="same", ignore="verbose", depends_on=table)], store=store
        )

    pipeline().run(n=1)
    assert pipeline().run(n=1, verbose=True).cached
    table.write_text("2")
    assert not pipeline().run(n=1).cached
