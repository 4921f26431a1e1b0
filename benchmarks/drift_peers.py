"""How each library is asked whether data has drifted, for `benchmarks/drift.py`.

`LIBRARIES` has one class for each, which is fitted to a reference and then names the columns that raise an alarm about
other rows. Libraries that correct for the number of columns do so; scipy's p-values are corrected by Bonferroni.
"""

import itertools
import os
from collections import defaultdict

import numpy as np
import pandas as pd

ALPHA = 0.05


class Library:
    """One that takes frames."""

    package = distribution = ""
    option = ""
    """What the interpreter is called that has it, on the command line; without it is this one."""

    def prepared(self, frame: pd.DataFrame) -> object:
        """Return what the library takes for a frame; this is not timed."""
        return frame

    def fit(self, reference: object) -> None:
        self.reference = reference

    def alarms(self, current: object) -> list[str]:
        """Return the columns that raise an alarm."""
        raise NotImplementedError


class Ours(Library):
    package = distribution = "mlopskit"
    parameters: dict[str, float] = {}  # noqa: RUF012

    def fit(self, reference: pd.DataFrame) -> None:
        from mlopskit import DriftDetector

        self.detector = DriftDetector(alpha=ALPHA, **self.parameters).fit(reference)

    def alarms(self, current: pd.DataFrame) -> list[str]:
        return list(self.detector.detect(current).drifted_columns)


class OursUngated(Ours):
    """The p-values alone, however small the effect."""

    parameters = {"min_effect": 0.0}  # noqa: RUF012


class Scipy(Library):
    """A loop over the columns."""

    package = distribution = "scipy"

    def alarms(self, current: pd.DataFrame) -> list[str]:
        p_values = {name: self._p_value(self.reference[name], current[name]) for name in self.reference}
        return [name for name, p_value in p_values.items() if p_value < ALPHA / len(p_values)]

    def _p_value(self, reference: pd.Series, current: pd.Series) -> float:
        from scipy.stats import chi2_contingency, ks_2samp

        if reference.dtype.kind in "iuf":
            return ks_2samp(reference.dropna(), current.dropna()).pvalue
        counts = pd.concat([reference.value_counts(), current.value_counts()], axis=1).fillna(0)
        return chi2_contingency(counts.T).pvalue if len(counts) > 1 else 1.0


class NannyML(Library):
    """Kolmogorov-Smirnov and chi-square. One chunk is what takes it the least time; its alarms need several."""

    package = distribution = option = "nannyml"

    def fit(self, reference: pd.DataFrame) -> None:
        os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
        import nannyml

        self.calculator = nannyml.UnivariateDriftCalculator(
            column_names=list(reference), treat_as_categorical=list(reference.select_dtypes(exclude="number")),
            continuous_methods=["kolmogorov_smirnov"], categorical_methods=["chi2"], chunk_number=1,
        )  # fmt: skip
        self.calculator.fit(reference)

    def alarms(self, current: pd.DataFrame) -> list[str]:
        found = self.calculator.calculate(current).filter(period="analysis").to_df()
        alerts = found.loc[0, [key for key in found.columns if key[-1] == "alert"]]
        return [key[0] for key, alert in alerts.items() if alert]


class Evidently(Library):
    """Its preset with Kolmogorov-Smirnov and chi-square."""

    package = distribution = option = "evidently"

    def alarms(self, current: pd.DataFrame) -> list[str]:
        from evidently import Report
        from evidently.presets import DataDriftPreset

        preset = DataDriftPreset(num_method="ks", cat_method="chisquare")
        found = Report([preset]).run(current, self.reference).dict()["metrics"]
        values = {each["config"].get("column"): each["value"] for each in found}
        return [column for column, p_value in values.items() if column and p_value < ALPHA]


class AlibiDetect(Library):
    """Its test of tables, which takes arrays: labels are numbered beforehand, and gaps are filled with 0."""

    package, distribution, option = "alibi_detect", "alibi-detect", "alibi"

    def __init__(self) -> None:
        self.numbers: dict[object, int] = defaultdict(itertools.count().__next__)
        self.labels: dict[int, None] = {}
        self.names: list[str] = []

    def prepared(self, frame: pd.DataFrame) -> np.ndarray:
        self.names = list(frame)
        are_labels = [frame[name].dtype.kind not in "iuf" for name in self.names]
        self.labels = dict.fromkeys(np.flatnonzero(are_labels).tolist())
        return np.column_stack([self._numbered(frame[name]) for name in self.names])

    def _numbered(self, column: pd.Series) -> np.ndarray:
        is_label = column.dtype.kind not in "iuf"
        return (column.map(self.numbers.__getitem__) if is_label else column.fillna(0.0)).to_numpy(dtype=np.float32)

    def fit(self, reference: np.ndarray) -> None:
        from alibi_detect.cd import TabularDrift

        self.detector = TabularDrift(reference, p_val=ALPHA, categories_per_feature=self.labels or None)

    def alarms(self, current: np.ndarray) -> list[str]:
        found = self.detector.predict(current)["data"]
        return [name for name, p_value in zip(self.names, found["p_val"], strict=True) if p_value < found["threshold"]]


class Together(Library):
    """A test of columns taken together, whose alarm names none of them."""

    def alarms(self, current: object) -> list[str]:
        return ["together"] if self.drifted(current) else []


class OursTogether(Together):
    package = distribution = "mlopskit"

    def fit(self, reference: pd.DataFrame) -> None:
        from mlopskit.drift import JointProfile

        self.profile = JointProfile(alpha=ALPHA).fit(reference)

    def drifted(self, current: pd.DataFrame) -> bool:
        return self.profile.detect(current).drifted


class AlibiTogether(Together):
    """Maximum mean discrepancy by permutations."""

    package, distribution, option = "alibi_detect", "alibi-detect", "alibi"

    def prepared(self, frame: pd.DataFrame) -> np.ndarray:
        return frame.to_numpy(dtype=np.float32)

    def fit(self, reference: np.ndarray) -> None:
        from alibi_detect.cd import MMDDrift

        self.detector = MMDDrift(reference, backend="tensorflow", p_val=ALPHA)

    def drifted(self, current: np.ndarray) -> bool:
        return bool(self.detector.predict(current)["data"]["is_drift"])


class AlibiClassifier(AlibiTogether):
    """A random forest that tells both sides apart."""

    def fit(self, reference: np.ndarray) -> None:
        from alibi_detect.cd import ClassifierDrift
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(random_state=0)
        self.detector = ClassifierDrift(reference, forest, backend="sklearn", p_val=ALPHA, n_folds=5, seed=0)


LIBRARIES: dict[str, type[Library]] = {
    "mlopskit": Ours,
    "mlopskit, any effect": OursUngated,
    "scipy loop": Scipy,
    "NannyML": NannyML,
    "Alibi Detect": AlibiDetect,
    "Evidently": Evidently,
    "mlopskit together": OursTogether,
    "Alibi Detect MMD": AlibiTogether,
    "Alibi Detect forest": AlibiClassifier,
}
TIMED = ["mlopskit", "scipy loop", "NannyML", "Alibi Detect", "Evidently"]
SIMULATED = ["mlopskit, any effect", "mlopskit", "scipy loop", "Alibi Detect"]
"""Those that have the same alpha for a whole batch."""
TOGETHER = ["mlopskit together", "Alibi Detect MMD", "Alibi Detect forest"]
