"""How good is an estimate of performance without labels? ``python benchmarks/drift_performance.py`` prints the tables.

First the time for 500,000 rows of reference and as many to estimate on. Then, on simulated shifts of features of which
the truth is known, how far estimates are off and how often the interval holds the metric that labels show. In the first
shift scores keep their meaning; in the second and third one the model does not know all that matters, so that they do
not. ``--nannyml /path/to/python`` (or ``$NANNYML_PYTHON``) runs NannyML beside it with an interpreter of its own, since
it needs other versions of pandas and NumPy: ``pip install nannyml==0.13.1 "pandas<2.3" "numpy<2" statsmodels``.
``--quick`` takes a tenth of the rows and of the trials.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np

ROWS, QUICK_ROWS = 500_000, 50_000
TRIALS, QUICK_TRIALS = 40, 4
REFERENCE, CURRENT = 5_000, 5_000
METRICS = ("roc_auc", "accuracy", "f1")
CLAIMS = {"95 %": 0.95, "3 sd": 0.9973}
SHIFTS = ("scores keep their meaning", "a feature is missing", "signal fades")
LEAST_SPEEDUP = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nannyml", default=os.environ.get("NANNYML_PYTHON"), help="an interpreter that has NannyML")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows and of the trials")
    parser.add_argument("--own", nargs=3, metavar=("LIBRARY", "ROWS", "TRIALS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        warnings.simplefilter("ignore")
        library, rows, trials = options.own
        print("\n" + json.dumps(measured(LIBRARIES[library], int(rows), int(trials))), flush=True)
        return
    rows, trials = (QUICK_ROWS, QUICK_TRIALS) if options.quick else (ROWS, TRIALS)
    found = {"mlopskit": in_process(sys.executable, "mlopskit", rows, trials)}
    if options.nannyml:
        found["nannyml"] = in_process(options.nannyml, "nannyml", rows, trials)
    else:
        print("NannyML is left out: pass --nannyml /path/to/python of an environment that has it\n")
    show({name: each for name, each in found.items() if each}, rows, trials)


# -- simulated rows ----------------------------------------------------------------------------------------------------


def expit(odds):
    return 1 / (1 + np.exp(-odds))


def simulated(kind, rows, seed, moved):
    """Features, the model's scores, and labels; `moved` tells whether features have shifted."""
    random = np.random.default_rng(seed)
    features, shift = random.normal(size=(rows, 4)), 0.8 * moved
    if kind == SHIFTS[0]:
        features[:, 0] += shift
        odds, claimed = 1.3 * features[:, 0], 0.3 + 2.2 * features[:, 0]  # it exaggerates
    elif kind == SHIFTS[1]:
        features[:, 1] += shift
        odds, claimed = 1.2 * features[:, 0] + features[:, 1] - 0.5, features[:, 0] - 0.4
    else:
        features[:, 3] += shift
        odds, claimed = 2 * features[:, 0] * expit(-2 * features[:, 3]), features[:, 0]
    return features, expit(claimed), (random.uniform(size=rows) < expit(odds)).astype(int)


def realised(score, labels):
    """The metrics by definition, from ranks and counts."""
    order = np.argsort(score)
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    positive, predicted = labels == 1, score > 0.5
    count = positive.sum()
    auc = (ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(labels) - count))
    hits = (positive & predicted).sum()
    return {"roc_auc": auc, "accuracy": (positive == predicted).mean(), "f1": 2 * hits / (count + predicted.sum())}


# -- the same by each library: a fit, and a function of that to {metric: {claim: (estimate, lower, upper)}} ------------


class Mlopskit:
    """Estimates from scores alone."""

    with_features = False

    def fit(self, features, score, labels):
        from mlopskit.drift import PerformanceEstimator

        kept = features if self.with_features else None
        self.estimator = PerformanceEstimator(METRICS).fit(labels, score, X=kept)
        return self

    def estimate(self, features, score, claims):
        kept = features if self.with_features else None
        found = {name: {} for name in METRICS}
        for claim in claims:
            report = self.estimator.set_params(confidence=CLAIMS[claim]).estimate(score, X=kept)
            for each in report.metrics:
                found[each.metric][claim] = (each.value, each.lower, each.upper)
        return found


class MlopskitWithFeatures(Mlopskit):
    with_features = True


class NannyML:
    with_features = False

    def frame(self, score):
        import pandas as pd

        return pd.DataFrame({"score": score, "label": (score > 0.5).astype(int)})

    def fit(self, _features, score, labels):
        import nannyml

        columns = {"y_pred_proba": "score", "y_pred": "label", "y_true": "truth"}
        estimator = nannyml.CBPE(problem_type="classification_binary", metrics=list(METRICS), chunk_number=1, **columns)
        self.estimator = estimator.fit(self.frame(score).assign(truth=labels))
        return self

    def estimate(self, _features, score, _claims):
        found = self.estimator.estimate(self.frame(score)).filter(period="analysis").to_df()
        ends = ("value", "lower_confidence_boundary", "upper_confidence_boundary")
        return {name: {"3 sd": tuple(float(found[name, end].iloc[0]) for end in ends)} for name in METRICS}


LIBRARIES = {"mlopskit": [Mlopskit, MlopskitWithFeatures], "nannyml": [NannyML]}


# -- measuring ---------------------------------------------------------------------------------------------------------


def measured(ways, rows, trials):
    return {
        "seconds": min(timed(ways[0](), rows) for _ in range(2)),
        "quality": {way.__name__: {kind: quality(way, kind, trials) for kind in SHIFTS} for way in ways},
    }


def timed(way, rows):
    features, score, labels = simulated(SHIFTS[0], rows, 0, moved=False)
    current = simulated(SHIFTS[0], rows, 1, moved=True)
    started = time.perf_counter()
    way.fit(features, score, labels)
    fitted = time.perf_counter()
    way.estimate(*current[:2], ["95 %"])
    done = time.perf_counter()
    return done - started, fitted - started, done - fitted


def quality(way, kind, trials):
    errors, held = {name: [] for name in METRICS}, {name: {} for name in METRICS}
    for trial in range(trials):
        fitted = way().fit(*simulated(kind, REFERENCE, 2 * trial, moved=False))
        features, score, labels = simulated(kind, CURRENT, 2 * trial + 1, moved=True)
        known = realised(score, labels)
        for name, claims in fitted.estimate(features, score, CLAIMS).items():
            for claim, (_, lower, upper) in claims.items():
                held[name].setdefault(claim, []).append(bool(lower <= known[name] <= upper))
            estimate = claims["3 sd"][0]
            errors[name].append(abs(estimate - known[name]))
    return {
        name: {
            "error": float(np.mean(errors[name])),
            "held": {claim: float(np.mean(each)) for claim, each in held[name].items()},
        }
        for name in METRICS
    }


def in_process(interpreter, library, rows, trials):
    command = [interpreter, __file__, "--own", library, str(rows), str(trials)]
    # NannyML would report to its makers; threads of small models wait for each other on a busy machine
    settings = {"NML_DISABLE_USAGE_LOGGING": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, env=os.environ | settings)
    if done.returncode:
        print(f"{library}: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def show(found, rows, trials):
    own = found["mlopskit"]["seconds"][0]
    head = [f"{rows:,} + {rows:,} rows, s", "fit and estimate", "fit", "estimate"]
    times = []
    for name, each in found.items():
        whole, *parts = each["seconds"]
        ratio = f" ({whole / own:.1f} x, target {LEAST_SPEEDUP} x)" if name != "mlopskit" else ""
        times.append([name, f"{whole:.2f}{ratio}", *(f"{part:.2f}" for part in parts)])
    table(head, times)
    print(f"\nmean error of the estimate, and how often the interval holds what labels show; {trials} trials")
    for kind in SHIFTS:
        print()
        lines = []
        for each in found.values():
            for way, kinds in each["quality"].items():
                lines.append([way, *(cell(kinds[kind][name]) for name in METRICS)])
        table([kind, *METRICS], lines)


def cell(found):
    held = ", ".join(f"{claim}: {share:.0%}" for claim, share in found["held"].items())
    return f"{found['error']:.4f}  {held}"


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(head))]
    for row in rows:
        print("  ".join(str(each).ljust(width) for each, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
