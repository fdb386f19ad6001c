"""Everything MangaFlux refuses or fails at, as one tree.

    MangaFluxError
    ├── InvalidRequestError            what a client asked for cannot be done as asked
    │   ├── StyleReferenceError        the mandatory style reference is missing or unreadable
    │   ├── UnreadableImageError       bytes that are not a page we can read
    │   ├── ImageTooLargeError         more bytes, pixels or pages than the limits allow
    │   ├── PathForbiddenError         a path outside every input root
    │   ├── NotFoundError              no such job, chapter, page, asset or artifact
    │   ├── NotReadyError              it will exist, or was skipped or failed; not there now
    │   ├── GoneError                  it was here, and was thrown away or has expired
    │   ├── MissingPass1Error          Pass 2 of pages that Pass 1 has not seen
    │   ├── ConflictError              the job is not in a state for this
    │   ├── EngineUnavailableError     an engine that cannot run on this machine
    │   ├── HostNotAllowedError        the Host header names another server
    │   ├── OriginNotAllowedError      a web page that may not call this server
    │   ├── UnauthorizedError          the bearer token is missing or wrong
    │   ├── SlowBodyError              the body of the request does not arrive
    │   ├── FetchError                 a URL that the server could not fetch
    │   │   └── UrlForbiddenError      a URL that the server may not fetch
    │   ├── IdempotencyKeyError        a key that was used for another request
    │   ├── QueueFullError             as much waits as the limits allow; try again later
    │   └── ServerBusyError            shutting down; try again
    ├── PageFailedError                one page could not be done; its job goes on
    │   └── EngineDiedError            the engine's own process died or hung over it
    ├── StorageError                   the disk is full or fails; nothing is lost, and it may pass
    │   └── DiskFullError              too little room to accept work
    ├── DeviceLostError                the GPU is gone for this process, which must end
    ├── DeviceHungError                an engine does not come back; the process must end
    ├── AttemptAbortedError            the attempt was told to stop (cancel or shutdown)
    ├── SettingsError                  the operator's settings make no sense
    ├── ModelStoreError                a model cannot be downloaded, kept or removed
    ├── InstallationError              a file that comes with a package is missing or damaged
    └── DataFolderError                the data folder cannot be used (newer, damaged, not writable)
        └── DataFolderInUseError       another process works in it

Each class has a stable `code` that clients may compare. Messages are sentences for a person and never hold absolute
paths of the server.
"""

from collections.abc import Mapping


class MangaFluxError(Exception):
    """Something MangaFlux refuses or fails at, with a sentence for a person.

    Args:
        message: one sentence that says what is wrong and, where possible, what to do.
        details: machine-readable facts about this case, JSON values only.
    """

    code = "internal_error"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = dict(details or {})

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders with an engine in a child process; keyword-only arguments do not survive the
        # default reduction.
        return (_rebuild, (type(self), self.message, self.details))


def _rebuild(kind: type[MangaFluxError], message: str, details: Mapping[str, object]) -> MangaFluxError:
    return kind(message, details=details)


class InvalidRequestError(MangaFluxError):
    """The request cannot be done as asked."""

    code = "invalid_request"


class StyleReferenceError(InvalidRequestError):
    """The style reference is missing or is not an image we can read. Pass 2 takes its colours from it."""

    code = "style_reference_invalid"


class UnreadableImageError(InvalidRequestError):
    """These bytes are not an image we can read."""

    code = "unreadable_image"


class ImageTooLargeError(InvalidRequestError):
    """More bytes, pixels or pages than this server accepts."""

    code = "too_large"


class PathForbiddenError(InvalidRequestError):
    """The path lies outside every input root of this server."""

    code = "path_forbidden"


class NotFoundError(InvalidRequestError):
    """There is no such thing here."""

    code = "not_found"


class NotReadyError(NotFoundError):
    """The page exists, this file of it does not (yet)."""

    code = "not_ready"


class GoneError(NotFoundError):
    """It was here, and was thrown away or has expired."""

    code = "gone"


class MissingPass1Error(InvalidRequestError):
    """Pass 2 needs what Pass 1 leaves behind; run Pass 1 or a two-pass job on these pages first."""

    code = "pass1_missing"


class ConflictError(InvalidRequestError):
    """What was asked for does not fit the status of the job."""

    code = "conflict"


class EngineUnavailableError(InvalidRequestError):
    """This engine cannot run on this machine."""

    code = "engine_unavailable"


class HostNotAllowedError(InvalidRequestError):
    """The Host header does not name this server."""

    code = "host_not_allowed"


class OriginNotAllowedError(InvalidRequestError):
    """A web page called that may not."""

    code = "origin_not_allowed"


class UnauthorizedError(InvalidRequestError):
    """The bearer token is missing or wrong."""

    code = "unauthorized"


class SlowBodyError(InvalidRequestError):
    """The body of the request did not arrive in time."""

    code = "slow_body"


class FetchError(InvalidRequestError):
    """The server could not fetch a URL."""

    code = "fetch_failed"


class UrlForbiddenError(FetchError):
    """The server may not fetch this URL."""

    code = "url_forbidden"


class IdempotencyKeyError(InvalidRequestError):
    """The Idempotency-Key was used for another request before."""

    code = "idempotency_key_reused"


class QueueFullError(InvalidRequestError):
    """As much waits as the limits of this server allow; `details` say when to try again."""

    code = "queue_full"


class ServerBusyError(InvalidRequestError):
    """The server is stopping and takes no new work."""

    code = "server_busy"


class PageFailedError(MangaFluxError):
    """One page could not be done."""

    code = "page_failed"


class EngineDiedError(PageFailedError):
    """The process of the engine ended, or had to be ended, while it coloured this page."""

    code = "engine_died"


class DeviceLostError(MangaFluxError):
    """The device cannot be used any more by this process; no page is to blame, and the process must end."""

    code = "device_lost"


class DeviceHungError(MangaFluxError):
    """An engine gives no sign of life any more. Its thread cannot be stopped, so the process must end."""

    code = "device_hung"


class StorageError(MangaFluxError):
    """The disk of the data folder is full or fails. What was accepted stays, and goes on once the disk works again."""

    code = "storage_failed"


class DiskFullError(StorageError):
    """There is too little room left to accept work; what was accepted goes on."""

    code = "disk_full"


class AttemptAbortedError(MangaFluxError):
    """The attempt was told to stop, by a cancel or by a shutdown."""

    code = "aborted"


class SettingsError(MangaFluxError):
    """The settings of this server make no sense."""

    code = "settings_invalid"


class ModelStoreError(MangaFluxError):
    """A model cannot be downloaded, kept or removed."""

    code = "model_store"


class InstallationError(MangaFluxError):
    """A file that comes with an installed package is missing or damaged."""

    code = "installation_damaged"


class DataFolderError(MangaFluxError):
    """The data folder cannot be used."""

    code = "data_folder_unusable"


class DataFolderInUseError(DataFolderError):
    """Another process works in the data folder."""

    code = "data_folder_in_use"
