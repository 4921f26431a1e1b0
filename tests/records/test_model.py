import attrs
import pandas as pd

from mlopskit.records.json import from_json, to_json
from mlopskit.records.model import Decision, ModelVersion
from mlopskit.records.report import CheckResult
from mlopskit.records.signature import Signature
from mlopskit.storage.canonical_json import decode, encode

VERSION = ModelVersion(
    name="flight-delays",
    number=4,
    registered="2026-03-01T12:00:00.000000+00:00",
    by="ana",
    digest="ab12",
    artifacts={"model": {"type": "x.Y", "size": 3}},
    signature=Signature.learn(pd.DataFrame({"origin": ["JFK"], "hour": pd.Categorical([7])})),
    metrics={"roc_auc": 0.71234567},
    tags={"team": "<b>ops</b>"},
    approved_by=("ben",),
)
DECISION = Decision("flight-delays", 4, "champion", accepted=True, previous=3, results=(CheckResult("a", "passed"),))


def test_records_survive_json():
    for record in (VERSION, DECISION):
        assert from_json(type(record), decode(encode(to_json(record)))) == record


def test_a_version_is_written_as_name_and_number():
    assert str(VERSION) == "flight-delays/4"
    assert repr(VERSION) == "<ModelVersion flight-delays/4, registered 2026-03-01T12:00 by ana, roc_auc=0.7123>"


def test_a_decision_reads_as_a_sentence():
    assert str(DECISION) == "flight-delays/4 accepted as champion in place of flight-delays/3"
    assert str(attrs.evolve(DECISION, reason="spring")).endswith("flight-delays/3: spring")
    results = (CheckResult("fast enough", "failed"), CheckResult("b", "error", "b broke"), CheckResult("c", "passed"))
    refused = attrs.evolve(DECISION, accepted=False, results=results)
    assert repr(refused) == "<Decision flight-delays/4 refused as champion: fast enough failed; b broke>"


def test_notebooks_show_records_escaped():
    shown = VERSION._repr_html_()
    assert "flight-delays/4" in shown
    assert "&lt;b&gt;ops" in shown
    assert "refused" in attrs.evolve(DECISION, accepted=False)._repr_html_()
