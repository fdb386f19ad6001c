import pytest
import torch

from training.export import example_inputs
from training.model import TINY, ColourMatcher, Shape


@pytest.fixture
def network() -> ColourMatcher:
    torch.manual_seed(1)
    return ColourMatcher(TINY).eval()


@torch.no_grad()
def test_every_cell_of_a_page_gets_values_and_a_trust(network: ColourMatcher) -> None:
    carried, trust = network(*example_inputs(128, 96))

    assert carried.shape == (1, 5, 16, 12)
    assert trust.shape == (1, 1, 16, 12)


@torch.no_grad()
def test_colours_lie_between_those_of_the_references(network: ColourMatcher) -> None:
    page, references, shown, values = example_inputs()

    carried, _ = network(page, references, shown, values)

    low, high = values.amin(1)[0, :, None, None], values.amax(1)[0, :, None, None]
    assert ((carried[0] >= low - 1e-5) & (carried[0] <= high + 1e-5)).all()


@torch.no_grad()
def test_nothing_is_carried_from_where_no_reference_is(network: ColourMatcher) -> None:
    page, references, shown, values = example_inputs()
    shown[:, 1] = 0
    half = values.shape[1] // 2
    values[:, half:] = 1e6

    carried, _ = network(page, references, shown, values)

    assert carried.max() <= 1.0


@torch.no_grad()
def test_what_is_carried_over_does_not_steer_where_it_is_carried_to(network: ColourMatcher) -> None:
    page, references, shown, values = example_inputs()
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    turned = values.clone()
    turned[..., :2] = values[..., :2] @ turn

    before, _ = network(page, references, shown, values)
    after, _ = network(page, references, shown, turned)

    torch.testing.assert_close(after[0, :2], torch.einsum("chw,cd->dhw", before[0, :2], turn))


def test_the_network_is_small_enough_to_ship() -> None:
    count = sum(parameter.numel() for parameter in ColourMatcher(Shape()).parameters())

    assert count <= 8_000_000
