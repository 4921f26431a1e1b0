from mlopskit.records.event import StepFinished
from mlopskit.records.json import from_json, to_json
from mlopskit.records.run import Dataset, MetricSummary, RunRecord
from mlopskit.storage.canonical_json import decode, encode

RUN = RunRecord(
    id="01cv5wts007b8m9v5pcmx7z2ed",
    name="depth-6",
    experiment="flight-delays",
    status="failed",
    started="2013-01-01T00:00:00+00:00",
    params={"depth": 6, "layers": [64, 32], "seed": None},
    summaries={"loss": MetricSummary(last=float("inf"), min=0.5, max=float("inf"), mean=float("inf"), count=2)},
    datasets={"train": Dataset("ab12", 3, ("origin", "a", "a"), ("category", "int64", "int64"))},
    steps=(StepFinished("scores", "done", 0.5, metrics={"auc": 0.7}),),
    error="ValueError: too deep",
)


def test_a_run_comes_back_from_json():
    assert from_json(RunRecord, decode(encode(to_json(RUN)))) == RUN


def test_a_run_that_has_just_started_needs_little():
    start = {"id": "x", "name": "n", "experiment": "e", "status": "running", "started": "2013-01-01T00:00:00+00:00"}
    assert from_json(RunRecord, start).metrics == {}
