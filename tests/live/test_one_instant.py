"""What a server that holds nothing between two requests can say of one instant."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ContentionError
from tests.builders import NOON, definition
from tests.servers import here_and_over_http

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.live.port import PlatformReader


def test_a_platform_that_changes_each_time_that_it_is_counted_is_given_up(tmp_path: Path) -> None:
    numbers = count(2)
    with here_and_over_http(tmp_path) as (_, remote):

        def unlucky(still: PlatformReader) -> None:
            still.packages()
            remote.edit_package("basic", definition(user_count=next(numbers)), NOON)

        with pytest.raises(ContentionError, match="changed each time that it was counted"):
            remote.at_one_instant(unlucky)

    assert next(numbers) < 20
