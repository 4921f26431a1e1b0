"""Processes of their own for what is measured, which end with all that they started."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(
    script: str, *arguments: str, folder: Path, timeout: float, interpreter: str = sys.executable
) -> tuple[str, str]:
    """Run a script of this folder in `folder`; return what it printed and, if it failed, why.

    Servers that a library leaves behind are of the process's group, and end with it.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MLOPSKIT_CONFIG": str(folder / "configuration"),
    }
    printed, complained = folder / "printed", folder / "complained"
    with printed.open("w") as output, complained.open("w") as errors:
        command = [interpreter, "-W", "ignore", str(ROOT / "benchmarks" / script), *arguments]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=errors, start_new_session=True
        )
        reason = ""
        try:
            if process.wait(timeout):
                reason = f"exit code {process.returncode}"
        except subprocess.TimeoutExpired:
            reason = f"not done after {timeout:.0f} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if reason.startswith("exit"):
        lines = complained.read_text(errors="replace").strip().splitlines()
        reason = f"{reason}: {lines[-1][:160]}" if lines else reason
    return printed.read_text(errors="replace"), reason
