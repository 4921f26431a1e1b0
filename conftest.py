"""Doctests of a module that is about one optional library need that library."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("pyarrow") else ["mlopskit/storage/fingerprint/arrow.py"]
