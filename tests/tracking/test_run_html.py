import pandas as pd
import pytest

HOSTILE = "<script>alert(1)</script>"


def test_a_run_shows_what_went_in_how_metrics_moved_and_what_it_kept(tracker, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with tracker.start_run("depth-6", params={"max_depth": 6}, tags={"team": "ops"}) as run:
        run.log_metrics({"loss": 0.5, "auc": 0.71})
        run.log_metric("loss", 0.4)
        run.log_artifact("thresholds", [0.2])
        run.log_file(tmp_path / "notes.txt")
        run.log_dataset("train", pd.DataFrame({"a": [1]}))
        assert "running" in run._repr_html_()
    html = run._repr_html_()
    assert html == tracker.get_run(run.id)._repr_html_()
    for text in ("depth-6", "finished", "max_depth", "team", "0.71", "thresholds", "file of 5 bytes", "train", run.id):
        assert text in html
    assert html.count("2 values from 0.4000 to 0.5000") == 1


def test_names_and_values_are_escaped(tracker):
    run = tracker.start_run(HOSTILE, params={HOSTILE: HOSTILE})
    run.log_metric(HOSTILE, 1)
    run.log_metric(HOSTILE, 2)
    with pytest.raises(ValueError, match="alert"), run:
        raise ValueError(HOSTILE)
    assert "<script" not in run._repr_html_()


def test_children_show_below_their_run(tracker):
    with tracker.start_run("search") as run:
        for fold in range(2):
            with run.start_child(f"fold-{fold}") as child:
                child.log_metric("loss", fold)
    assert run.children()["name"].tolist() == ["fold-0", "fold-1"]
    html = tracker.get_run(run.id)._repr_html_()
    assert "Children" in html
    assert "fold-1" in html
    assert "Children" not in child._repr_html_()
