"""The pages' TypeScript types, made from the records themselves: `python -m screenpop.page_types`.

The file it writes is checked in; a test fails where it is stale. A dataclass or pydantic model becomes an
interface, a Literal that has a name in the vocabulary a type, `X | None` becomes `X | null`, a tuple an
array, a dict a Record (by a Literal: one of which any key may be missing). What a message may leave out is
optional.
"""

import dataclasses
import inspect
import json
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from domain import audit, contacts, desks, vocabulary
from screenpop.desk.answers import ArticleAnswer, CaseAnswer, Me
from screenpop.desk.audit_api import AuditAnswer
from screenpop.desk.desks_api import DesksAnswer, FieldFault, MembershipsAnswer, MembershipsChange
from screenpop.desk.frames import FRAMES, Encoded
from screenpop.desk.messages import MESSAGES
from screenpop.desk.own_password import PasswordChange

FILE = Path(__file__).parent / "web" / "src" / "lib" / "records.ts"

_HEAD = """\
/**
 * What the server and its pages say to each other. Made from the server's own records by
 * `python -m screenpop.page_types`: change it there.
 */
"""
_PLAIN = {
    str: "string", int: "number", float: "number", bool: "boolean", type(None): "null",
    object: "unknown", Any: "unknown",
}  # fmt: skip
_NAMED_LITERALS = {
    value: name
    for module in (audit, contacts, desks, *vocabulary.NOUNS)
    for name, value in vars(module).items()
    if get_origin(value) is Literal
}

_ANSWERS = (
    Me, CaseAnswer, ArticleAnswer, AuditAnswer, PasswordChange,
    DesksAnswer, MembershipsAnswer, MembershipsChange, FieldFault,
)  # fmt: skip


class _TypeScript:
    """Declarations by name, each after what it is made of."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}

    def type_of(self, hint: Any) -> str:
        """How this type is written there; what it is made of is declared. Raises TypeError for an odd one."""
        if hint in _PLAIN:
            return _PLAIN[hint]
        if dataclasses.is_dataclass(hint) or (inspect.isclass(hint) and issubclass(hint, BaseModel)):
            return self._interface(hint)
        origin, args = get_origin(hint), get_args(hint)
        if origin is Literal:
            return self._literal(hint)
        if origin is None:
            raise TypeError(f"no page knows what {hint} is")
        return self._made_of(origin, args)

    def union(self, name: str, meaning: str, members: tuple[type, ...]) -> None:
        """Declare one of these."""
        written = "".join(f"\n  | {self.type_of(member)}" for member in members)
        self.declared[name] = f"/** {meaning} */\nexport type {name} ={written};\n"

    def _literal(self, hint: Any) -> str:
        values = " | ".join(map(json.dumps, get_args(hint)))
        name = _NAMED_LITERALS.get(hint)
        if name is None:
            return values
        self.declared[name] = f"export type {name} = {values};\n"
        return name

    def _made_of(self, origin: Any, args: tuple[Any, ...]) -> str:
        if origin in (Union, types.UnionType):
            return " | ".join(map(self.type_of, args))
        if origin is tuple and args[1:] == (...,):
            return f"{self.type_of(args[0])}[]"
        if origin in (dict, Mapping):
            return self._record(*args)
        if origin is Encoded:
            return self.type_of(args[0])
        raise TypeError(f"no page knows what {origin} of {args} is")

    def _record(self, key: Any, value: Any) -> str:
        record = f"Record<{self.type_of(key)}, {self.type_of(value)}>"
        return f"Partial<{record}>" if get_origin(key) is Literal else record

    def _interface(self, kind: Any) -> str:
        name: str = kind.__name__
        if name not in self.declared:
            fields = "".join(self._fields(kind))
            self.declared[name] = f"{_comment(kind)}export interface {name} {{\n{fields}}}\n"
        return name

    def _fields(self, kind: Any) -> Iterator[str]:
        optional = {
            name for name, field in getattr(kind, "model_fields", {}).items() if not field.is_required()
        }
        for name, hint in get_type_hints(kind).items():
            if get_origin(hint) is not ClassVar:
                yield f"  {name}{'?' if name in optional else ''}: {self.type_of(hint)};\n"


def _comment(kind: type) -> str:
    lines = (inspect.getdoc(kind) or "").replace("None", "null").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "".join(["/**\n", *(f" * {line}".rstrip() + "\n" for line in lines), " */\n"])


def source() -> str:
    """The file as it is to be."""
    made = _TypeScript()
    for answer in _ANSWERS:
        made.type_of(answer)
    made.union("Frame", "What a page gets over the live connection.", FRAMES)
    made.union("PageMessage", "What a page may say over the live connection.", MESSAGES)
    kinds = ", ".join(f'"{frame.type}"' for frame in FRAMES)
    constant = (
        f'/** Every kind of frame. */\nexport const FRAME_TYPES: readonly Frame["type"][] = [{kinds}];\n'
    )
    return "\n".join([_HEAD, *made.declared.values(), constant])


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
