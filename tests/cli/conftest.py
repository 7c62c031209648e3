from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main

if TYPE_CHECKING:
    from tests.shop import Shop

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the module's `shop`, and return its exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "100")
    config = str(shop.root / "reconciler.yaml")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["--config", config, *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
