import pytest

from mangaflux.errors import InvalidRequestError
from mangaflux.models.catalogue import CATALOGUE, entry_named
from mangaflux.models.entry import ModelFile, is_commit


@pytest.mark.parametrize("path", ["model.pt", "model.pth", "pytorch_model.bin", "model.ckpt", "run.py", "weights"])
def test_formats_that_can_run_programs_are_not_taken(path: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        ModelFile(path, 1)


@pytest.mark.parametrize("path", ["/etc/a.json", "../a.json", "a/../../b.json", ".hidden/a.json"])
def test_paths_that_lead_elsewhere_are_not_taken(path: str) -> None:
    with pytest.raises(ValueError, match="not a plain path"):
        ModelFile(path, 1)


def test_an_unknown_name_proposes_the_nearest() -> None:
    with pytest.raises(InvalidRequestError, match=r"no model manga109\. Did you mean manga109-yolo\?"):
        entry_named("manga109")


def test_a_model_is_also_found_by_its_repository() -> None:
    assert entry_named("black-forest-labs/FLUX.2-klein-4b").name == "flux2-klein-4b"


def test_names_in_the_catalogue_are_unique() -> None:
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE)


def test_every_model_for_an_engine_is_a_commit_that_never_changes() -> None:
    assert all(is_commit(entry.revision) for entry in CATALOGUE if entry.kind == "engine")


def test_what_is_pinned_is_pinned_to_a_commit() -> None:
    assert all(is_commit(entry.revision) for entry in CATALOGUE if entry.is_pinned)
