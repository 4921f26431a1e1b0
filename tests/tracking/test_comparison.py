import pandas as pd

from mlopskit.records.environment import Code, Environment
from mlopskit.tracking.comparison import compare

HOSTILE = "<script>alert(1)</script>"


def two_runs(tracker):
    runs = []
    for depth in (4, 6):
        with tracker.start_run(f"depth-{depth}", params={"depth": depth, "seed": 1, HOSTILE: depth}) as run:
            run.log_metric("loss", 1 / depth)
            run.log_dataset("train", pd.DataFrame({"a": [1, depth]}))
        runs.append(run)
    return runs


def test_what_differs_is_listed_and_what_agrees_is_not(tracker):
    a, b = two_runs(tracker)
    found = tracker.compare(a.id, b.id)
    rows = found.to_frame().query("section in ('params', 'metrics')")[["name", "a", "b"]].values.tolist()
    assert sorted(rows) == [[HOSTILE, 4, 6], ["depth", 4, 6], ["loss", 1 / 4, 1 / 6]]
    assert found.agreement["data"] == "differs"
    assert found.agreement["packages"] == "agrees"
    assert len(found.to_frame(agreeing=True)) > len(found.to_frame())
    assert "Not the same setup" in str(found)


def test_a_run_agrees_with_itself(tracker):
    a, _ = two_runs(tracker)
    found = tracker.compare(a.id, a.id)
    assert found.to_frame().empty
    assert found.agreement["data"] == "agrees"


def test_names_and_values_are_escaped(tracker):
    a, b = two_runs(tracker)
    assert "<script" not in tracker.compare(a.id, b.id)._repr_html_()


def test_code_agrees_only_if_all_of_it_is_known(tracker):
    a, _ = two_runs(tracker)

    def agreement(one, other):
        return compare(a.record, a.record, Environment(code=one), Environment(code=other)).agreement["code"]

    clean = Code(commit="8c1f", dirty=False)
    assert agreement(clean, clean) == "agrees"
    assert agreement(clean, Code(commit="1234", dirty=False)) == "differs"
    assert agreement(clean, Code(commit="8c1f", dirty=True, diff="+1")) == "differs"
    assert agreement(Code(), Code()) == "unknown"
    doubtful = Code(commit="8c1f", dirty=False, untracked=("model.py",))
    assert agreement(doubtful, doubtful) == "unknown"
