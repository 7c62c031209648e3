from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.shop import Shop, opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as shop:
        yield shop
