"""Structs of many fields in the making: filled by position, then made the real thing in place.

ADR: CPython passes more than 15 keyword arguments by way of a dictionary, which native code takes apart again
(``STACK_USE_GUIDELINE`` in ``compile.c``). For the fields of a mention that costs four times as much as the object,
and more than decoding its tweet. A draft takes all fields in their order, and its class is then set to the class it
was drawn from: Python allows that between classes of one layout
(https://docs.python.org/3/reference/datamodel.html, ``object.__class__``). No draft leaves the function that fills it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, defstruct

__all__ = ["draft_of"]


def draft_of(kind: type[Struct]) -> type[Any]:
    """Return the class to fill, for a Struct that the garbage collector does not track.

    >>> class Point(Struct, frozen=True, kw_only=True, gc=False):
    ...     x: int
    ...     y: int = 0
    >>> point = draft_of(Point)(1, 2)
    >>> point.__class__ = Point
    >>> point == Point(x=1, y=2)
    True
    """
    fields = [(name, Any) for name in kind.__struct_fields__]
    return defstruct(f"{kind.__name__}Draft", fields, module=__name__, gc=False)
