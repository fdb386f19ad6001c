"""What the server answers: one pydantic model per JSON body, apart from the values inside so that either may change.

Times are UTC and serialised as RFC 3339 with `Z`.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mangaflux.jobs import ArtifactKind, JobKind, Params, Progress, Status, Verdict


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(_Answer):
    """Why a request was refused: RFC 9457, and the members `code`, `message`, `details` and `trace_id` beside it."""

    type: str = "about:blank"
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="Stable: compare this.")
    message: str = Field(description="One sentence for a person.")
    details: dict[str, object] = Field(description="Facts about this case.")
    trace_id: str = Field(description="Finds this request in the server's log; also sent as X-Trace-Id.")


class Alive(_Answer):
    """The event loop ticks."""

    status: Literal["ok"] = "ok"


class DeviceState(_Answer):
    """What the device does."""

    state: Literal["idle", "loading", "busy", "unloaded", "failed", "closed"]
    engine: str | None = Field(description="The engine that is loaded.")
    stage: str | None
    error: str | None = Field(description="Why the last load failed.")
    peak_memory_bytes: int | None


class Readiness(_Answer):
    """Whether jobs that are sent now run to their end."""

    ready: bool
    reasons: list[str] = Field(description="Why not; empty when ready.")
    device: DeviceState
    active_jobs: int = Field(description="Jobs that are queued or running.")
    free_disk_bytes: int = Field(description="Free where the data folder is.")


class EngineModel(_Answer):
    """The neural network of an engine."""

    id: str
    revision: str
    sha256: str | None
    license: str | None


class DetectorModel(_Answer):
    """The neural network of an optional detector that helps Pass 1."""

    sha256: str
    license: str


class Version(_Answer):
    """Versions of the server, its engines, its detectors and what it stands on."""

    version: str
    api_version: Literal["v1"] = "v1"
    engines: dict[str, EngineModel]
    detectors: dict[str, DetectorModel]
    packages: dict[str, str]


class EngineState(_Answer):
    """One engine, and why it cannot run where it cannot."""

    name: str
    available: bool
    loaded: bool
    model: EngineModel | None
    device: str | None = Field(description="Where it computes.")
    reason: str | None = Field(description="Why it cannot run here.")
    fix: str | None = Field(description="What mends that.")


class Engines(_Answer):
    """Every engine this server knows of."""

    default: str | None = Field(description="What a job gets that names no engine; null where that cannot run.")
    engines: list[EngineState]
    device: DeviceState


class StoredAsset(_Answer):
    """An image that a client gave us."""

    asset_id: str = Field(description="The name for requests: `asset:<sha256>`.")
    sha256: str
    media_type: str
    width: int = Field(description="In pixels, upright.")
    height: int = Field(description="In pixels, upright.")
    size: int = Field(description="In bytes.")


class Reference(StoredAsset):
    """A style reference that jobs were given."""

    jobs: int = Field(description="How many of the jobs that are kept were given it.")
    last_used_at: datetime


class ReferenceList(_Answer):
    """Style references, the latest used first."""

    references: list[Reference]


class FilesUse(_Answer):
    """How much files of one kind take."""

    files: int
    bytes: int


class StorageLimits(_Answer):
    """What keeps the disk bounded; null: no limit."""

    min_free_disk_bytes: int = Field(description="Below, nothing new is accepted.")
    max_bytes: int | None = Field(description="Beyond, the jobs that ended first expire.")
    max_age_days: float | None = Field(description="So long after its end a job expires.")
    max_waiting_jobs: int
    max_waiting_pages: int


class Storage(_Answer):
    """What the server keeps."""

    assets: FilesUse = Field(description="Pages and references that clients sent.")
    artifacts: FilesUse = Field(description="What was made of them.")
    total_bytes: int
    free_disk_bytes: int
    waiting_jobs: int
    waiting_pages: int
    limits: StorageLimits


class JobLinks(_Answer):
    """Where everything about a job is; each begins with `/`."""

    self: str
    events: str
    artifacts: str
    logs: str
    archive: str
    cancel: str
    retry: str


class AcceptedJob(_Answer):
    """A job that was queued; its pages survive a power cut from now on."""

    job_id: str
    status: Status
    created_at: datetime
    links: JobLinks


class JobState(_Answer):
    """A job and how far it is."""

    job_id: str
    kind: JobKind
    chapter_id: str
    status: Status
    priority: int
    engine: str | None = Field(description="Resolved when the job was submitted; null for pass1.")
    options: Params
    style_reference: list[str] = Field(description="`asset:` names, in the client's order.")
    progress: Progress
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_update: datetime
    attempt: int = Field(description="1 for the first run, one more for each retry.")
    links: JobLinks


class PassError(_Answer):
    """Why a pass of a page failed."""

    code: str
    message: str


class PassState(_Answer):
    """One pass of one page."""

    status: Status
    attempt: int = Field(description="How often it was started.")
    cached: bool = Field(description="Answered from what was stored before.")
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None = Field(description="Why the page was skipped.")
    fidelity: Verdict | None = Field(
        description="How well the drawing survived, after all repairs; all but `acceptable` wants a look."
    )
    error: PassError | None


class PageState(_Answer):
    """One page of a job; a pass that the job does not run is null."""

    page_num: int
    name: str
    page_image: str | None = Field(description="`asset:` name of the original; null where it could not be read.")
    seed: int
    pass1: PassState | None
    pass2: PassState | None


class JobSummary(_Answer):
    """A job in one look."""

    message: str = Field(description="One sentence for a person.")
    seconds: float | None = Field(description="From the start to the end, or to now; null before the start.")
    failed_pages: list[int]
    skipped_pages: list[int]
    flagged_pages: list[int] = Field(description="Finished, but the drawing did not come out right everywhere.")


class JobDetail(JobState):
    """A job with every page."""

    summary: JobSummary
    pages: list[PageState]


class JobList(_Answer):
    """Jobs, newest first."""

    jobs: list[JobState]
    next_cursor: int | None = Field(description="For `?cursor=`; null at the end.")


class ArtifactEntry(_Answer):
    """A file that a job made."""

    kind: ArtifactKind
    page_num: int
    media_type: str
    size: int = Field(description="In bytes.")
    sha256: str
    url: str
    path: str = Field(description="Relative to the data folder of the server.")


class ArtifactList(_Answer):
    """Every file of a job, by page and kind."""

    job_id: str
    artifacts: list[ArtifactEntry]


class StageTime(_Answer):
    """How long one stage took over all pages of a job."""

    pass_num: int = Field(serialization_alias="pass")
    stage: str
    pages: int
    total_ms: float
    mean_ms: float
    max_ms: float


class PageError(_Answer):
    """Why a page of a job failed."""

    page_num: int
    pass_num: int = Field(serialization_alias="pass")
    code: str
    message: str


class JobLog(_Answer):
    """What a job spent its time on, and what went wrong."""

    job_id: str
    entries: list[StageTime]
    errors: list[PageError]


class ChapterEntry(_Answer):
    """One line about a chapter."""

    chapter_id: str
    pages: int
    colorized: int
    updated_at: datetime


class ChapterList(_Answer):
    """Every chapter, most recently changed first."""

    chapters: list[ChapterEntry]


class ChapterFile(_Answer):
    """The latest file of one kind of a chapter's page."""

    exists: bool
    path: str | None = Field(description="Relative to the data folder of the server.")
    url: str | None = Field(description="Immutable: another file has another address.")


class ChapterPageEntry(_Answer):
    """One page of a chapter that Pass 1 has seen."""

    page_num: int
    name: str
    page_image: str = Field(description="`asset:` name of the original.")
    artifacts: dict[ArtifactKind, ChapterFile]


class ChapterPages(_Answer):
    """The pages of a chapter, by number."""

    chapter_id: str
    pages: list[ChapterPageEntry]


class StreamSnapshot(_Answer):
    """The jobs that a stream is about: its own, or every one that has not ended."""

    jobs: list[JobState]


class Hello(_Answer):
    """The first event of a stream, and what `reset` says: the state of things as of event `last_id`."""

    version: str
    last_id: int
    snapshot: StreamSnapshot
    reason: str | None = Field(default=None, description="Of a reset: why events were left out.")
