"""Frozen dataclasses with slots, cheap to declare and to make.

The standard library writes and compiles half a dozen methods of each class while its module is imported, a
fifth of all that `validate` does. Here `__init__` alone is compiled, once a value is made, and stores through
the slots; the others are a few functions for all classes. `fields`, `replace` and `match` see no difference.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_MADE_ANEW: Final = object()
"""Stands for an argument that was left out and that a factory makes."""
_ORDERS: Final = {"__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt, "__ge__": operator.ge}


def _frozen(
    *, frozen: bool, slots: bool, order: bool = False, eq: bool = True
) -> Callable[[type[_T]], type[_T]]:
    if not (frozen and slots):
        raise TypeError("Only frozen dataclasses with slots are made here; take others from `dataclasses`.")

    def decorate(written: type[_T]) -> type[_T]:
        written.__doc__ = written.__doc__ or written.__name__  # or its signature is looked up for one
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(written)
        methods: dict[str, Callable[..., Any]] = {
            "__init__": _compiling(made),
            "__setattr__": _refuse_assignment,
            "__delattr__": _refuse_deletion,
            "__repr__": _represented,
            "__getstate__": _state,
            "__setstate__": _restore,
        }
        if eq:
            methods |= _comparing(made, order=order)
        for name, method in methods.items():
            if made.__dict__.get(name) is None:  # `__eq__` alone makes Python write `__hash__ = None`
                setattr(made, name, method)
        return made  # type: ignore[no-any-return]

    return decorate


def _compiling(made: Any) -> Callable[..., None]:
    def __init__(self: object, *args: object, **kwargs: object) -> None:  # noqa: N807 - as it is called
        made.__init__ = _compiled(made)
        made.__init__(self, *args, **kwargs)

    return __init__


def _compiled(made: Any) -> Callable[..., None]:
    names: dict[str, Any] = {"made_anew": _MADE_ANEW}
    parameters, body = ["self"], []
    for field in dataclasses.fields(made):
        name = value = field.name
        names[f"set_{name}"] = getattr(made, name).__set__
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default, names[f"make_{name}"] = _MADE_ANEW, field.default_factory
            value = f"make_{name}() if {name} is made_anew else {name}"
        if default is not dataclasses.MISSING:
            names[f"default_{name}"] = default
        parameters.append(name if default is dataclasses.MISSING else f"{name}=default_{name}")
        body.append(f"set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    lines = "\n ".join(body or ["pass"])
    exec(f"def __init__({', '.join(parameters)}):\n {lines}", names)  # noqa: S102 - names of fields alone
    compiled: Callable[..., None] = names["__init__"]
    compiled.__qualname__ = f"{made.__qualname__}.__init__"
    return compiled


def _refuse_assignment(self: object, name: str, value: object) -> None:  # noqa: ARG001 - as it is called
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> None:  # noqa: ARG001 - as it is called
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _represented(self: Any) -> str:
    told = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(told)})"


def _state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def _comparing(made: Any, *, order: bool) -> dict[str, Callable[..., Any]]:
    """Return methods that compare values of one class as the tuples of their fields."""
    names = [field.name for field in dataclasses.fields(made) if field.compare]
    of = _tuple_of(names)

    def __eq__(self: object, other: object) -> Any:  # noqa: N807 - as it is called
        return of(self) == of(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - as it is called
        return hash(of(self))

    ordering = {name: _ordering(of, compare) for name, compare in _ORDERS.items()} if order else {}
    return {"__eq__": __eq__, "__hash__": __hash__, **ordering}


def _ordering(
    of: Callable[[object], tuple[Any, ...]], compare: Callable[[Any, Any], Any]
) -> Callable[..., Any]:
    def method(self: object, other: object) -> Any:
        return compare(of(self), of(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _tuple_of(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - what type checkers know
else:
    dataclass = _frozen
