"""What a job is: immutable values, legal status changes, fingerprints. No input or output happens here.

A job is what one POST asks for; the page is the unit of work, and each page has a status of its own for each pass.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

#: Largest seed + 1: seeds fit 31 bits, as in the seed contract.
SEED_LIMIT = 2**31

CHAPTER_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
ChapterId = Annotated[str, StringConstraints(pattern=CHAPTER_ID_PATTERN)]
#: How well the drawing of a finished page survived; all but `acceptable` is flagged.
Verdict = Literal["acceptable", "micro_repair", "critical"]
#: How much of an engine's time a page may take.
Quality = Literal["fast", "best"]
HexColour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Status(StrEnum):
    """Status of a job, or of one pass of one page."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: Pages only: nothing to colour, and the reason is stored.
    SKIPPED = "skipped"

    @property
    def is_terminal(self) -> bool:
        """True where nothing more happens without a person asking."""
        return self not in (Status.QUEUED, Status.RUNNING)


class JobKind(StrEnum):
    """Which passes a job runs; the last word of the URL that made it."""

    TWO_PASS = "two-pass"
    PASS1 = "pass1"
    PASS2 = "pass2"

    @property
    def passes(self) -> tuple[int, ...]:
        """The passes in the order they run."""
        match self:
            case JobKind.TWO_PASS:
                return (1, 2)
            case JobKind.PASS1:
                return (1,)
            case JobKind.PASS2:
                return (2,)


class ArtifactKind(StrEnum):
    """What a file that we made is."""

    COLORIZED = "colorized"
    METADATA = "metadata"
    RUNMETA_PASS1 = "runmeta_pass1"
    RUNMETA_PASS2 = "runmeta_pass2"
    MASK_LETTERING = "mask_lettering"
    MASK_BALLOONS = "mask_balloons"
    MASK_PANELS = "mask_panels"
    OVERLAY = "overlay"
    PALETTE = "palette"


class Hint(BaseModel):
    """A colour the client wants at one pixel of one page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    color: HexColour
    #: None: on every page of the job.
    page_num: int | None = Field(default=None, ge=1)


class Params(BaseModel):
    """What a client may choose: the `options` of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: float = Field(default=1.0, ge=0, le=1, description="How much colour is laid over the original greys.")
    seed_mode: Literal["metadata", "fixed", "random"] = Field(
        default="metadata",
        description="metadata: from chapter and page number, for ever the same; fixed: `seed`; random: drawn now.",
    )
    seed: int | None = Field(default=None, ge=0, lt=SEED_LIMIT, description="The seed of seed_mode fixed.")
    reading_direction: Literal["rtl", "ltr", "vertical"] = "rtl"
    num_inference_steps: int | None = Field(default=None, ge=1, le=100, description="Default: the engine's own.")
    guidance_scale: float | None = Field(default=None, ge=0, le=20, description="Default: the engine's own.")
    prompt: str | None = Field(default=None, max_length=2000, description="In place of the prompt that Pass 1 wrote.")
    quality: Quality = Field(
        default="best", description="fast: about half the engine's time, with simpler colours; best: all it can do."
    )
    palette: dict[str, HexColour] | list[HexColour] | None = Field(
        default=None, description='Colours to keep to: {"hair": "#e8c96a"} or a plain list.'
    )
    hints: list[Hint] = Field(default_factory=list, max_length=500, description="Colours at given pixels.")
    force: bool = Field(default=False, description="Compute again even where the same result is stored.")

    @model_validator(mode="after")
    def _a_fixed_seed_is_given(self) -> Self:
        if self.seed_mode == "fixed" and self.seed is None:
            raise ValueError("seed_mode fixed needs a seed")
        return self

    @property
    def colour_strength(self) -> float:
        """`strength` under the name that does not collide with diffusers' argument."""
        return self.strength

    def palette_rgb(self) -> dict[str, tuple[int, int, int]]:
        """The palette as name → sRGB; a plain list is numbered from "1"."""
        colours = self.palette or {}
        if isinstance(colours, list):
            colours = {str(number): colour for number, colour in enumerate(colours, start=1)}
        return {name: hex_to_rgb(colour) for name, colour in colours.items()}

    def canonical(self) -> dict[str, object]:
        """What of the params may change the bytes of any page, as JSON.

        `force` and the way the seed was chosen do not; hints are of single pages, and the reading direction acts
        through Pass 1.
        """
        return self.model_dump(mode="json", exclude={"force", "seed_mode", "seed", "hints", "reading_direction"})

    def hints_of(self, page_num: int) -> tuple[Hint, ...]:
        """The hints for one page."""
        return tuple(hint for hint in self.hints if hint.page_num in (None, page_num))


def hex_to_rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0–255 each, of a colour such as `#e8c96a`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class Job(BaseModel):
    """One job as stored."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    #: Grows from job to job.
    seq: int
    kind: JobKind
    chapter_id: str
    status: Status
    priority: int
    #: Resolved when the job was submitted; None for pass1.
    engine: str | None
    params: Params
    #: SHA-256 of the style references, in the client's order; empty for pass1.
    references: tuple[str, ...]
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    last_update: datetime
    #: 1 for the first run, one more for each retry.
    attempt: int = 1


class NewPage(BaseModel):
    """One page of a job that is being submitted."""

    model_config = ConfigDict(frozen=True)

    page_num: int
    #: File name for people; never a path.
    name: str
    #: SHA-256 of the stored page; None where the input could not be read.
    asset_sha256: str | None
    seed: int
    #: Why the input could not be read; the page fails with it.
    error_code: str | None = None
    error_message: str | None = None


class NewJob(BaseModel):
    """A job that is being submitted, complete: every page is stored or failed already."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    kind: JobKind
    chapter_id: str
    priority: int = 0
    engine: str | None
    params: Params
    references: tuple[str, ...]
    pages: tuple[NewPage, ...]


class PagePass(BaseModel):
    """One pass of one page: what a worker claims."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    page_num: int
    pass_num: Literal[1, 2]
    status: Status
    name: str
    asset_sha256: str | None
    seed: int
    #: How often this pass was started.
    attempt: int = 0
    #: Was running when a process died; runs alone until it ends.
    suspect: bool = False
    #: How often a process died while this pass ran alone.
    deaths: int = 0
    cached: bool = False
    fingerprint: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    #: Why the page was skipped.
    reason: str | None = None
    #: Of a completed Pass 2: how well the drawing survived, after all repairs.
    fidelity: Verdict | None = None


class ClaimedPage(BaseModel):
    """One pass of one page that a worker holds, with what it needs to know of the job."""

    model_config = ConfigDict(frozen=True)

    page: PagePass
    job: Job
    #: Pages of the job whose last pass has not ended, this one included.
    remaining_pages: int


class Artifact(BaseModel):
    """A stored file of one page."""

    model_config = ConfigDict(frozen=True)

    kind: ArtifactKind
    page_num: int
    media_type: str
    size: int
    sha256: str


class PassOutcome(BaseModel):
    """What a pass left behind; every artifact is on disk already."""

    model_config = ConfigDict(frozen=True)

    artifacts: tuple[Artifact, ...]
    fingerprint: str
    cached: bool
    #: Milliseconds by stage.
    timings_ms: Mapping[str, float]
    #: Pass 1 only: why Pass 2 has nothing to do on this page.
    skip_reason: str | None = None
    #: Pass 2 only: how well the drawing survived.
    fidelity: Verdict | None = None


class Progress(BaseModel):
    """How far a job is; the done counts include cached and skipped pages."""

    model_config = ConfigDict(frozen=True)

    total_pages: int
    pass1_done: int
    pass2_done: int
    failed: int
    skipped: int
    cached: int


def new_job_id(now: datetime) -> str:
    """`job_YYYYMMDD_HHMMSS_` and 6 hex digits; opaque to clients."""
    return f"job_{now.astimezone(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(3)}"


def is_chapter_id(text: str) -> bool:
    """True where `text` may name a chapter."""
    return re.fullmatch(CHAPTER_ID_PATTERN[1:-1], text) is not None


def settled_status(statuses: Collection[Status]) -> Status | None:
    """The status of a job whose page passes have these statuses; None while one has not ended.

    Failed where one failed, else cancelled where one was cancelled, else completed: skipped pages are no failure.
    """
    if not all(status.is_terminal for status in statuses):
        return None
    if Status.FAILED in statuses:
        return Status.FAILED
    if Status.CANCELLED in statuses:
        return Status.CANCELLED
    return Status.COMPLETED


def fingerprint(parts: Mapping[str, object]) -> str:
    """SHA-256 of everything that may change the bytes of a result, as canonical JSON. Equal parts, equal bytes."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
