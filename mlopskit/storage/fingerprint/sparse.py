"""Scipy's sparse matrices: class, shape and the entries in row order, whatever duplicates or flags they carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from mlopskit.storage.fingerprint.arrays import array_digest
from mlopskit.storage.fingerprint.walk import Walk, encodes_family, seal


@encodes_family(scipy.sparse.spmatrix, scipy.sparse.sparray)
def _sparse_matrix(value: Any, walk: Walk) -> bytes:
    rows = value.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy() if rows is value else rows
        rows.sum_duplicates()
    positions = [array_digest(part.astype(np.int64), walk) for part in (rows.indptr, rows.indices)]
    return seal(b"sparse", walk(type(value)), walk(value.shape), *positions, array_digest(rows.data, walk))
