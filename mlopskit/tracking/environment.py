"""The environment of this process: what is known about it without waiting, importing or telling a secret."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs

from mlopskit.packages import imported_packages
from mlopskit.records.environment import Code, Environment, Machine, Python
from mlopskit.tracking.git import code_at, repository

VARIABLES = (
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "TZ", "LANG"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE"),
    *("TF_DETERMINISTIC_OPS", "XLA_FLAGS", "PYTORCH_CUDA_ALLOC_CONF"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_MAX_THREADS", "LOKY_MAX_CPU_COUNT"),
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_ARRAY_TASK_ID", "SLURM_NTASKS"),
    *("PBS_JOBID", "LSB_JOBID", "JOB_ID", "GITHUB_RUN_ID", "CI_JOB_ID", "BUILD_NUMBER"),
)
_MASK = "***"
_LONGEST_WORD = 1000
_MOST_WORDS = 500
_SECRET_PARTS = frozenset(
    (
        *(
            "auth",
            "authorization",
            "bearer",
            "cookie",
            "credential",
            "credentials",
            "jwt",
            "key",
        ),
        *(
            "keys",
            "pass",
            "passphrase",
            "passwd",
            "password",
            "pat",
            "pin",
            "private",
            "pw",
            "pwd",
        ),
        *(
            "secret",
            "secrets",
            "sig",
            "signature",
            "token",
            "tokens",
        ),
    )
)
_SECRET_ENDINGS = ("password", "passwd", "secret", "token", "key", "credential", "credentials", "pwd")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ASSIGNED = re.compile(r"([\w.-]+)[\"'\]]*\s*[=:]\s*[\"']?")
_URL_USER = re.compile(r"(?<=://)[^/\s]*@")
_KNOWN_SECRETS = re.compile(
    r"\b(?:gh[a-z]_|github_pat_|glpat-|hf_|sk-|sk_|pk_|xox[a-z]-|pypi-|npm_|dapi|AKIA|ASIA|AIza|eyJ)[\w.\-]{12,}"
)
_T = TypeVar("_T")

_last = Environment()


def current_environment() -> Environment:
    """Tell what this process runs with: code, Python, packages, machine; never raises.

    Nothing is imported and no program but git is started. Environment variables are kept by a list of
    names, `VARIABLES`; in the command line, values whose name or form looks like a secret are masked.

    Returns
    -------
    Environment
        The very object returned before if nothing has changed since. What could not be found out is empty.

    Examples
    --------
    >>> import sys
    >>> current_environment().python.version == ".".join(map(str, sys.version_info[:3]))
    True
    """
    global _last  # noqa: PLW0603 - found out once for all runs of a moment
    found = _sound(
        Environment(
            code=_known(_code, Code()),
            python=Python(platform.python_implementation(), platform.python_version(), Path(sys.executable or "").name),
            machine=_known(_machine, Machine()),
            packages=_known(imported_packages, {}),
            variables=_known(_variables, {}),
        )
    )
    if found != _last:
        _last = found
    return _last


def masked(words: Iterable[str]) -> tuple[str, ...]:
    """Replace what looks like a secret in the words of a command line; rather too much than too little.

    Examples
    --------
    >>> masked(["train.py", "--lr=0.1", "--api-key", "hunter2", "db.password=hunter2", "s3://ana:hunter2@flights"])
    ('train.py', '--lr=0.1', '--api-key', '***', 'db.password=***', 's3://***@flights')
    """
    shown = []
    follows_secret = False
    for word in words:
        shown.append(_MASK if follows_secret and not word.startswith("--") else _masked_word(word))
        follows_secret = word.startswith("-") and "=" not in word and _is_secret(word)
    return tuple(shown)


def _masked_word(word: str) -> str:
    for assigned in _ASSIGNED.finditer(word):
        if _is_secret(assigned[1]) and assigned.end() < len(word):  # where its value ends is anybody's guess
            word = word[: assigned.end()] + _MASK
            break
    word = _KNOWN_SECRETS.sub(_MASK, _URL_USER.sub(f"{_MASK}@", word))
    return word if len(word) <= _LONGEST_WORD else word[:_LONGEST_WORD] + "…"


def _is_secret(name: str) -> bool:
    parts = [part.lower() for part in _PARTS.findall(name)]
    return not _SECRET_PARTS.isdisjoint(parts) or name.lower().endswith(_SECRET_ENDINGS)


def _variables() -> dict[str, str]:
    return {name: _masked_word(os.environ[name]) for name in VARIABLES if name in os.environ}


def _code() -> Code:
    script = _script()
    folder = script.parent if script is not None and script.is_absolute() and not _installed(script) else Path.cwd()
    root = repository(folder)
    code = code_at(root) if root is not None else Code()
    return attrs.evolve(code, script=_script_name(script, root), command=_command())


def _script() -> Path | None:
    """Return the notebook or the file of the main module; None at a prompt."""
    main = vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
    if notebook := main.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME"):
        return Path(notebook)
    file = main.get("__file__")
    return Path(file) if isinstance(file, str) and "ipykernel" not in Path(file).parts else None


def _installed(script: Path) -> bool:
    return "site-packages" in script.parts or script.is_relative_to(sys.prefix)


def _script_name(script: Path | None, root: Path | None) -> str:
    if script is None:
        return ""
    return script.relative_to(root).as_posix() if root is not None and script.is_relative_to(root) else script.name


def _command() -> tuple[str, ...]:
    words = sys.orig_argv[1:]
    if sys.argv[:1] == ["-c"]:  # the program itself is not for keeping
        words = ["-c", "…", *sys.argv[1:]]
    return (Path(sys.executable or "python").name, *masked(words[:_MOST_WORDS]))


def _machine() -> Machine:
    fixed = _fixed_machine()
    return attrs.evolve(fixed, cpus=_known(_cpus, 0), gpus=fixed.gpus or _known(_torch_gpus, ()))


@functools.cache
def _fixed_machine() -> Machine:
    system = platform.uname()  # not its `processor`, which starts a program
    return Machine(
        host=system.node,
        system=system.system,
        release=system.release,
        architecture=system.machine,
        cpu=_known(_cpu, os.environ.get("PROCESSOR_IDENTIFIER", "")),
        memory=_known(_memory, 0),
        gpus=_known(_nvidia_gpus, ()),
    )


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0


def _cpu() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
        models = (
            line.partition(":")[2].strip() for line in lines if line.lower().startswith(("model name", "cpu model"))
        )
        return next(models, "")


def _memory() -> int:
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _known(lambda: int(Path("/sys/fs/cgroup/memory.max").read_text()), installed)
    return min(installed, limit)


def _nvidia_gpus() -> tuple[str, ...]:
    told = [path.read_text() for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))]
    return tuple(match[1].strip() for text in told if (match := re.search(r"^Model:(.*)$", text, re.MULTILINE)))


def _torch_gpus() -> tuple[str, ...]:
    cuda: Any = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is None or not cuda.is_initialized():  # asking would take hold of the GPU
        return ()
    return tuple(str(cuda.get_device_name(index)) for index in range(cuda.device_count()))


def _known(find: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return find()
    except Exception:  # noqa: BLE001 - a run is worth more than knowing all about its machine
        return otherwise


def _sound(environment: Environment) -> Environment:
    """Replace what no JSON can hold: names of files and variables need not be valid text."""
    return _replaced(environment)  # type: ignore[no-any-return]


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return tuple(map(_replaced, value))
    if isinstance(value, Mapping):
        return {_replaced(name): _replaced(item) for name, item in value.items()}
    if attrs.has(type(value)):
        return type(value)(**{field.name: _replaced(getattr(value, field.name)) for field in attrs.fields(type(value))})
    return value
