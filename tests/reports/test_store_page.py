import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlopskit.drift.detector import DriftDetector
from mlopskit.errors import NotFoundError
from mlopskit.records.report import CheckResult
from mlopskit.registry.gate import Gate
from mlopskit.registry.registry import Registry
from mlopskit.reports import write_page
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker

HOSTILE = "<script>alert(1)</script><img src=https://evil.example/x.png>\"'"


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(html):
    parser = _Tags()
    parser.feed(html)
    return parser.found


def gains(low, high):
    observed = {"metric": "roc_auc", "gain": (low + high) / 2, "low": low, "high": high}
    return lambda trial: CheckResult("better", "passed" if low > 0 else "failed", "as seen", observed=observed)


@pytest.fixture(scope="module")
def flights():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"distance": draw.uniform(100, 3000, 200), "hour": draw.integers(5, 23, 200)})
    return frame.assign(late=(frame["hour"] > 15).astype(int))


@pytest.fixture(scope="module")
def store(flights, tmp_path_factory):
    """Three versions: the first one, a better one that was taken back, and one that was refused."""
    store = Store(tmp_path_factory.mktemp("pages") / "store")
    registry = Registry(store)
    model = LogisticRegression(max_iter=1000).fit(flights[["distance", "hour"]], flights["late"])
    with Tracker(store, experiment="flight-delays").start_run("january", params={"until": "2013-01"}) as run:
        run.log_metric("roc_auc", 0.71)
    for until, gate in [
        ("2013-01", None),
        ("2013-02", Gate([gains(0.01, 0.03)])),
        ("2013-03", Gate([gains(-0.01, 0.01)])),
    ]:
        version = registry.register("delays", model, metrics={"roc_auc": 0.7}, params={"until": until}, by="ana")
        registry.promote("delays", version, gate=gate, by="ana")
    registry.rollback("delays", by="ben", reason="storm week")
    return store


@pytest.fixture(scope="module")
def drift(flights):
    detector = DriftDetector().fit(flights[["distance", "hour"]])
    moved = flights.assign(hour=flights["hour"] + 9)
    return {"2013-02": detector.detect(flights), "2013-03": detector.detect(moved)}


@pytest.fixture(scope="module")
def html(store, drift, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "page.html"
    write_page(store, path, title="Delays", model="delays", drift=drift, performance={"2013-02": 0.7, "2013-03": 0.68})
    return path.read_text(encoding="utf-8")


def test_the_page_shows_runs_versions_and_every_decision(html):
    assert "january" in html
    assert "Version 2 promoted to champion in place of 1" in html
    assert "Version 3 refused as champion" in html
    assert "Version 1 back as champion in place of 2" in html
    assert "by ben: storm week" in html


def test_the_gates_intervals_are_drawn_against_no_gain(html):
    assert "What challengers of delays gained in roc_auc" in html
    assert "version 2 promoted 0.0200 (0.0100 to 0.0300)" in html
    assert "no gain 0" in html


def test_a_version_marks_the_period_that_its_params_name(html):
    assert "v2 promoted" in html
    assert "v3 refused" in html


def test_the_column_that_moved_most_comes_first_in_the_heatmap(html):
    names = re.findall(r">(hour|distance), 2013-03: ", html)
    assert names == ["hour", "distance"]
    assert "1 of 2 periods raised the alarm" in html


def test_a_drift_timeline_is_as_good_as_a_mapping(store, flights, tmp_path):
    rows = flights.assign(time_hour=pd.date_range("2013-01-01", periods=len(flights), freq="6h"))
    timeline = DriftDetector().fit(flights).detect_by(rows)
    html = write_page(store, tmp_path / "page.html", drift=timeline).read_text(encoding="utf-8")
    assert "hour, 2013-01-01" in html


def test_nothing_on_the_page_leads_outside(html):
    for tag, attributes in tags(html):
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        assert not any(value and "//" in value for name, value in attributes.items() if name in {"src", "href"})
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in html
    assert "@import" not in html


def test_hostile_names_stay_text(flights, tmp_path):
    store = Store(tmp_path / "store")
    registry = Registry(store)
    model = LogisticRegression().fit(flights[["hour"]], flights["late"])
    version = registry.register("delays", model, metrics={HOSTILE: 1.0}, params={HOSTILE: HOSTILE}, by=HOSTILE)
    registry.promote("delays", version, by=HOSTILE, reason=HOSTILE)
    with Tracker(store, experiment=HOSTILE).start_run(HOSTILE, params={HOSTILE: HOSTILE}):
        pass
    report = DriftDetector().fit(flights.rename(columns={"hour": HOSTILE})).detect(flights)
    path = write_page(store, tmp_path / "p.html", title=HOSTILE, drift={HOSTILE: report}, performance={HOSTILE: 0.7})
    found = tags(path.read_text(encoding="utf-8"))
    assert not {"script", "img"} & {tag for tag, _ in found}
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]


def test_every_model_is_shown_unless_one_is_named(flights, tmp_path):
    registry = Registry(tmp_path / "store")
    model = LogisticRegression().fit(flights[["hour"]], flights["late"])
    for name in ("delays", "cancellations"):
        registry.register(name, model)
    both = write_page(registry.store, tmp_path / "both.html").read_text(encoding="utf-8")
    one = write_page(registry.store, tmp_path / "one.html", model="delays").read_text(encoding="utf-8")
    assert "Versions of delays" in both
    assert "Versions of cancellations" in both
    assert "cancellations" not in one


def test_an_empty_store_gives_a_page_that_says_so(tmp_path):
    path = write_page(tmp_path / "store", tmp_path / "new" / "page.html")
    assert "Nothing was tracked on this store." in path.read_text(encoding="utf-8")


def test_an_unknown_model_is_refused_before_anything_is_written(store, tmp_path):
    with pytest.raises(NotFoundError, match="No model is named other"):
        write_page(store, tmp_path / "page.html", model="other")
    assert not (tmp_path / "page.html").exists()


def test_the_same_store_gives_the_same_page(store, tmp_path):
    first, second = (write_page(store, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second


def test_removed_aliases_and_forced_promotions_are_told(tmp_path):
    store = Store(tmp_path / "store")
    registry = Registry(store)
    for depth in (4, 6):
        registry.register("other", {"depth": depth})
    registry.promote("other", 1)
    registry.promote("other", 2, gate=Gate([gains(-0.1, 0.1)]), force=True, reason="the old one leaks")
    registry.remove_alias("other", "champion")
    text = re.sub("<[^>]*>", " ", write_page(store, tmp_path / "page.html", model="other").read_text(encoding="utf-8"))
    assert "Version 2 forced as champion" in text
    assert "Version 2 no longer champion" in text
