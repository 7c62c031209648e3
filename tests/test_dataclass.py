"""Our frozen dataclasses, held against those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.dataclass import dataclass

SOURCES: Final = Path(__file__).parents[1] / "reconciler"


def declared(decorate: Any) -> tuple[Any, Any]:
    class Point:
        """A place."""

        x: int
        y: int = 2
        seen: list[int] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", compare=False, repr=False)

    point = decorate(frozen=True, slots=True, order=True)(Point)

    class Named(point):  # type: ignore[misc, valid-type]
        name: str = "here"

        def __post_init__(self) -> None:
            object.__setattr__(self, "name", self.name.strip())

    return point, decorate(frozen=True, slots=True)(Named)


OURS: Final = declared(dataclass)
THEIRS: Final = declared(dataclasses.dataclass)
ARGUMENTS: Final[list[tuple[tuple[Any, ...], dict[str, Any]]]] = [
    ((1,), {}), ((1, 3), {}), ((), {"x": 1, "note": "n"}), ((1, 2, [3]), {}), ((2,), {"seen": []}),
]  # fmt: skip


def both(which: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    return OURS[which](*args, **kwargs), THEIRS[which](*args, **kwargs)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("args", "kwargs"), ARGUMENTS)
def test_values_hold_and_show_the_same(which: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    ours, theirs = both(which, args, kwargs)

    assert dataclasses.astuple(ours) == dataclasses.astuple(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.__match_args__ == theirs.__match_args__
    assert not hasattr(ours, "__dict__")


def test_values_are_equal_and_ordered_alike() -> None:
    for first, ours in enumerate(ARGUMENTS):
        for second, theirs in enumerate(ARGUMENTS):
            mine = OURS[0](*ours[0], **ours[1]), OURS[0](*theirs[0], **theirs[1])
            standard = THEIRS[0](*ours[0], **ours[1]), THEIRS[0](*theirs[0], **theirs[1])
            assert (mine[0] == mine[1]) is (standard[0] == standard[1]), (first, second)
            assert (mine[0] < mine[1]) is (standard[0] < standard[1])
            assert (mine[0] >= mine[1]) is (standard[0] >= standard[1])
    assert OURS[0](1) != OURS[1](1)
    assert OURS[0](1, 2, ()) != (1, 2, ())


def test_equal_values_have_one_hash_and_a_list_in_one_has_none() -> None:
    assert hash(OURS[0](1, 2, (), "a")) == hash(OURS[0](1, 2, (), "b"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS[0](1))


def test_a_factory_makes_one_for_each_value() -> None:
    assert OURS[0](1).seen is not OURS[0](1).seen
    assert OURS[0](1, seen=None).seen is None


@pytest.mark.parametrize("wrong", [{}, {"x": 1, "z": 2}])
def test_wrong_arguments_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\)"):
        OURS[0](**wrong)


def test_nothing_can_be_changed_or_taken_away() -> None:
    value = OURS[1](1)

    for name in ("x", "unheard_of"):
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field"):
            setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field"):
        del value.x
    assert value.x == 1


@dataclass(frozen=True, slots=True)
class Kept:
    text: str
    parts: tuple[int, ...] = ()


def test_values_are_replaced_copied_and_pickled() -> None:
    value = Kept("a", (1,))

    assert dataclasses.replace(value, text="b") == Kept("b", (1,))
    assert copy.deepcopy(value) == copy.copy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - it was written here


def test_what_can_change_is_not_made_here() -> None:
    with pytest.raises(TypeError, match="take others from `dataclasses`"):
        dataclass(frozen=False, slots=True)


def test_every_frozen_dataclass_is_one_of_ours() -> None:
    texts = {path: path.read_text() for path in SOURCES.rglob("*.py")}
    frozen = [path for path, text in texts.items() if "@dataclass(frozen" in text]
    theirs = re.compile(r"^from dataclasses .*\bdataclass\b", re.MULTILINE)

    assert len(frozen) > 100
    assert [path for path in frozen if theirs.search(texts[path])] == []
