"""Downloading from a hub on loopback, through the library that does it in earnest."""

import errno
import hashlib
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from mangaflux.errors import ModelStoreError
from mangaflux.models.entry import CatalogueEntry, ModelFile
from mangaflux.models.pull import DISK_RESERVE, pull
from mangaflux.models.store import ModelState, ModelStore, part_of
from tests.models.conftest import CONFIG, WEIGHTS, SilentView
from tests.models.fake_hub import COMMIT, FakeHub

Usage = namedtuple("Usage", "total used free")


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_model_arrives_with_its_folders_and_a_record(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pulled = pull(store, entry, view)

    folder = store.folder / "tiny"
    assert files_in(folder) == {"net/weights.onnx", "config.json", "model-record.json", ".lock"}
    assert (folder / "net/weights.onnx").read_bytes() == WEIGHTS
    assert pulled.record.files["config.json"].sha256 == hashlib.sha256(CONFIG).hexdigest()
    assert store.state(entry) is ModelState.PRESENT
    assert view.total == len(WEIGHTS) + len(CONFIG)
    assert view.positions == [0, len(WEIGHTS), 0, len(CONFIG)]


def test_a_model_that_is_here_needs_no_network(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pull(store, entry, view)
    hub.requests.clear()

    assert pull(store, entry, view).fetched == ()
    assert hub.requests == []


def test_a_download_goes_on_from_what_a_dead_process_left(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    part = part_of(store.file_path(entry, entry.files[0]))
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:1000])

    pull(store, entry, view)

    assert hub.ranges == ["bytes=1000-", None]
    assert store.file_path(entry, entry.files[0]).read_bytes() == WEIGHTS


def test_a_connection_that_is_cut_is_taken_up_again(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    hub.cut_after = 1000

    pull(store, entry, view)

    assert store.file_path(entry, entry.files[0]).read_bytes() == WEIGHTS


def test_a_file_with_another_hash_is_refused_and_removed(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    hub.files["net/weights.onnx"] = WEIGHTS[::-1]

    with pytest.raises(ModelStoreError, match=r"net/weights.onnx is not what it should be .* removed"):
        pull(store, entry, view)

    assert files_in(store.folder / "tiny") == {".lock"}
    assert store.state(entry) is ModelState.ABSENT


def test_of_a_file_without_a_known_hash_the_hash_of_the_hub_is_held(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    trusted = replace(entry, files=(ModelFile("net/weights.onnx", 1),))
    hub.forged["net/weights.onnx"] = WEIGHTS[::-1]

    with pytest.raises(ModelStoreError, match="is not what it should be"):
        pull(store, trusted, view)

    hub.forged.clear()
    record = pull(store, trusted, view).record
    assert record.files["net/weights.onnx"].sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_the_commit_of_a_branch_is_noted_and_kept_for_files_that_come_later(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    branch = replace(entry, revision="main")
    assert pull(store, branch, view).record.revision == COMMIT
    store.file_path(branch, branch.files[1]).unlink()
    hub.commit = "d" * 40
    hub.requests.clear()

    pull(store, branch, view)

    assert all(f"/resolve/{COMMIT}/" in path for method, path, _ in hub.requests if method == "HEAD")


def test_a_damaged_file_alone_is_fetched_again(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pull(store, entry, view)
    store.file_path(entry, entry.files[0]).write_bytes(WEIGHTS[::-1])

    assert pull(store, entry, view).fetched == ("net/weights.onnx",)

    assert store.file_path(entry, entry.files[0]).read_bytes() == WEIGHTS


def test_a_full_disk_is_told_before_a_byte_is_fetched(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Usage(DISK_RESERVE, 0, DISK_RESERVE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full)

    with pytest.raises(ModelStoreError, match=r"tiny needs .* and .* has .* free\. .*MANGA_FLUX_MODELS_DIR"):
        pull(store, entry, view)

    assert hub.ranges == []


def test_a_disk_that_fills_up_meanwhile_is_told(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", fill_up)

    with pytest.raises(ModelStoreError, match=r"tiny could not be downloaded: the disk is full\. .* goes on from here"):
        pull(store, entry, view)


def test_without_a_network_it_is_said_so(
    store: ModelStore, entry: CatalogueEntry, view: SilentView, hub: FakeHub
) -> None:
    hub_url, hub.status = hub.url, 200
    with pytest.MonkeyPatch.context() as patch:
        # Nothing listens on the discard port.
        patch.setenv("HF_ENDPOINT", hub_url.rpartition(":")[0] + ":9")

        with pytest.raises(ModelStoreError, match=r"hub cannot be reached: .*same command goes on"):
            pull(store, entry, view)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "GatedRepo", r"accept its licence.*HF_TOKEN"),
        (404, "EntryNotFound", r"HTTP 404.*update MangaFlux"),
        (500, "", r"HTTP 500.*try again later"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView, status: int, code: str, said: str
) -> None:
    hub.status, hub.error_code = status, code

    with pytest.raises(ModelStoreError, match=said):
        pull(store, entry, view)


def test_two_downloads_of_one_model_do_not_mix(store: ModelStore, entry: CatalogueEntry, view: SilentView) -> None:
    with store.locked(entry), pytest.raises(ModelStoreError, match="Another MangaFlux downloads tiny"):
        pull(store, entry, view)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, entry: CatalogueEntry, view: SilentView) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ModelStoreError, match=r"cannot be written: .*MANGA_FLUX_MODELS_DIR"):
        pull(ModelStore(tmp_path / "file"), entry, view)


def test_a_model_of_another_revision_is_fetched_anew(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pull(store, entry, view)
    newer = replace(entry, revision="d" * 40)

    assert store.state(newer) is ModelState.INCOMPLETE
    # The weights are the same by their hash; of the other file only the commit is known.
    assert pull(store, newer, view).fetched == ("config.json",)
    assert store.state(newer) is ModelState.PRESENT


@pytest.fixture
def whole_repository(hub: FakeHub) -> CatalogueEntry:
    """A model whose files are not known beforehand."""
    hub.files |= {"net/weights.bin": b"pickle", "other.safetensors": b"x", "net/.hidden.json": b"{}"}
    return CatalogueEntry(
        name="whole",
        kind="engine",
        purpose="a test",
        repository="somebody/tiny",
        revision="main",
        license="Apache-2.0",
        patterns=("config.json", "net/*"),
    )


def test_of_a_repository_what_matches_is_taken_and_nothing_that_can_run(
    hub: FakeHub, store: ModelStore, whole_repository: CatalogueEntry, view: SilentView
) -> None:
    record = pull(store, whole_repository, view).record

    assert set(record.files) == {"config.json", "net/weights.onnx"}
    assert record.revision == COMMIT
    assert store.whole_folder(whole_repository) == store.folder / "whole"
    assert [finding.problem for finding in store.verify(whole_repository)] == [None, None]


def test_a_repository_that_came_in_part_is_not_whole(
    hub: FakeHub, store: ModelStore, whole_repository: CatalogueEntry, view: SilentView
) -> None:
    hub.forged["net/weights.onnx"] = WEIGHTS[::-1]
    hub.files = dict(sorted(hub.files.items()))
    with pytest.raises(ModelStoreError):
        pull(store, whole_repository, view)

    assert store.state(whole_repository) is ModelState.INCOMPLETE
    assert store.whole_folder(whole_repository) is None
    hub.forged.clear()
    assert pull(store, whole_repository, view).fetched == ("net/weights.onnx",)
    assert store.state(whole_repository) is ModelState.PRESENT


def test_a_repository_without_anything_that_can_be_used_is_refused(
    hub: FakeHub, store: ModelStore, whole_repository: CatalogueEntry, view: SilentView
) -> None:
    hub.files = {"net/weights.bin": b"pickle"}

    with pytest.raises(ModelStoreError, match="has no files that MangaFlux can use"):
        pull(store, whole_repository, view)


def test_removing_frees_everything_once(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pull(store, entry, view)

    assert store.remove(entry) > len(WEIGHTS)
    assert not (store.folder / "tiny").exists()
    assert store.remove(entry) == 0


def test_a_record_without_its_files_is_no_model(
    hub: FakeHub, store: ModelStore, entry: CatalogueEntry, view: SilentView
) -> None:
    pull(store, entry, view)
    shutil.rmtree(store.folder / "tiny" / "net")

    assert store.state(entry) is ModelState.INCOMPLETE
    assert [finding.problem for finding in store.verify(entry)] == ["is missing", None]
