"""What a run ran with: code, Python, packages and machine; made so that no secret gets in."""

from __future__ import annotations

import attrs


@attrs.frozen
class Code:
    """Which program ran, and how it differed from what was committed.

    Attributes
    ----------
    commit, branch : str
        Of the git repository; empty if there is none or nothing is committed; `branch` is empty if detached.
    remote : str
        Address of its remote repository, without user and password.
    dirty : bool or None
        Whether files that git follows differed from the commit; None if that is not known.
    diff : str
        In what they differed, as ``git diff`` shows it.
    diff_cut : bool
        Whether the diff was longer than what is kept.
    untracked : tuple of str
        Names of files that git neither follows nor ignores; never what is in them.
    untracked_cut : bool
        Whether there were more of them than what is kept.
    script : str
        The script or notebook: its path in the repository, else its name; empty if it is not known.
    command : tuple of str
        The words of the command line, values that look like secrets masked.
    """

    commit: str = ""
    branch: str = ""
    remote: str = ""
    dirty: bool | None = None
    diff: str = ""
    diff_cut: bool = False
    untracked: tuple[str, ...] = ()
    untracked_cut: bool = False
    script: str = ""
    command: tuple[str, ...] = ()


@attrs.frozen
class Python:
    """The interpreter: its implementation, such as CPython, its version and the name of its executable."""

    implementation: str = ""
    version: str = ""
    executable: str = ""


@attrs.frozen
class Machine:
    """Where it ran.

    Attributes
    ----------
    host : str
        The machine's name in its network.
    system, release, architecture : str
        Such as Linux, 6.1.0 and x86_64.
    cpu : str
        The processor's model; empty if it is not known.
    cpus : int
        How many of them the process may use; 0 if it is not known.
    memory : int
        Bytes that the process may use; 0 if it is not known.
    gpus : tuple of str
        The model of each GPU that could be seen without loading a library.
    """

    host: str = ""
    system: str = ""
    release: str = ""
    architecture: str = ""
    cpu: str = ""
    cpus: int = 0
    memory: int = 0
    gpus: tuple[str, ...] = ()


@attrs.frozen
class Environment:
    """Everything around a run that may explain why another one came out differently.

    Attributes
    ----------
    code : Code
    python : Python
    machine : Machine
    packages : dict of str to str
        Version of each distribution that something was imported from.
    variables : dict of str to str
        Those environment variables that are known to matter and to hold no secret.

    Examples
    --------
    >>> from mlopskit.records.json import from_json, to_json
    >>> environment = Environment(code=Code(commit="8c1f2e0", dirty=False), packages={"numpy": "2.1.0"})
    >>> from_json(Environment, to_json(environment)) == environment
    True
    """

    code: Code = attrs.field(factory=Code)
    python: Python = attrs.field(factory=Python)
    machine: Machine = attrs.field(factory=Machine)
    packages: dict[str, str] = attrs.field(factory=dict)
    variables: dict[str, str] = attrs.field(factory=dict)
