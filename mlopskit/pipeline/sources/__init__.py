"""Sources: the files of a table, read as steps whose fingerprint is the files' own.

Each function here returns a pipeline of two steps to put among your own. ``<name>_files`` lists the files in every
run, with a version of each that follows its content; ``<name>`` reads them, and is cached by that list. So a file
that is new or has other content makes the step run again, and one that was only touched does not.
"""

from mlopskit.pipeline.sources.source import csv, forget, json_lines, parquet

__all__ = ["csv", "forget", "json_lines", "parquet"]
