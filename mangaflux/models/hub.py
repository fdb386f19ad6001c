"""What is asked of the Hugging Face hub: what a file is, and its bytes. Everything blocks.

`huggingface_hub` is imported when something is downloaded: it takes a while, and nothing else needs it.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

from mangaflux import __version__
from mangaflux.errors import ModelStoreError
from mangaflux.models.entry import CatalogueEntry, ModelFile

#: How the hub names the content of large files; small ones have another kind of ETag.
_SHA256 = re.compile(r"[0-9a-f]{64}")

#: Told how many bytes of a file are here.
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub has it."""

    file: ModelFile
    #: Never changes: names the commit.
    url: str
    commit: str
    #: Bytes.
    size: int
    #: None for small files, of which the hub does not say it.
    sha256: str | None


def look_up(entry: CatalogueEntry, revision: str) -> list[HubFile]:
    """What the hub has for each file of a model at this revision, all of one commit.

    Raises:
        ModelStoreError: the hub cannot be reached, or has no such file for us.
    """
    # The library reads the variable once, when it is imported.
    endpoint = os.environ.get("HF_ENDPOINT")
    return _look_up_files(entry, revision, endpoint) if entry.files else _list_matching(entry, revision, endpoint)


def _look_up_files(entry: CatalogueEntry, revision: str, endpoint: str | None) -> list[HubFile]:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    found: list[HubFile] = []
    for file in entry.files:
        with _told_plainly(entry):
            url = hf_hub_url(entry.repository, file.path, revision=revision, endpoint=endpoint)
            metadata = get_hf_file_metadata(url, endpoint=endpoint)
        if metadata.size is None or metadata.commit_hash is None:
            raise ModelStoreError(f"What answers for {entry.repository} is no Hugging Face hub; look at HF_ENDPOINT.")
        # A branch may move on between two files.
        revision = metadata.commit_hash
        url = hf_hub_url(entry.repository, file.path, revision=revision, endpoint=endpoint)
        etag = metadata.etag or ""
        sha256 = etag if _SHA256.fullmatch(etag) else None
        found.append(HubFile(file, url, revision, metadata.size, sha256))
    return found


def _list_matching(entry: CatalogueEntry, revision: str, endpoint: str | None) -> list[HubFile]:
    from huggingface_hub import HfApi, hf_hub_url

    with _told_plainly(entry):
        info = HfApi(endpoint=endpoint).model_info(entry.repository, revision=revision, files_metadata=True)
    commit = info.sha or revision
    found: list[HubFile] = []
    for sibling in info.siblings or ():
        if entry.takes(sibling.rfilename) and sibling.size is not None:
            file = ModelFile(sibling.rfilename, sibling.size)
            url = hf_hub_url(entry.repository, file.path, revision=commit, endpoint=endpoint)
            found.append(HubFile(file, url, commit, sibling.size, sibling.lfs.sha256 if sibling.lfs else None))
    if not found:
        raise ModelStoreError(f"{entry.repository} has no files that MangaFlux can use; update MangaFlux.")
    return found


def fetch(entry: CatalogueEntry, wanted: HubFile, part: Path, report: Report) -> None:
    """Downloads a file, going on from what is in `part` already; a cut connection is taken up again a few times.

    Raises:
        ModelStoreError: the hub cannot be reached any more, or the disk is full; what came stays in `part`.
    """
    from huggingface_hub.file_download import http_get

    part.parent.mkdir(parents=True, exist_ok=True)
    with _told_plainly(entry), part.open("ab") as file:
        if file.tell() > wanted.size:
            file.truncate(0)
        http_get(
            wanted.url,
            file,
            resume_size=file.tell(),
            headers=_headers(),
            expected_size=wanted.size,
            tqdm_class=cast("Any", partial(_Reporter, report)),
        )


def _headers() -> dict[str, str]:
    """Who asks. A token is dropped where the hub sends us on to another host."""
    from huggingface_hub import get_token

    headers = {"user-agent": f"mangaflux/{__version__}"}
    if token := get_token():
        headers["authorization"] = f"Bearer {token}"
    return headers


class _Reporter:
    """Stands where the library wants a progress bar of tqdm, and passes on how far it is."""

    def __init__(self, report: Report, *, initial: int = 0, **_: object) -> None:
        self._report = report
        self._position = initial
        report(initial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is to be closed."""

    def update(self, count: int) -> None:
        self._position += count
        self._report(self._position)


@contextmanager
def _told_plainly(entry: CatalogueEntry) -> Iterator[None]:
    """Turns what the library raises into one sentence.

    Raises:
        ModelStoreError: in place of what the library raised.
    """
    # The library speaks through this one, and lets its errors pass.
    import httpx2
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except GatedRepoError as error:
        raise ModelStoreError(
            f"{entry.repository} is given only to those who accept its licence: do so on its page of the hub, then set "
            "HF_TOKEN to a token of yours."
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelStoreError("HF_HUB_OFFLINE is set, so nothing is downloaded; unset it.") from error
    except HfHubHTTPError as error:
        raise ModelStoreError(
            f"The hub has no {entry.repository} at {entry.revision[:12]} for us (HTTP {error.response.status_code}); "
            "try again later, or update MangaFlux."
        ) from error
    except httpx2.HTTPError as error:
        raise ModelStoreError(
            f"The hub cannot be reached: {str(error) or type(error).__name__}. Look after the network; the same "
            "command goes on from here."
        ) from error
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or "it ended early"
        raise ModelStoreError(
            f"{entry.name} could not be downloaded: {reason}. The same command goes on from here."
        ) from error
