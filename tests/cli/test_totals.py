"""The bounds of a rollout in steps, as somebody meets them who lets a job apply until it says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.main import main
from reconciler.live.opening import open_platform

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

IN_STEPS = """\
rollout: {existing_clients: reassign, per_run: 12, every: 0 days}
acknowledge:
  - {removes: features/recorded_sessions, clients: 12, reason: Told in October., until: 2099-12-31}
  - {lowers: live_sessions, clients: 12, reason: Agreed with sales., until: 2099-12-31}
"""


def test_applying_the_demo_in_steps_again_and_again_ends_with_the_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = tmp_path / "story"
    main(["demo", "--into", str(story)])
    with (story / "packages" / "professional.yaml").open("a", encoding="utf-8") as file:
        file.write(IN_STEPS)

    exits = [main(["apply", "--yes", "--config", str(story / "reconciler.yaml")]) for _ in range(3)]

    assert exits == [0, 4, 4]
    assert "acknowledged for at most 12" in capsys.readouterr().out
    with open_platform("sqlite:///.reconciler/platform.db", root=story) as platform:
        assert [run.moved for run in platform.runs()] == [12, 0, 0]
