"""The engines that need neither weights nor a GPU keep the contract of all engines."""

import pytest

from mangaflux.engine.base import Engine
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.lite.engine import LiteEngine
from tests.engine.engine_contract import EngineContract


class TestFakeEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> Engine:
        return FakeEngine()


class TestLiteEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> Engine:
        return LiteEngine()
