"""Detectors of change in a stream that is read one value at a time, in constant memory.

There is one class a file, named as in its paper; `mlopskit.drift` exports them.
"""

DETECTORS = {
    "ADWIN": "mlopskit.drift.streams.adwin",
    "DDM": "mlopskit.drift.streams.ddm",
    "EDDM": "mlopskit.drift.streams.eddm",
    "HDDM_A": "mlopskit.drift.streams.hddm_a",
    "HDDM_W": "mlopskit.drift.streams.hddm_w",
    "KSWIN": "mlopskit.drift.streams.kswin",
    "PageHinkley": "mlopskit.drift.streams.page_hinkley",
}
