"""What clients may send: one pydantic model per JSON body and per query string. Unknown fields are refused."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mangaflux.jobs import SEED_LIMIT, ChapterId, Params, Status

#: Style references of one job: what FLUX.2 takes beside the page without losing the page.
MAX_REFERENCES = 4
#: Longest name of an image in a request; longer than any path a file system takes.
MAX_NAME_LENGTH = 4096
#: Longest URL that is told of a job's end.
MAX_URL_LENGTH = 2048
#: Largest row number of SQLite, and so the largest cursor and event id.
MAX_ROW_ID = 2**63 - 1

ImageName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NAME_LENGTH,
        description="`asset:<sha256>` of an uploaded image, an http or https URL that the server fetches, or a path "
        "under an input root of the server.",
        examples=["asset:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "data/style_ref.png"],
    ),
]
_OneOrMoreNames = ImageName | Annotated[list[ImageName], Field(min_length=1, max_length=MAX_REFERENCES)]


def _as_tuple(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


References = Annotated[
    tuple[ImageName, ...],
    Field(min_length=1, max_length=MAX_REFERENCES),
    BeforeValidator(_as_tuple, json_schema_input_type=_OneOrMoreNames),
]
PageNumber = Annotated[int, Field(ge=1, le=99_999)]
EngineName = Literal["auto", "flux", "lite", "fake"]


Priority = Annotated[int, Field(ge=-10, le=10)]
PRIORITY_ORDER = "Larger runs first; among equals small jobs, then clients take turns, then the older job."


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobRequest(_Request):
    """What every job may ask for."""

    chapter_id: ChapterId = Field(
        description="The chapter these pages belong to; a later job on it replaces page N when its pass completes."
    )
    options: Params = Field(default_factory=Params, description="What a client may choose about the result.")
    referer: Annotated[str, Field(max_length=MAX_NAME_LENGTH, pattern=r"^https?://[!-~]+$")] | None = Field(
        default=None,
        description="Sent with the URLs of this request: many sites give their images to their own pages only.",
    )
    priority: Priority = Field(default=0, description=PRIORITY_ORDER)
    webhook_url: Annotated[str, Field(max_length=MAX_URL_LENGTH, pattern=r"^https?://[!-~]+$")] | None = Field(
        default=None,
        description="Is sent a message when the job ends, signed as in Standard Webhooks by the server's secret; "
        "tried again for more than a day.",
    )

    @model_validator(mode="after")
    def _seed_fits_seed_mode(self) -> Self:
        if self.options.seed is not None and self.options.seed_mode != "fixed":
            raise PydanticCustomError("seed_mode", 'options.seed is used with options.seed_mode "fixed"; send both.')
        return self


class Pass1Request(JobRequest):
    """Analyse pages. Pages come as `page_image`, `input_dir` or `pages`, or as uploaded parts."""

    input_mode: Literal["single", "batch"] | None = Field(
        default=None, description="single: `page_image`; batch: `input_dir` or `pages`. Default: what the fields say."
    )
    page_image: ImageName | None = None
    page_num: PageNumber | None = Field(default=None, description="Number of a single page; default 1.")
    input_dir: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] | None = Field(
        default=None,
        description="A folder, CBZ or ZIP under an input root of the server; pages are numbered from 1 in natural "
        "file-name order.",
    )
    pages: Annotated[list[ImageName], Field(min_length=1)] | None = Field(
        default=None, description="Pages by name, numbered from 1 in the order of this list."
    )
    page_names: list[Annotated[str, Field(min_length=1, max_length=255)]] | None = Field(
        default=None, description="File names of `pages` for people, in the same order; archives use them."
    )

    @property
    def named_inputs(self) -> tuple[str, ...]:
        """The fields that name pages, of those that are set."""
        return tuple(name for name in ("page_image", "input_dir", "pages") if getattr(self, name) is not None)

    @property
    def is_single(self) -> bool:
        """True where one page with a number of its own is asked for."""
        return self.input_mode == "single" or (self.input_mode is None and self.page_image is not None)

    @model_validator(mode="after")
    def _inputs_fit_input_mode(self) -> Self:
        if len(self.named_inputs) > 1:
            names = " and ".join(self.named_inputs)
            raise PydanticCustomError("inputs", "{names} exclude each other; send one of them.", {"names": names})
        misplaced = {"single": ("input_dir", "pages"), "batch": ("page_image",)}.get(self.input_mode or "", ())
        if wrong := [name for name in self.named_inputs if name in misplaced]:
            raise PydanticCustomError(
                "inputs",
                "{name} does not go with input_mode {mode}; single takes page_image, batch takes input_dir or pages.",
                {"name": wrong[0], "mode": self.input_mode or ""},
            )
        if self.page_names is not None and len(self.page_names) != len(self.pages or ()):
            raise PydanticCustomError("inputs", "page_names goes with pages, one name for each of them.")
        if self.page_num is not None and not self.is_single:
            raise PydanticCustomError("inputs", "page_num goes with a single page; batches number their pages from 1.")
        return self


class TwoPassRequest(Pass1Request):
    """Analyse pages and colour them in the colours of a style reference."""

    style_reference: References | None = Field(
        default=None, description="Mandatory: one to four coloured images, named here or uploaded as parts."
    )
    engine: EngineName | None = Field(default=None, description="Default: the engine of the server's settings.")


class Pass2Request(JobRequest):
    """Colour pages that Pass 1 has seen."""

    page_nums: Annotated[tuple[PageNumber, ...], Field(min_length=1)] | None = Field(
        default=None, description="Default: every page of the chapter that Pass 1 has seen."
    )
    style_reference: References | None = Field(
        default=None, description="Mandatory: one to four coloured images, named here or uploaded as parts."
    )
    engine: EngineName | None = Field(default=None, description="Default: the engine of the server's settings.")


class RerollRequest(_Request):
    """Colour a page once more, as the last job did but for the seed."""

    seed: int | None = Field(default=None, ge=0, lt=SEED_LIMIT, description="Default: drawn now.")


class JobChange(_Request):
    """What may be changed about a job that has not ended."""

    priority: Priority = Field(description=PRIORITY_ORDER)


class JobsQuery(_Request):
    """Which jobs to list."""

    limit: int = Field(default=50, ge=1, le=200, description="Jobs in one answer.")
    cursor: int | None = Field(default=None, ge=1, le=MAX_ROW_ID, description="`next_cursor` of the answer before.")
    status: Status | None = Field(default=None, description="Only jobs of this status.")
    chapter_id: ChapterId | None = Field(default=None, description="Only jobs of this chapter.")


class EventsQuery(_Request):
    """Where an event stream begins."""

    after: int | None = Field(
        default=None,
        ge=0,
        le=MAX_ROW_ID,
        description="Replay what came later than the event of this id. A Last-Event-ID header wins over it.",
    )
    preview: bool = Field(
        default=False,
        description="true: small pictures of unfinished pages as well, as events `page.preview` with a JPEG of at most "
        "512 pixels in base64. Sent by engines that paint in steps; none are stored.",
    )


class ThumbnailQuery(_Request):
    """How large a thumbnail may be."""

    width: Literal[160, 320, 640, 1280, 2560] = Field(default=320, description="Of the thumbnail, at most, in pixels.")

    @field_validator("width", mode="before")
    @classmethod
    def _read_number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


class ChapterArchiveQuery(_Request):
    """In which order the pages of a chapter stand."""

    order: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,5}(,[0-9]{1,5})*$",
        description="Page numbers in the order in which they are read, such as `1,2,7,3`: for chapters whose pages "
        "were sent out of order. Pages that are not named follow by number; numbers without a page count for nothing.",
        examples=["1,2,7,3"],
    )

    @property
    def page_nums(self) -> tuple[int, ...]:
        """The numbers of `order`."""
        return tuple(int(number) for number in self.order.split(",")) if self.order else ()


class MaskQuery(_Request):
    """Which mask to send."""

    kind: Literal["lettering", "balloons", "panels"] = "lettering"
