"""Every exception says what is wrong, with which thing, and what to do next.

All of them derive from `MlopskitError`, and each also derives from the built-in
exception a Python programmer would expect, so that ``except FileNotFoundError`` works.
Messages name things, shapes and counts; they never print data values.
"""


class MlopskitError(Exception):
    """The root of every exception that mlopskit raises on purpose."""


# -- the store -------------------------------------------------------------------------------


class StoreError(MlopskitError):
    """The store could not do what was asked."""


class InvalidNameError(MlopskitError, ValueError):
    """A name can not become part of a path on the store."""


class NotFoundError(StoreError, FileNotFoundError):
    """Nothing is kept under this name."""


class ConflictError(StoreError, FileExistsError):
    """Another writer was there first: the name is taken, or the content has changed."""


class PermissionDeniedError(StoreError, PermissionError):
    """The credentials or the folder's mode do not allow this."""


class StoreFullError(StoreError, OSError):
    """The disk or the quota is full; nothing was written."""


class UnreachableError(StoreError, ConnectionError):
    """The backend did not answer, also after retries; whether the last write went through is unknown."""


class UnsupportedBackendError(StoreError, NotImplementedError):
    """This filesystem lacks an operation that safety rests on, such as creating exclusively."""


class DamagedError(StoreError):
    """Stored bytes are not what was written: truncated, edited, or decayed."""


class FormatError(StoreError, ValueError):
    """Bytes are not in a format, or not of a version of it, that this mlopskit can read."""


# -- values ----------------------------------------------------------------------------------


class NotTrustedError(MlopskitError, PermissionError):
    """Loading this would run code from someone the reader has not trusted."""


class SerializationError(MlopskitError, TypeError):
    """A value can not be turned into bytes, or not back."""


class FingerprintError(MlopskitError, TypeError):
    """A value has no content digest that would be equal in another process."""


class MissingDependencyError(MlopskitError, ImportError):
    """An optional library is needed for this; the message says what to install."""


# -- the rooms -------------------------------------------------------------------------------


class ValidationError(MlopskitError, ValueError):
    """Data or a model failed its checks."""


class SignatureError(MlopskitError, ValueError):
    """Input to a model does not match the signature learned when the model was registered."""


class SearchError(MlopskitError, ValueError):
    """A search expression can not be understood; the message points at the place."""


class PipelineError(MlopskitError):
    """A pipeline can not be built, or one of its steps failed."""


class NotFittedError(MlopskitError, ValueError, AttributeError):
    """The object must be fitted before this is called."""
