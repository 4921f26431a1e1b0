"""How bytes reach each kind of filesystem; only `Store` speaks to these.

A backend raises Python's own exceptions (FileNotFoundError, FileExistsError, PermissionError,
OSError with an errno, ConnectionError); `Store` checks names before and turns errors after.
"""
