"""What the operator chooses: one frozen object, read once at the start by `settings_sources.py`.

`config/mangaflux.toml` lists every setting with its default, unit and reason.
"""

import ipaddress
import json
import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

ENVIRONMENT_PREFIX = "MANGA_FLUX_"
#: Names under the prefix that are not settings: where the project's own tests find their licensed pages.
NOT_SETTINGS = frozenset({"TEST_PAGES", "TRAIN_PAGES"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MIB = 1024 * 1024
GIB = 1024 * MIB

#: Keys that stand in addresses: characters that no address has to escape.
_PATH_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")

#: How an origin is written: a scheme and a host, perhaps a port, and nothing behind it.
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")


def _split_commas(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


#: Several words; in the environment separated by commas.
Words = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Section):
    """Where the server listens and who may call it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    token_for_reads: bool = False
    allowed_hosts: Words = ()
    allowed_origins: Words = ()

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin.lower()):
                raise ValueError(f"{origin} is no origin; write scheme://host, such as chrome-extension://the-id")
        return tuple(origin.lower() for origin in origins)


class LimitSettings(_Section):
    """What one request may ask for."""

    max_upload_bytes: int = Field(default=64 * MIB, ge=1)
    max_pixels: int = Field(default=100_000_000, ge=1)
    max_pages: int = Field(default=500, ge=1)
    max_request_bytes: int = Field(default=4 * GIB, ge=1)
    body_patience_seconds: float = Field(default=30.0, gt=0)
    body_bytes_per_second: int = Field(default=16_384, ge=1)
    decode_in_child: bool = True
    decode_seconds: float = Field(default=60.0, gt=0)
    decode_memory_bytes: int = Field(default=4 * GIB, ge=256 * MIB)
    min_free_disk_bytes: int = Field(default=1024 * MIB, ge=0)


class OutgoingSettings(_Section):
    """What the server itself connects to."""

    allowed_networks: Annotated[tuple[Network, ...], BeforeValidator(_split_commas)] = ()
    timeout_seconds: float = Field(default=20.0, gt=0)
    max_redirects: int = Field(default=3, ge=0, le=10)
    connections: int = Field(default=4, ge=1, le=64)


class QueueSettings(_Section):
    """How much may wait, and who comes first."""

    max_waiting_pages: int = Field(default=5000, ge=1)
    max_waiting_jobs: int = Field(default=500, ge=1)
    small_job_pages: int = Field(default=8, ge=0)


class WebhookSettings(_Section):
    """How clients are told of the end of their jobs."""

    secret: SecretStr = SecretStr("")


class RetentionSettings(_Section):
    """How long and how much is kept."""

    max_age_days: float = Field(default=90.0, ge=0)
    max_bytes: int = Field(default=50 * 1024 * MIB, ge=0)


class WorkerSettings(_Section):
    """How the work is done."""

    cpu_threads: int = Field(default=0, ge=0)
    pages_ahead: int = Field(default=4, ge=1)
    max_attempts: int = Field(default=5, ge=1)
    drain_timeout_seconds: float = Field(default=8.0, gt=0)
    disk_retry_seconds: float = Field(default=2.0, gt=0)
    engine_isolation: Literal["thread", "process"] = "thread"
    hang_seconds: float = Field(default=60.0, gt=0)


class AnalysisSettings(_Section):
    """What helps Pass 1."""

    detectors: Words = ()


class FinishingSettings(_Section):
    """How the drawing comes back into what an engine painted."""

    merge: Literal["min_l", "keep_l", "multiply"] = "min_l"
    screentone: Literal["soften", "keep"] = "soften"
    max_repairs: int = Field(default=2, ge=0, le=10)
    palette_strength: float = Field(default=0.5, ge=0, le=1)


class EventSettings(_Section):
    """How events reach their readers."""

    ping_interval_seconds: float = Field(default=15.0, gt=0)
    write_timeout_seconds: float = Field(default=10.0, gt=0)
    retry_milliseconds: int = Field(default=2000, ge=0)


class CompatibilitySettings(_Section):
    """Routes for readers that were made for other servers; both off."""

    convert: bool = False
    convert_wait_seconds: float = Field(default=25.0, gt=0)
    mit_key: SecretStr = SecretStr("")
    mit_wait_seconds: float = Field(default=540.0, gt=0)
    mit_beyond_loopback: bool = False
    style_reference: str = ""
    # A chapter id, but for the day behind it.
    chapter_name: str = Field(default="reader", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")

    @field_validator("mit_key")
    @classmethod
    def _fits_an_address(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value() and not _PATH_KEY.fullmatch(key.get_secret_value()):
            raise ValueError("a key has 16 to 128 letters, digits, - and _; leave it empty to turn /mit/ off")
        return key


class LoraSettings(_Section):
    """One LoRA that is merged into the FLUX.2 transformer."""

    file: str
    scale: float = Field(default=1.0, ge=-4, le=4)
    trigger: str = ""

    @field_validator("file")
    @classmethod
    def _is_safetensors(cls, file: str) -> str:
        return _refuse_other_endings(file, (".safetensors",))


class FluxSettings(_Section):
    """The engine flux: which model, how it is loaded, how it works."""

    model: str = Field(default="flux2-klein-4b", min_length=1)
    transformer_file: str = ""
    decoder: str = ""
    loras: tuple[LoraSettings, ...] = ()
    device: Literal["auto", "cuda", "cpu"] = "auto"
    memory_profile: Literal["auto", "resident", "embeddings_only", "fp8", "offload"] = "auto"
    attention: Literal["auto", "native", "cudnn"] = "auto"
    compile: bool = True
    compile_vae: bool = True
    choose_kernels_by_rule: bool = True
    share_interpreter: bool = True
    warm_up: bool = True
    buckets: Words = ("848x1216", "1216x848")
    min_pixels: int = Field(default=262_144, ge=4096)
    max_pixels: int = Field(default=1_048_576, ge=4096)
    style_long_side: int = Field(default=512, ge=64, le=2048)
    num_inference_steps: int = Field(default=0, ge=0, le=100)
    guidance_scale: float = Field(default=0.0, ge=0, le=30)
    keep_reference_kv: bool = True
    preview_every_steps: int = Field(default=1, ge=0)
    idle_unload_minutes: float = Field(default=0.0, ge=0)
    cache_dir: str = ""

    @property
    def is_gguf(self) -> bool:
        """True where the transformer is a GGUF file."""
        return self.transformer_file.lower().endswith(".gguf")

    @property
    def bucket_sizes(self) -> tuple[tuple[int, int], ...]:
        """The buckets as (width, height) in pixels."""
        sizes = [bucket.split("x") for bucket in self.buckets]
        return tuple((int(width), int(height)) for width, height in sizes)

    @field_validator("transformer_file")
    @classmethod
    def _is_no_pickle(cls, file: str) -> str:
        return _refuse_other_endings(file, (".safetensors", ".gguf")) if file else file

    @field_validator("loras", mode="before")
    @classmethod
    def _read_loras(cls, value: object) -> object:
        # In the environment a list of tables is JSON.
        return json.loads(value or "[]") if isinstance(value, str) else value

    @field_validator("buckets")
    @classmethod
    def _are_sizes(cls, buckets: tuple[str, ...]) -> tuple[str, ...]:
        for bucket in buckets:
            if not re.fullmatch(r"\d{2,5}x\d{2,5}", bucket):
                raise ValueError(f"{bucket} is no size; write width x height, such as 848x1216")
            if any(int(side) % 16 for side in bucket.split("x")):
                raise ValueError(f"{bucket}: both sides must be multiples of 16")
        return buckets


class Settings(_Section):
    """Every setting of one server."""

    data_dir: Path = Path("mangaflux-data")
    models_dir: Path = Path("~/.local/share/mangaflux/models")
    input_roots: tuple[Path, ...] = ()
    engine: Literal["auto", "flux", "lite", "fake"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    api_token: SecretStr = SecretStr("")
    api_token_file: str = ""
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    queue: QueueSettings = QueueSettings()
    retention: RetentionSettings = RetentionSettings()
    webhooks: WebhookSettings = WebhookSettings()
    worker: WorkerSettings = WorkerSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    finishing: FinishingSettings = FinishingSettings()
    events: EventSettings = EventSettings()
    compatibility: CompatibilitySettings = CompatibilitySettings()
    flux: FluxSettings = FluxSettings()

    @property
    def listens_beyond_loopback(self) -> bool:
        """True where other machines can reach the server."""
        if self.server.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.server.host).is_loopback
        except ValueError:
            return True

    @property
    def models_folder(self) -> Path:
        """`models_dir` with its ~ resolved."""
        return self.models_dir.expanduser()

    @property
    def token_covers_reads(self) -> bool:
        """True where reading needs the token too; beyond loopback it always does."""
        return bool(self.api_token.get_secret_value()) and (self.server.token_for_reads or self.listens_beyond_loopback)

    @property
    def cpu_thread_count(self) -> int:
        """Threads of the CPU pool: as set, else one less than there are cores, at least one."""
        return self.worker.cpu_threads or max(1, (os.cpu_count() or 1) - 1)


def _refuse_other_endings(file: str, endings: tuple[str, ...]) -> str:
    if not file.lower().endswith(endings):
        raise ValueError(f"{Path(file).name} does not end in {' or '.join(endings)}; other formats can hold programs")
    return file
