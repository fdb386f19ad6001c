"""What the flux engine needs: torch, a GPU, weights. Each is looked at in a process of its own with a deadline:
a torch that does not fit its driver takes half a minute to import, or takes the process with it.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec

from mangaflux.commands.doctor_checks import Check
from mangaflux.engine.flux.availability import flux_problem
from mangaflux.engine.flux.model_files import Missing, find_model
from mangaflux.models.catalogue import find_entry
from mangaflux.models.store import ModelStore
from mangaflux.settings import Settings

#: A CUDA build of torch takes up to 25 s to import on a cold disk.
TORCH_TIMEOUT_SECONDS = 60.0
#: nvidia-smi hangs where the driver does.
NVIDIA_SMI_TIMEOUT_SECONDS = 15.0

#: What a process of its own is asked.
TORCH_PROBE = "import torch; print(torch.__version__, 'with CUDA' if torch.cuda.is_available() else 'without CUDA')"


def check_flux(settings: Settings) -> Check:
    """The flux engine can run with these settings."""
    problem = flux_problem(settings.flux, ModelStore(settings.models_folder))
    if problem is not None:
        return Check("flux", False, f"flux cannot run: {problem.reason}; lite can", problem.fix)
    return Check("flux", True, f"flux can run with {settings.flux.model}")


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


def check_weights(settings: Settings) -> Check:
    """The weights that flux is set to use are here, and what their licence allows."""
    found, entry = find_model(settings.flux, ModelStore(settings.models_folder)), find_entry(settings.flux.model)
    licence = f"licence: {entry.license if entry else 'see where the folder came from'}"
    notice = f" {entry.notice}" if entry and entry.notice else ""
    if isinstance(found, Missing):
        return Check("weights", False, f"{found.reason} ({licence}); lite needs none.{notice}", found.fix)
    gibibytes = sum(found.sizes.values()) / 1024**3
    return Check("weights", True, f"{found.id} {found.revision[:12]}, {gibibytes:.1f} GiB ({licence}).{notice}")


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
