"""What means a brand, said in the language of X's rules: one term for each of its names.

ADR: wide rather than narrow
----------------------------
A post that X does not send is lost, one that is sent for nothing is dropped by enrich. So terms find whatever
`pipeline.watchlist.matching` finds, as far as X can look: X compares words, cut at punctuation and symbols, in any
case, accents being letters of their own (https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule and
``/operators``, 2026).

- A name is a phrase, as it is written and without its accents, and one word after ``#`` likewise. Accents that the
  watchlist does not have cannot be asked for: write "Société Générale", not "Societe Generale".
- Hyphens and other signs are left out, X cuts there anyway; an apostrophe, a dot or ``&`` inside a word stays, in case
  it does not. Around a symbol (``Rock ❤ Roll``) a name is all of its parts, in any order: whether an emoji parts words
  is not documented.
- `requires` is one more group, also as hashtags; a long one is split over several terms.
- `languages` are asked for by ``lang:`` with ``lang:und``. X's list is closed: with one that it lacks, all are taken.
- An account: whoever names it, answers it, repeats it; of official ones also what they write.

ADR: nothing is negated
-----------------------
`excludes` could be ``-"delta force"``, and would lose posts that enrich takes: X looks into the post that is quoted,
too; its phrase is also found in "Delta, force me to"; and a part of a handle with ``_`` may be a word to it. `not_in`
and `case_sensitive` cannot be said at all. All three are left to enrich; `left_to_enrich` tells people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from pipeline.text.normal import nfc
from pipeline.watchlist.folding import fold
from pipeline.watchlist.model import Alias, Brand

__all__ = ["any_of", "chars_of", "left_to_enrich", "terms_of"]

_LANGUAGES = frozenset(
    (
        *("am", "ar", "bg", "bn", "bo", "bs", "ca", "ckb", "cs", "cy", "da", "de", "dv", "el", "en", "es", "et", "eu"),
        *("fa", "fi", "fr", "gu", "hi", "hi-Latn", "hr", "ht", "hu", "hy", "in", "is", "it", "iw", "ja", "ka", "km"),
        *("kn", "ko", "lo", "lt", "lv", "ml", "mr", "my", "ne", "nl", "no", "or", "pa", "pl", "ps", "pt", "ro", "ru"),
        *("sd", "si", "sk", "sl", "sr", "sv", "ta", "te", "th", "tl", "tr", "ug", "uk", "ur", "vi", "zh-CN", "zh-TW"),
    )
)
"""What ``lang:`` knows; the list has been shorter and longer, and this is all that was ever on it."""
_OF_X = {"he": ("iw",), "hi": ("hi", "hi-Latn"), "id": ("in",), "nb": ("no",), "zh": ("zh-CN", "zh-TW")}
"""Languages that X calls by other names."""
_UNKNOWN = "lang:und"
_WORDS_OF_THE_LANGUAGE = frozenset(("and", "or", "not", "near", "within"))
_INSIDE_WORDS = "'\N{RIGHT SINGLE QUOTATION MARK}&."
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_MOST_SPELLINGS = 4
_OR = " OR "
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
"""Of X."""
_TAGGED = re.compile(r"@[A-Za-z0-9_]{1,15}|#\w*[^\W\d_]\w*")
"""A name that is a whole handle or hashtag."""


def chars_of(text: str) -> int:
    """Return how long a rule is to X: in UTF-16, in which it would be longest, should X count characters otherwise."""
    return len(text.encode("utf-16-le")) // 2


def any_of(terms: Sequence[str]) -> str:
    """Join terms so that one of them is enough; in parentheses when there are several."""
    return terms[0] if len(terms) == 1 else f"({_OR.join(terms)})"


def terms_of(brand: Brand, max_chars: int) -> tuple[str, ...]:
    """Return terms, any of which is enough, that together find every post that the watchlist finds.

    Parameters
    ----------
    brand : Brand
        A brand of the watchlist.
    max_chars : int
        Length of a term up to which conditions are split or left out to keep it; a name alone may be longer.
    """
    terms = [*_accounts(brand), *_tags(brand.hashtags)]
    together: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Alias]] = {}
    for alias in brand.aliases:
        together.setdefault((alias.requires, alias.languages), []).append(alias)
    for (requires, languages), aliases in together.items():
        names = _distinct(name for alias in aliases for name in (*_phrases(alias.text), *_joined(alias.text)))
        if names:
            terms += _conditional(names, _required(requires), _spoken(languages), max_chars)
    return _distinct(terms)


def left_to_enrich(brand: Brand) -> tuple[str, ...]:
    """Say, in plain words, what of a brand X is not asked or cannot be asked, so that it sends more or less."""
    rules = {
        "excludes": bool(brand.excludes) or any(alias.excludes for alias in brand.aliases),
        "not_in": any(alias.not_in for alias in brand.aliases),
        "case_sensitive": any(alias.case_sensitive for alias in brand.aliases),
    }
    said = []
    if named := [rule for rule, used in rules.items() if used]:
        said.append(f"{', '.join(named)}: X sends what they keep out, enrich drops it")
    unknown = sorted({each for alias in brand.aliases for each in alias.languages if not _codes((each,))})
    if unknown:
        said.append(f"languages: X has no lang:{', lang:'.join(unknown)}; these names are asked for in all languages")
    if unasked := [alias.text for alias in brand.aliases if not any(_phrases(alias.text))]:
        said.append(f"X cannot be asked for {', '.join(unasked)}: there is no word in it")
    unspaced = [alias.text for alias in brand.aliases if any(map(_is_unspaced, alias.text))]
    if unspaced:
        said.append(f"X may not find what is written without spaces around it: {', '.join(unspaced)}")
    return tuple(said)


def _accounts(brand: Brand) -> Iterator[str]:
    for handle in brand.official:
        if _HANDLE.fullmatch(handle):
            yield f"from:{handle}"
    for handle in (*brand.official, *brand.handles):
        if _HANDLE.fullmatch(handle):
            yield from (f"@{handle}", f"to:{handle}", f"retweets_of:{handle}")
        elif not handle.startswith("did:"):
            yield from _phrases(handle)  # of Bluesky: people may name it on X, too


def _tags(hashtags: Iterable[str]) -> Iterator[str]:
    for tag in hashtags:
        # Without a letter it is no hashtag to X, but a word.
        yield from _joined(tag) if any(map(str.isalpha, tag)) else _phrases(tag)


def _conditional(
    names: Sequence[str], requires: Sequence[str], languages: Sequence[str], max_chars: int
) -> Iterator[str]:
    """Yield names with their conditions, so that each term fits. A condition that leaves names no room is dropped."""
    last = f" {any_of(languages)}" if languages else ""
    if chars_of(last) > max_chars // 3:
        last = ""
    room = max_chars - chars_of(last) - 2  # the parentheses around all
    if max(map(chars_of, requires), default=0) > room // 2:
        requires = ()
    if not requires and not last:
        yield from names
        return
    for some in _chunks(requires, (room - 1) // 2) if requires else [()]:
        needed = f" {any_of(some)}" if some else ""
        for few in _chunks(names, room - chars_of(needed)):
            yield f"({any_of(few)}{needed}{last})"


def _chunks(terms: Sequence[str], room: int) -> Iterator[Sequence[str]]:
    """Cut terms into runs of which each fits, joined, into a number of characters, if only by itself."""
    begin, size = 0, 2
    for at, term in enumerate(terms):
        more = chars_of(term) + len(_OR)
        if at > begin and size + more - len(_OR) > room:
            yield terms[begin:at]
            begin, size = at, 2
        size += more
    yield terms[begin:]


def _required(requires: Iterable[str]) -> tuple[str, ...]:
    """Return the words of which there must be one: to the watchlist ``#flight`` holds "flight"."""
    found: list[str] = []
    for word in requires:
        phrases = (*_phrases(word),)
        if not phrases:
            return ()  # X cannot be asked for it, so not for the others alone
        found += phrases
        if " " not in fold(word).strip():
            found += _joined(word)
    return _distinct(found)


def _spoken(languages: Iterable[str]) -> tuple[str, ...]:
    codes = [_codes((each,)) for each in languages]
    if not all(codes) or not codes:
        return ()
    return (*_distinct(f"lang:{code}" for some in codes for code in some), _UNKNOWN)


def _codes(languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(code for each in languages for code in _OF_X.get(each, (each,)) if code in _LANGUAGES)


# -- how a name is written -------------------------------------------------------------------------------


def _phrases(name: str) -> Iterator[str]:
    if _TAGGED.fullmatch(name):
        yield from [name] if name[0] == "@" else _joined(name)
        return
    for spelling in _spellings(name):
        yield from _phrase(spelling)
        if "'" in spelling.strip("'"):
            yield from _phrase(spelling.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"))


def _joined(name: str) -> Iterator[str]:
    """Yield the name as one word after ``#``, if that is a hashtag to X."""
    for spelling in _spellings(name):
        tag = "".join(character for character in spelling if _in_word(character))
        if any(map(str.isalpha, tag)):
            yield f"#{tag}"


def _spellings(name: str) -> tuple[str, ...]:
    """Return a name as it is written, and each word of it without accents; of many such words, all or none."""
    written = "".join(map(_plain, nfc(name)))
    words = [_distinct((word, fold(word).strip())) for word in written.split()]
    if 2 ** sum(len(each) > 1 for each in words) <= _MOST_SPELLINGS:
        return _distinct(" ".join(chosen) for chosen in product(*words))
    return _distinct((" ".join(each[0] for each in words), " ".join(each[-1] for each in words)))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return a character as it is written, but for what is a space, an apostrophe or nothing to the watchlist."""
    folded = fold(character)
    return folded if folded in {" ", "'"} or (not folded and character not in _JOINERS) else character


def _phrase(spelling: str) -> Iterator[str]:
    """Yield a spelling as a term, if there is a word in it."""
    parts = "".join(character if not _is_symbol(character) else "\0" for character in spelling).split("\0")
    runs = [run for part in parts if any(map(str.isalnum, run := _words(part)))]
    quoted = [run if _is_bare(run) else f'"{run}"' for run in runs]
    if quoted:
        yield quoted[0] if len(quoted) == 1 else f"({' '.join(quoted)})"


def _words(part: str) -> str:
    """Return the words of a part of a name, with a space between; of signs only those inside words."""
    kept = [
        character
        if _in_word(character) or (character in _INSIDE_WORDS and 0 < at < len(part) - 1 and _inside(part, at))
        else " "
        for at, character in enumerate(part)
    ]
    return " ".join("".join(kept).split())


def _inside(part: str, at: int) -> bool:
    return _in_word(part[at - 1]) and _in_word(part[at + 1])


@lru_cache(maxsize=4096)
def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_" or character in _JOINERS or unicodedata.category(character)[0] == "M"


@lru_cache(maxsize=4096)
def _is_symbol(character: str) -> bool:
    return unicodedata.category(character)[0] == "S"


def _is_bare(run: str) -> bool:
    """Say whether a run of words may stand without quotation marks."""
    return run.isascii() and run.isalnum() and run.lower() not in _WORDS_OF_THE_LANGUAGE


@lru_cache(maxsize=4096)
def _is_unspaced(character: str) -> bool:
    return character.isalpha() and (
        "\u0e00" <= character <= "\u109f" or "\u1780" <= character <= "\u17ff" or "\u3040" <= character <= "\u9fff"
    )


def _distinct(terms: Iterable[str]) -> tuple[str, ...]:
    """Return terms without those that are the same to X, which tells no case apart."""
    found: dict[str, str] = {}
    for term in terms:
        if term:
            found.setdefault(term.lower(), term)
    return tuple(found.values())
