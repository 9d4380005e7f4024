"""The rules of the local X: kept, and checked for length, number and brackets.

https://docs.x.com/x-api/stream/update-stream-rules
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

__all__ = ["RuleBook"]

Answer = tuple[int, dict[str, Any]]
"""Status and body."""
_PROBLEM = "https://api.x.com/2/problems/"


class RuleBook:
    """Rules of one app, ours and those of others.

    Parameters
    ----------
    rules
        Somebody else's, there before.
    most, longest
        Limits of the plan: rules, and characters of a rule.
    """

    def __init__(self, rules: Sequence[dict[str, str]], most: int, longest: int) -> None:
        self.rules = [dict(rule) for rule in rules]
        self._most = most
        self._longest = longest
        self._number = 1_166_916_266_197_536_768

    def listed(self) -> Answer:
        """Answer a GET."""
        body: dict[str, Any] = {"meta": {"sent": _now(), "result_count": len(self.rules)}}
        return 200, {"data": self.rules, **body} if self.rules else body

    def changed(self, text: bytes, *, dry: bool) -> Answer:
        """Answer a POST: add or delete, or say what would be."""
        try:
            body = json.loads(text)
            if "delete" in body:
                return self._delete(body["delete"]["ids"], dry=dry)
            return self._add(body["add"], dry=dry)
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"title": "Invalid Request", "detail": f"One or more parameters are wrong: {error!r}"}

    def _delete(self, ids: list[str], *, dry: bool) -> Answer:
        known = {rule["id"] for rule in self.rules}
        gone = known.intersection(ids)
        if not dry:
            self.rules = [rule for rule in self.rules if rule["id"] not in gone]
        summary = {"deleted": len(gone), "not_deleted": len(ids) - len(gone)}
        body: dict[str, Any] = {"meta": {"sent": _now(), "summary": summary}}
        if lost := [each for each in ids if each not in known]:
            kind = {"title": "Invalid Request", "type": _PROBLEM + "invalid-request", "detail": "Rule does not exist"}
            body["errors"] = [{"errors": [{"parameters": {"id": [each]}} for each in lost], **kind}]
        return 200, body

    def _add(self, wanted: list[dict[str, str]], *, dry: bool) -> Answer:
        if len(self.rules) + len(wanted) > self._most:
            detail = f"Your app already has {len(self.rules)} rules; this would exceed {self._most}."
            return 422, {"title": "RulesCapExceeded", "detail": detail, "type": _PROBLEM + "rule-cap"}
        added: list[dict[str, str]] = []
        errors: list[dict[str, Any]] = []
        for rule in wanted:
            if twin := next((each for each in [*self.rules, *added] if each["value"] == rule["value"]), None):
                kind = {"title": "DuplicateRule", "type": _PROBLEM + "duplicate-rules"}
                errors.append({"value": rule["value"], "id": twin["id"], **kind})
            elif wrong := self._wrong(rule["value"]):
                kind = {"title": "UnprocessableEntity", "type": _PROBLEM + "invalid-rules"}
                errors.append({"value": rule["value"], "details": [wrong], **kind})
            else:
                self._number += 1
                added.append({"id": str(self._number), **rule})
        if not dry:
            self.rules += added
        invalid = sum("details" in error for error in errors)
        summary = {"created": len(added), "not_created": len(errors), "invalid": invalid}
        body: dict[str, Any] = {
            "meta": {"sent": _now(), "summary": {**summary, "valid": len(wanted) - invalid}},
            **({"data": added} if added else {}),
            **({"errors": errors} if errors else {}),
        }
        return 400 if invalid and not added else 201, body

    def _wrong(self, value: str) -> str | None:
        """Say what is wrong with a rule, as far as is looked at here."""
        if not value.strip():
            return "A rule must not be empty"
        if len(value) > self._longest:
            return f"Rules must be no more than {self._longest} characters (got {len(value)})"
        depth, quoted = 0, False
        for at, char in enumerate(value):
            if char == '"' and (at == 0 or value[at - 1] != "\\"):
                quoted = not quoted
            elif not quoted:
                depth += (char == "(") - (char == ")")
        return "Unbalanced quotes or brackets" if quoted or depth else None


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
