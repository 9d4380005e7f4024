"""The language of X's rules, read by itself: which posts a rule finds, as X documents it and nothing of ours.

https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule and ``/operators``. A post is a line of the
stream. How X cuts a text into words is documented ("punctuation, symbols, separators"); `whole_entities` is another way
that would be as sensible, to see that nothing depends on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]
Tokens = list[str]
Tokenise = Callable[[str], Tokens]
Test = Callable[["Seen"], bool]

_LEXEME = re.compile(
    r'\s+|(?P<open>\()|(?P<close>\))|(?P<not>-)|(?P<or>OR(?=\s))|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+)'
)
_MENTION = re.compile(r"(?<![\w])[@＠]([A-Za-z0-9_]{1,15})(?!\w)")
_HASHTAG = re.compile(r"(?<![\w])[#＃](\w+)")


def words(text: str) -> Tokens:
    """Cut a text as X documents it."""
    return "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text.lower()).split()


def whole_entities(text: str) -> Tokens:
    """Cut a text as many others do: handles, hashtags and emoji are words, apostrophes and dots are inside words."""
    return re.findall(r"(?:[@#](?=\w*[^\W\d_]))?\w+(?:['’.&]\w+)*|[^\w\s'’.&,;:!?()\"“”/\\-]", text.lower())


@dataclass(frozen=True)
class Seen:
    """What X looks at in a post."""

    texts: list[str]
    author: str = ""
    answered: str = ""
    repeated: str = ""
    lang: str = "und"
    tokenise: Tokenise = words
    tokens: list[Tokens] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", [self.tokenise(text) for text in self.texts])

    def says(self, phrase: str) -> bool:
        wanted = self.tokenise(phrase)
        assert wanted, f"no word in {phrase!r}"
        return any(
            tokens[at : at + len(wanted)] == wanted
            for tokens in self.tokens
            for at in range(len(tokens) - len(wanted) + 1)
        )

    def names(self, entity: str) -> bool:
        pattern = _MENTION if entity[0] == "@" else _HASHTAG
        return any(entity[1:].lower() == each.lower() for text in self.texts for each in pattern.findall(text))


def seen(line: Line, tokenise: Tokenise = words) -> Seen:
    """Read a line of the stream as X has it. Of a retweet only what is repeated counts: not what stands before it."""
    data, includes = line["data"], line.get("includes", {})
    handles = {user["id"]: user["username"].lower() for user in includes.get("users", [])}
    posts = {post["id"]: post for post in includes.get("tweets", [])}
    kinds = {each["type"]: posts.get(each["id"]) for each in data.get("referenced_tweets", [])}
    own = _text(data)
    texts, repeated = [own], ""
    if (original := kinds.get("retweeted")) is not None:
        texts, repeated = [_text(original)], own.removeprefix("RT @").partition(":")[0].lower()
    elif (quoted := kinds.get("quoted")) is not None:
        texts = [own, _text(quoted)]
    return Seen(
        texts=texts,
        author=handles.get(data["author_id"], ""),
        answered=handles.get(data.get("in_reply_to_user_id", ""), ""),
        repeated=repeated,
        lang=data.get("lang", "und"),
        tokenise=tokenise,
    )


def _text(post: Line) -> str:
    return str(post.get("note_tweet", post)["text"])


def parse(rule: str) -> Test:
    """Read a rule. What it does not know, or would be refused by X, fails."""
    lexemes = [*_lexemes(rule)]
    test = _any_of(lexemes)
    assert not lexemes, f"{rule}: ends before {lexemes[:3]}"
    return test


def _lexemes(rule: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(rule):
        found = _LEXEME.match(rule, at)
        assert found, f"{rule}: not the language at {rule[at:][:20]!r}"
        at = found.end()
        if found.lastgroup is not None:
            yield found.lastgroup, found[found.lastgroup]


def _any_of(lexemes: list[tuple[str, str]]) -> Test:
    tests = [_all_of(lexemes)]
    while lexemes and lexemes[0][0] == "or":
        del lexemes[0]
        tests.append(_all_of(lexemes))
    return lambda post: any(test(post) for test in tests)


def _all_of(lexemes: list[tuple[str, str]]) -> Test:
    tests = []
    while lexemes and lexemes[0][0] not in {"or", "close"}:
        tests.append(_one(lexemes))
    assert tests, "an OR or a parenthesis with nothing beside it"
    return lambda post: all(test(post) for test in tests)


def _one(lexemes: list[tuple[str, str]]) -> Test:
    kind, value = lexemes.pop(0)
    match kind:
        case "not":
            negated = _one(lexemes)
            return lambda post: not negated(post)
        case "open":
            test = _any_of(lexemes)
            assert lexemes.pop(0)[0] == "close"
            return test
        case "phrase":
            return lambda post: post.says(value)
        case _:
            return _operator(value)


def _operator(value: str) -> Test:
    operator, colon, operand = value.partition(":")
    operand = operand.lower()
    if value[0] in "@#":
        assert re.fullmatch(r"\w+", value[1:])
        assert value[0] == "@" or re.search(r"[^\W\d_]", value), f"{value} is no hashtag"
        return lambda post: post.names(value)
    if not colon:
        assert value.isalnum(), f"{value} needs quotation marks"
        assert value.lower() not in {"and", "or", "not"}
        return lambda post: post.says(value)
    assert operand
    match operator:
        case "from":
            return lambda post: post.author == operand
        case "to":
            return lambda post: post.answered == operand
        case "retweets_of":
            return lambda post: post.repeated == operand
        case "lang":
            return lambda post: post.lang.lower() == operand
        case _:
            raise AssertionError(f"{value}: no operator that we use")
