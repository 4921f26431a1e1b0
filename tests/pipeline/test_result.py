import pytest

from mlopskit.pipeline import Pipeline


def rows(n):
    return list(range(n))


def total(rows):
    return sum(rows)


@pytest.fixture
def pipeline(store):
    return Pipeline([rows, total], store=store, name="sums")


def test_the_table_of_steps(pipeline):
    steps = pipeline.run(n=3).steps
    assert list(steps) == ["step", "status", "seconds", "cached", "digest"]
    assert steps["step"].tolist() == ["rows", "total"]
    assert steps["cached"].tolist() == [False, False]
    assert (steps["seconds"] >= 0).all()
    assert steps["digest"].str.len().tolist() == [64, 64]
    assert pipeline.run(n=3).steps["cached"].tolist() == [True, True]


def test_outputs_by_name(pipeline):
    result = pipeline.run(n=3)
    assert list(result) == ["rows", "total"]
    assert "total" in result
    assert {name: result[name] for name in result} == {"rows": [0, 1, 2], "total": 3}


def test_a_name_that_was_not_run_is_refused(pipeline):
    with pytest.raises(KeyError, match="'total' is no step of this run; it has rows"):
        pipeline.run("rows", n=3)["total"]


def test_the_terminal_shows_a_line_for_each_step(pipeline):
    pipeline.run(n=3)
    heading, given, line = repr(pipeline.run(given={"rows": [1, 2]})).splitlines()
    assert heading.startswith("sums: 1 steps in 0.0")
    assert given == "  rows   given"
    assert line.split()[:3] == ["total", "done", "0.00"]
    assert ", 2 from the cache, which saved 0.00 s" in repr(pipeline.run(n=3))


def test_without_a_tracker_there_is_no_run(pipeline):
    assert pipeline.run(n=3).run is None
