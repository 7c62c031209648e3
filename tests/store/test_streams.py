"""Lists that stream out of PostgreSQL, and are left before their end."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, definition, with_client
from reconciler.live.opening import open_platform
from reconciler.model.questions import ClientQuestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

LISTS: dict[str, Callable[[Platform], Iterator[object]]] = {
    "clients": lambda platform: platform.clients(LATER),
    "matching": lambda platform: platform.matching(ClientQuestion("basic", (1,)), LATER),
    "consumption": lambda platform: platform.consumption("basic", "user_count", LATER),
    "events": lambda platform: platform.events(),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_left_leaves_no_cursor_open(
    database: str, tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder
) -> None:
    with open_platform(database, root=tmp_path) as platform:
        platform.edit_package("basic", definition(), NOW)
        for number in range(3):
            with_client(platform, f"client-{number}", users=number)

        assert next(LISTS[name](platform))
        gc.collect()

    assert [str(each.message) for each in recwarn if issubclass(each.category, ResourceWarning)] == []
