from pathlib import Path

import pytest
import torch

from training import validate
from training.export import read_network
from training.train import main


@pytest.mark.timeout(60)
def test_a_run_leaves_weights_curves_and_a_table(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pictures of the pack are no larger.
    monkeypatch.setattr(validate, "PAGE_AREA", 96 * 64)
    monkeypatch.setattr(validate, "REFERENCES_AREA", 96 * 64)
    out = tmp_path / "run"

    main(
        [
            "--data",
            str(pack),
            "--out",
            str(out),
            "--minutes",
            "0.02",
            "--batch",
            "1",
            "--side",
            "32",
            "--tiny",
            "--validation-limit",
            "1",
        ]
    )

    assert "hue_hit" in (out / "curves.csv").read_text(encoding="utf-8")
    assert "| drawn_ink | network |" in (out / "results.md").read_text(encoding="utf-8")
    network = read_network(out / "best.safetensors")
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
    assert "a*b* error" in capsys.readouterr().out
