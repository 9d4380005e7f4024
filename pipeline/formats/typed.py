"""JSON objects as typed Structs that name the fields which are read, and nothing else.

ADR: reading a dictionary field by field, each with its check, cost four times as much as decoding it. A Struct is
filled by native code, straight from the bytes where a form is sure, and its readers need no checks. What is not of
its types is no error: payloads hold anything, and only a field that a post cannot do without may cost the post.
So :func:`of` fills the same Struct from values of any types, and there is one reader for both.
"""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from msgspec import Meta, Struct, ValidationError, convert, structs

__all__ = ["Count", "Id", "of"]

S = TypeVar("S", bound=Struct)

# The bound is the most that is checked natively; what is above is read from JSON values, where it may be a float.
_Int = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Count = _Int | None
"""A count, which may be absent."""
Id = str | _Int | None
"""An ID as text or, as some serializers write it, as a number."""


def of(kind: type[S], value: object) -> S:
    """Return a JSON value as a Struct whose fields may all be absent; what is of a wrong type is absent.

    An item of a list that is of a wrong type is one without fields: it keeps its place.

    >>> class Tag(Struct):
    ...     tag: str | None = None
    >>> of(Tag, {"tag": "late", "start": 5}), of(Tag, {"tag": 5}), of(Tag, [])
    (Tag(tag='late'), Tag(tag=None), Tag(tag=None))
    """
    found: S | None = _converted(kind, value)
    return kind() if found is None else found


def _converted(kind: Any, value: object) -> Any:
    try:
        return convert(value, kind)
    except ValidationError:
        pass
    inner = _without_none(kind)
    if type(value) is int:
        return value if kind in (Count, Id) else None
    if type(value) is list and get_origin(inner) is list:
        (item,) = get_args(inner)
        return [of(item, each) for each in value]
    if type(value) is dict and isinstance(inner, type) and issubclass(inner, Struct):
        fields = [field for field in structs.fields(inner) if field.encode_name in value]
        return inner(**{field.name: _converted(field.type, value[field.encode_name]) for field in fields})
    return None


def _without_none(kind: Any) -> Any:
    arguments = get_args(kind)
    return next(each for each in arguments if each is not NoneType) if NoneType in arguments else kind
