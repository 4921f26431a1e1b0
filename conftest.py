"""Doctests of a module that is about one optional library need that library."""

from importlib.util import find_spec

NEEDS = {
    "mlopskit/storage/fingerprint/arrow.py": "pyarrow",
    "mlopskit/extras/keras.py": "keras",
    "mlopskit/extras/lightgbm.py": "lightgbm",
    "mlopskit/extras/lightning.py": "lightning",
    "mlopskit/extras/optuna.py": "optuna",
    "mlopskit/extras/ray.py": "ray",
    "mlopskit/extras/signing.py": "cryptography",
    "mlopskit/extras/torch.py": "torch",
    "mlopskit/extras/xgboost.py": "xgboost",
    "mlopskit/tracking/system_metrics.py": "psutil",
    "mlopskit/validation/short_texts.py": "pyarrow",
}
collect_ignore = [file for file, library in NEEDS.items() if not find_spec(library)]
