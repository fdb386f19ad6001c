"""What the flux engine would need: torch, a GPU, weights. Each is looked at in a process of its own with a deadline:
a torch that does not fit its driver takes half a minute to import, or takes the process with it.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec

from mangaflux.commands.doctor_checks import Check

#: A CUDA build of torch takes up to 25 s to import on a cold disk.
TORCH_TIMEOUT_SECONDS = 60.0
#: nvidia-smi hangs where the driver does.
NVIDIA_SMI_TIMEOUT_SECONDS = 15.0

#: What a process of its own is asked.
TORCH_PROBE = "import torch; print(torch.__version__, 'with CUDA' if torch.cuda.is_available() else 'without CUDA')"


def check_flux() -> Check:
    """The flux engine is there."""
    return Check("flux", False, "this version has no flux engine yet", "use lite")


def check_torch() -> Check:
    """PyTorch is installed and imports."""
    if find_spec("torch") is None:
        return Check("torch", False, "torch is not installed; lite does not need it", "use lite")
    answer, problem = _ask([sys.executable, "-c", TORCH_PROBE], TORCH_TIMEOUT_SECONDS)
    if problem:
        return Check("torch", False, f"torch does not import: {problem}", "reinstall torch; lite does not need it")
    return Check("torch", True, f"torch {answer}")


def check_gpu() -> Check:
    """An NVIDIA GPU answers."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Check("gpu", False, "no NVIDIA GPU is known here (no nvidia-smi)", "use lite, which needs none")
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    answer, problem = _ask(query, NVIDIA_SMI_TIMEOUT_SECONDS)
    if problem or not answer:
        return Check("gpu", False, f"nvidia-smi: {problem or 'no GPU'}", "look after the driver, or use lite")
    return Check("gpu", True, "; ".join(answer.splitlines()))


def check_weights() -> Check:
    """The weights of the engines that this version has."""
    return Check("weights", True, "lite needs no download; this version has no engine that does")


def _ask(command: list[str], timeout_seconds: float) -> tuple[str, str | None]:
    """What a program printed, and its last word or its signal where it failed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {timeout_seconds:.0f} s"
    except OSError as error:
        return "", str(error.strerror)
    if done.returncode == 0:
        return done.stdout.strip(), None
    words = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "", words[-1] if words else f"ended with {done.returncode}"
