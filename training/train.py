"""Trains the colour prior: `python -m training.train --data pack.zip --out FOLDER --minutes 8.3`.

Writes best.safetensors (averaged weights, by validation) as it goes, curves.csv, and results.md at the end.
"""

import argparse
import csv
import json
import math
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from training.batches import Batches
from training.dataset import open_pack
from training.losses import Losses, losses
from training.model import TINY, ColourMatcher, Shape
from training.report import decisiveness_rows, results_table
from training.timing import StageTimes
from training.validate import Case, SetResult, score, validate, validation_sets

#: AdamW.
_BETAS, _DECAY, _CLIP = (0.9, 0.98), 0.05, 1.0
#: Share of the time in which the rate rises, and what is left of it at the end.
_WARM_UP, _LAST_RATE = 0.03, 0.02
#: The averaged weights follow the trained ones by so much a step, more in the beginning.
_AVERAGE = 0.998
#: Seconds between validations, and share of the time before the first.
_VALIDATE_EVERY, _FIRST_VALIDATION = 75.0, 0.15
#: Steps between lines of the curves.
_LOG_EVERY = 25
#: Tensors with fewer numbers than this are stored as they are.
LEAST_HALVED = 64
#: Tried at the end: 0 is the mean of what attention falls on.
_DECISIVENESS = (0.0, 1.0, 2.0, 4.0)
_COLUMNS = (
    "seconds",
    "step",
    "rate",
    "loss",
    "colours",
    "places",
    "mean",
    "trust",
    "set",
    "hue_hit",
    "ab_error",
    "palette",
    "colourfulness",
    "trusted_error",
    "doubted_error",
)


class Training:
    """One run: network, optimiser, averaged weights, and what is written of them."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        # Products of single precision are those of greys and colours, whose small differences count.
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
        torch.backends.cudnn.benchmark = True
        self._args = args
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._began = time.monotonic()
        self._data = open_pack(args.data, self.device)
        self.batches = Batches(self._data, args.batch, args.side, args.seed)
        self.sets: Mapping[str, list[Case]] = validation_sets(self._data, args.validation_limit)
        network = ColourMatcher(TINY if args.tiny else Shape())
        if args.start is not None:
            load_weights(network, args.start)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = deepcopy(self.network).eval().requires_grad_(False)
        fused = self.device.type == "cuda"
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), args.rate, _BETAS, weight_decay=_DECAY, fused=fused
        )
        self._times = StageTimes(self.device)
        self.step, self.best = 0, -math.inf
        self.results: Mapping[str, SetResult] = {}
        args.out.mkdir(parents=True, exist_ok=True)
        self._curves = (args.out / "curves.csv").open("w", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._curves, _COLUMNS, restval="", lineterminator="\n")
        self._writer.writeheader()
        count = sum(parameter.numel() for parameter in self.network.parameters())
        print(f"{count / 1e6:.2f} M parameters, data ready after {self.seconds:.0f} s on {self.device}", flush=True)
        self._started = self.seconds

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    @property
    def progress(self) -> float:
        """0 at the first step, 1 when the time is over."""
        planned = float(self._args.minutes) * 60 - self._started
        return min(1.0, (self.seconds - self._started) / max(1.0, planned))

    def run(self) -> None:
        """Steps until the time is over, validating now and then and once at the end."""
        self.validate()
        next_validation = self._started + _FIRST_VALIDATION * self._args.minutes * 60
        while self.step == 0 or self.progress < 1.0:
            self._one_step()
            if self.seconds > next_validation and self.progress < 0.97:
                self.validate()
                next_validation = self.seconds + _VALIDATE_EVERY
        self.validate()
        self._curves.close()

    def _one_step(self) -> None:
        rate = self._rate()
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        with self._times.stage("drawing"), torch.no_grad():
            batch = self.batches.draw()
        with self._times.stage("losses"):
            found = losses(self.network, batch, half_precision=self.device.type == "cuda")
        with self._times.stage("gradients"):
            self._optimiser.zero_grad(set_to_none=True)
            found.total.backward()
        with self._times.stage("update"):
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
            self._optimiser.step()
            self._average()
        self.step += 1
        if (times := self._times.step_done()) is not None:
            print(times, flush=True)
        if self.step % _LOG_EVERY == 0 or self.step == 1:
            self._log(rate, found)

    def _rate(self) -> float:
        rise = min(1.0, self.progress / _WARM_UP + 1e-3)
        fall = _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * self.progress)) / 2
        return float(self._args.rate * rise * fall)

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        pairs = list(zip(self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True))
        floats = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        torch._foreach_lerp_([ours for ours, _ in floats], [theirs for _, theirs in floats], 1 - keep)

    def _log(self, rate: float, found: Losses) -> None:
        row = {"seconds": round(self.seconds, 1), "step": self.step, "rate": f"{rate:.2e}"}
        parts = {"loss": found.total, **{name: getattr(found, name) for name in ("colours", "places", "mean", "trust")}}
        row |= {name: f"{float(value.detach()):.4f}" for name, value in parts.items()}
        self._writer.writerow(row)
        self._curves.flush()
        if self.step % (8 * _LOG_EVERY) == 0 or self.step == 1:
            print(" ".join(f"{name} {value}" for name, value in row.items()), flush=True)

    def validate(self) -> None:
        """Validates the averaged weights and keeps them if they are the best so far."""
        results = {name: validate(self.averaged, cases) for name, cases in self.sets.items() if cases}
        for name, result in results.items():
            row = {"seconds": round(self.seconds, 1), "step": self.step, "set": name}
            row |= {key: f"{value:.4f}" for key, value in asdict(result.network).items()}
            row |= {key: f"{getattr(result, key):.3f}" for key in ("trusted_error", "doubted_error")}
            self._writer.writerow(row)
            print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        self._curves.flush()
        if score(results) > self.best:
            self.best, self.results = score(results), results
            save_weights(self.averaged, self._args.out / "best.safetensors", step=self.step, seed=self._args.seed)

    def decisiveness_table(self) -> str:
        """How the best weights do when alike colours outvote others less or more, by set."""
        load_weights(self.averaged, self._args.out / "best.safetensors")
        rows = {
            power: {name: validate(self.averaged, cases, power) for name, cases in self.sets.items() if cases}
            for power in _DECISIVENESS
        }
        return decisiveness_rows(rows)


def save_weights(network: ColourMatcher, path: Path, *, step: int, seed: int) -> None:
    """Writes the weights, large ones as halves as the package has them, with the network's shape in the header."""
    tensors = {name: _stored(value) for name, value in network.state_dict().items()}
    header = {"shape": json.dumps(network.shape.as_dict()), "step": str(step), "seed": str(seed)}
    save_file(tensors, path, header)


def _stored(value: torch.Tensor) -> torch.Tensor:
    is_large = value.is_floating_point() and value.numel() >= LEAST_HALVED
    return value.detach().cpu().contiguous().to(torch.float16 if is_large else value.dtype)


def load_weights(network: ColourMatcher, path: Path) -> None:
    """Puts the weights of a file into a network of the same shape."""
    network.load_state_dict(load_file(path))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.pack wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, curves and results")
    parser.add_argument("--minutes", type=float, default=8.3, help="the whole run, reading the data included")
    parser.add_argument("--batch", type=int, default=48, help="samples a step")
    parser.add_argument("--side", type=int, default=352, help="canvas in pixels, a multiple of 32")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--validation-limit", type=int, help="cases of each set; all without it")
    parser.add_argument("--tiny", action="store_true", help="a tiny network, to see that everything runs")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Trains, and writes and prints the table of results."""
    args = _arguments(argv)
    training = Training(args)
    training.run()
    seconds, steps = training.seconds, training.step
    table = results_table(training.results) + "\n" + training.decisiveness_table()
    note = f"{steps} steps of {args.batch} samples in {seconds:.0f} s on {training.device}, seed {args.seed}.\n"
    (args.out / "results.md").write_text(f"{note}\n{table}", encoding="utf-8")
    print(f"{note}\n{table}")


if __name__ == "__main__":
    main()
