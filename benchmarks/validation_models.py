"""What the checks of models in `benchmarks/validation.py` cost: each on 20,000 held-out flights, and all in one call.

The model is a random forest that tells late arrivals, its champion another one that knows less. No other library stands
beside it: deepchecks 0.19 can not be imported with NumPy 2 or scikit-learn 1.8, and giskard 2.19 asks for NumPy 1 and
SciPy 1.11.
"""

import resource
from functools import partial

from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from validation_flights import read

from mlopskit import Validator, checks

ROWS = 20_000
NUMBERS, TEXTS = ["month", "hour", "distance", "dep_delay"], ["origin", "carrier"]


def models(rows=ROWS):
    """Print for each check the seconds of work, how many predictions of all rows take as long, and the verdict."""
    flights = read().dropna(subset=["arr_delay"]).sample(2 * rows, random_state=0)
    late, flights = flights["arr_delay"] > 15, flights[[*NUMBERS, *TEXTS]]
    train, test = (flights[rows:], late[rows:]), (flights[:rows], late[:rows])
    model, champion = fitted(*train), fitted(train[0].drop(columns="dep_delay"), train[1])

    def validated(suite):
        return Validator(suite).validate_model(model, *test, train=train, champion=champion).results

    predict = min(work(lambda: model.predict_proba(test[0]))[0] for _ in range(3))
    print(f"checks of a model, {rows:,} rows held out, {rows:,} learned from; predict_proba works {predict:.3f} s")
    for suite in [*([check] for check in standard()), standard()]:
        seconds, results = work(partial(validated, suite))
        name, status = (results[0].check, results[0].status) if len(results) == 1 else ("all of them", "")
        print(f"  {name[:80]:<80}  {seconds:7.3f} s  {seconds / predict:7.1f} x  {status}".rstrip())


def standard():
    return [
        checks.MinScore("roc_auc", 0.7), checks.BetterThanDummy(), checks.BetterThanChampion("roc_auc"),
        checks.NoWorseSlice("origin"), checks.NoWeakSlice(), checks.DemographicParity("origin"),
        checks.EqualOpportunity("origin"), checks.Calibrated(), checks.MaxOverfit(), checks.NoLeakage(),
        checks.Invariant(later_in_the_file),
        checks.Directional(delayed, "up"), checks.RobustTo("noise"), checks.RobustTo("missing"),
        checks.StablePredictions(), checks.Deterministic(), checks.RowByRow(), checks.MaxLatency(50), checks.MaxSize(5),
        checks.SurvivesRoundTrip(),
    ]  # fmt: skip


def later_in_the_file(rows):
    return rows.set_axis(rows.index + 1_000_000)


def delayed(rows):
    return rows.assign(dep_delay=rows["dep_delay"] + 60)


def fitted(rows, labels):
    texts = [name for name in TEXTS if name in rows]
    encode = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    columns = make_column_transformer((encode, texts), remainder="passthrough")
    return make_pipeline(columns, RandomForestClassifier(50, max_depth=8, random_state=0)).fit(rows, labels)


def work(call):
    """Return the seconds that processors were at work, those of started processes too, and what came of it."""
    before = worked()
    done = call()
    return worked() - before, done


def worked():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
