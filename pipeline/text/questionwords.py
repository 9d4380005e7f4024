"""Words of questions, English and French: how they open, which turns only they have, and what is asked for show.

Lower case, as tweets are written: "can't" and "whats". A list holds what was met in tweets or stands in any grammar;
nothing here names a brand.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ALTERNATIVES",
    "AUXILIARIES",
    "CLOSINGS",
    "GREETINGS",
    "INTERROGATIVES",
    "INVERSIONS",
    "MOCKERY",
    "OPENINGS",
    "OPENINGS_AFTER_A_NAME",
    "PLEAS",
    "SURPRISE",
    "TURNS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MARKS = _words("? ?? ??? ?! !?")

GREETINGS = _words(
    "hey hi hello so and but ok okay please pls plz um well also yo guys btw seriously like just now wow omg "
    "bonjour salut bonsoir svp mais et donc alors du coup ben bon euh merci sinon stp s'il vous plaît"
)
"""Words that may stand before the opening of a question."""

SUBJECTS = _words("you u i we they it he she this that there anyone anybody someone somebody y'all ya")
THINGS = _words("the my your our their his her these those a an any")
AUXILIARIES = _words(
    "is are do does did can can't could would will won't was were has have isn't aren't don't doesn't "
    "didn't couldn't wouldn't haven't hasn't should shouldn't am ain't r"
)

OPENINGS_AFTER_A_NAME: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("is", "are", "isn't", "aren't"), THINGS - {"your", "our", "their", "these"}
)
"""As `OPENINGS`, but not right after a handle, which then is the subject: "@acme is the worst"."""

OPENINGS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("can", "could", "would", "will", "does", "won't", "can't"), SUBJECTS | THINGS),
    **dict.fromkeys(("is", "are", "isn't", "aren't"), SUBJECTS | _words("your our their these flight flt")),
    **dict.fromkeys(("do", "don't"), SUBJECTS - {"it", "this", "that"}),
    "did": (SUBJECTS | THINGS) - {"it", "this", "that", "i"},
    **dict.fromkeys(("should", "shall", "have", "haven't", "has", "may", "am"), SUBJECTS),
    **dict.fromkeys(("why", "where", "who"), AUXILIARIES),
    "when": AUXILIARIES - {"is"} | {"will"},
    "how": AUXILIARIES | _words("long many come often far soon"),
    "what": AUXILIARIES - {"a"} | _words("time happened kind about if"),
    "which": _words("one gate flight terminal airport do number way"),
    "whats": _words("the your going happening up with wrong my this"),
    "what's": _words("the your going happening up with wrong my this"),
    "where's": _words("my the your our"),
    "why's": _words("my the your it this"),
    "how's": _words("the my your it that"),
    "who's": _words("going the got in coming ready up with"),
    "any": _words(
        "update updates news idea ideas chance word suggestion suggestions recommendation recommendations way plans "
        "tips thoughts eta reason explanation"
    ),
    "pourquoi": frozenset(),
    "comment": _words(
        "faire on ça ca peut puis je vous tu se est sont avoir contacter joindre savoir peut-on obtenir puis-je "
        "faites-vous c'est expliquer annuler récupérer"
    ),
    "combien": frozenset(),
    "où": _words("est sont en puis-je peut-on est-ce puis sont-ils en est-on trouver c'est"),
    "quand": _words("est-ce aurez-vous serez-vous allez-vous sera-t-il pourrons-nous comptez-vous va-t-on"),
    "quel": _words("est sont numéro délai service recours horaire prix délais"),
    "quelle": _words("est sont solution heure date démarche"),
    "quels": _words("sont délais recours"),
    "quelles": _words("sont démarches solutions"),
    "qui": _words("peut pourrait sait connaît a est-ce veut aurait"),
    "quid": frozenset(),
    "c'est": _words("quoi où combien"),
}
"""First word of a sentence and the words that may follow it; none named: whatever follows."""

TURNS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("anyone", "anybody"), _words("know knows else have heard got tried seen able experiencing having")
    ),
    **dict.fromkeys(("someone", "somebody"), _words("explain")),
    **dict.fromkeys(("can", "could"), _words("you u i anyone anybody someone somebody")),
    "how": _words("do does did can could"),
    "why": _words("do does did don't can't"),
    "please": _words("explain"),
    "chance": _words("do does can could is are"),
    **dict.fromkeys(("what's", "whats"), _words("the")),
    **dict.fromkeys(("right", "correct", "non", "hein"), _MARKS),
    **dict.fromkeys(("does", "did", "has", "is", "will", "would"), _words("anyone anybody someone somebody")),
    "wondering": _words("if when why how what where whether"),
    "y": _words("a-t-il aurait-il aura-t-il avait-il"),
    **dict.fromkeys(
        _words(
            "est-ce qu'est-ce pouvez-vous pourriez-vous avez-vous êtes-vous savez-vous voulez-vous comptez-vous "
            "devez-vous auriez-vous seriez-vous aurez-vous serez-vous pensez-vous prévoyez-vous ferez-vous "
            "peux-tu peut-on puis-je dois-je va-t-on vais-je as-tu es-tu sais-tu peut-il sera-t-il aura-t-il "
            "y-a-t-il"
        ),
        frozenset(),
    ),
    "quelqu'un": _words("sait peut connaît connait aurait pourrait saurait"),
}
"""As `OPENINGS`, anywhere in a sentence."""

INTERROGATIVES = _words(
    "what what's whats why why's y when when's where where's who who's whose which how how's any anyone anybody "
    "anything wondering "
    "pourquoi comment combien où quand quel quelle quels quelles quoi qui quid est-ce qu'est-ce lequel laquelle"
)
"""Words that make a question of a clause which they open and whose sentence has a question mark."""

INVERSIONS = ("-vous", "-tu", "-il", "-elle", "-on", "-ils", "-elles", "-nous", "-je", "-ce")
"""How French verbs end that ask: "avez-vous", "y a-t-il"."""

ALTERNATIVES = _words("or")
"""Words that make a sentence with a question mark a choice: "you, or somebody else?"."""

CLOSINGS = _words("thanks thank thx thnx tks ta you u cheers tia merci cordialement bonne journée in advance d'avance")
"""Words that may follow a question and say nothing of their own."""

PLEAS = _words(
    "help hello please pls plz advice suggestions thoughts tips ideas possible eta status "
    "svp stp aide aidez-moi conseil conseils possible idée idées"
)
"""Words that make a request of a sentence that is none by its form: "help?!", "eta?"."""

SURPRISE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        _words(
            "really rly seriously srsly serious wtf wth huh duh lol because cause bc cuz unbelievable ridiculous "
            "unreal another again hour hours hr hrs delay delays "
            "vraiment sérieux sérieusement sérieuse parce ptdr mdr"
        ),
        frozenset(),
    ),
    "#": _words("?"),
    "see": _words("?"),
    "no": _words("response reply answer answers apology apologies explanation info update updates communication"),
    "you": _words(
        "are have had want say said expect call love think can't cannot couldn't won't don't didn't just lost lose "
        "cancel canceled cancelled charge charged"
    ),
}
"""Words, and those that may follow them (none named: any), by which a sentence without the form of a question shows
surprise: "seriously?", "because of snow?", "you have one agent?". ``#`` is any hashtag."""

MOCKERY: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_words("kidding joking cares rigolez plaisantez moquez blague"), frozenset()),
    "you": _words("serious even ever simply"),
    "vous": _words("foutez fichez"),
    "call": _words("this that yourself"),
    "even": _words("consider care know try trying have do does"),
    "ever": _words("end"),
    "the": _words("point"),
    **dict.fromkeys(("hell", "fuck", "heck"), _MARKS),
    "a": _words("joke"),
    "how": _words("hard dare"),
    "since": _words("when"),
    "le": _words("saviez-vous"),
    "this": _words("how"),
    "why": _words("bother even"),
}
"""As `SURPRISE`, but whatever its form: "are you kidding me?"."""
