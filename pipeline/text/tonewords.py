"""Words that do not sound calm and professional, English and French.

They are for the posts of a brand in a crisis, where being wrongly told off costs more than a missed slip. So nothing
stands here that a plain update may say: "voucher" (it compensates), "you should have" (received a mail), "deal with it"
(we will), "concours" (de circonstances). A phrase matches
whole words in a row, where ``|`` is the beginning or the end of a clause. Before a phrase, ``~`` means "unless it is
denied" and ``^`` "unless the clause is about the brand".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.tone import ToneIssue

__all__ = ["ABOUT_US", "DENIALS", "EMOJI", "NOT_AN_OFFER", "OPENERS", "PHRASES"]


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(
        " ".join(line.split()) for phrase in text.strip().splitlines() for line in phrase.split(";") if line.strip()
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PHRASES: Final[Mapping[ToneIssue, Mapping[str, tuple[str, ...]]]] = {
    ToneIssue.INSULT: {
        "en": _phrases(
            """
            idiot; idiots; idiotic; moron; morons; imbecile; imbeciles; crybaby; crybabies; whiner; whiners; asshole
            assholes; dumbass; jackass; bitch; bitches; bastard; bastards; scumbag; | shut up; stfu; haters; trolls
            fuck; fucking; fucked; bullshit; shit; crap; liar; liars; clowns; ^ pathetic; you're lying
            you are lying; you're stupid; you are stupid; are you stupid; stupid question; stupid questions
            stupid people; stupid customers; stupid comments; dumb question; dumb questions; don't be ridiculous
            you're being ridiculous; you are ridiculous; too dumb; too stupid; complainers
            """
        ),
        "fr": _phrases(
            """
            idiot; idiots; idiote; idiotes; imbécile; imbéciles; abruti; abrutis; d'abrutis; d'idiots; d'imbéciles
            d'incapables; crétin; crétins; débile; débiles; râleur; râleurs; râleuses
            pleurnichard; pleurnichards; pleurnicheur; pleurnicheurs; pleurnicheuse; pleurnicheuses; connard; connards
            connasse; conne; cons; rageux; haters; ta gueule; vos gueules; fermez-la; merde; foutaises; menteur
            menteurs; vous mentez; vous êtes ridicule; vous êtes ridicules; vous êtes stupide; vous êtes stupides
            question stupide; questions stupides; clients stupides; ^ pathétique; soyez pas ridicule
            """
        ),
    },
    ToneIssue.BLAME: {
        "en": _phrases(
            """
            not our fault; isn't our fault; wasn't our fault; not our problem; isn't our problem; not our job
            ~ your fault; ~ your own fault; that's your problem; blame yourself; blame yourselves; that's on you
            you should have read; you should have known; you should have planned; you should have listened
            you should have bothered; you should have thought; you should have arrived; you should have checked the
            you should've read; you should've known; you should've planned; you should've checked; you should've arrived
            if you had read; if you'd read; had you read; if you had bothered; if you had listened; if you'd listened
            if you had followed; if you had planned; if you had arrived; if you'd arrived; if you had paid attention
            | calm down; need to calm down; | relax |; stop complaining; stop whining; stop crying; stop moaning
            stop shouting; | get over it; | deal with it; | grow up; | learn to read; | try reading; | read before you
            overreacting; over-reacting; you people; nobody forced you; no one forced you; nobody made you
            no one made you; ~ user error; we already told you; we've already told you
            | as we already told you; how many times do we; | don't blame us
            stop blaming us; | blame the; you were warned; ~ your own mistake; ^ is to blame; ^ are to blame
            ^ the fault of; ^ airport's fault; ^ government's fault; ^ supplier's fault; ^ somebody else's fault
            """
        ),
        "fr": _phrases(
            """
            pas notre faute; pas de notre faute; ~ votre faute; ~ de votre faute; pas notre problème
            si vous étiez arrivés à l'heure; si vous étiez arrivés plus tôt; si vous étiez venus plus tôt
            c'est votre problème; il suffisait de; il suffisait d'arriver; il suffisait d'appeler
            il fallait lire; il fallait vérifier; il fallait prévoir; il fallait arriver; il fallait y penser
            il fallait écouter; il fallait partir; fallait lire; fallait prévoir; vous auriez dû lire
            vous auriez dû vérifier; vous auriez dû prévoir; vous auriez dû savoir; vous auriez dû arriver
            vous auriez dû y penser; si vous aviez lu; si vous aviez écouté; si vous aviez vérifié; si vous aviez prévu
            calmez-vous; on se calme; | du calme; arrêtez de vous plaindre; arrêtez de pleurer; arrêtez de râler
            arrêtez de critiquer; cessez de vous plaindre; cessez de râler; vous n'avez qu'à; vous n'aviez qu'à
            n'aviez qu'à lire; tant pis pour vous; dommage pour vous; apprenez à lire; | lisez avant de
            encore faut-il lire; encore fallait-il lire; on vous l'avait dit; on vous avait prévenus
            nous vous avions prévenus; vous étiez prévenus
            personne ne vous oblige; personne ne vous a obligé; personne ne vous force; vous exagérez
            prenez-vous-en à; plaignez-vous à; plaignez-vous auprès; vous l'avez bien cherché; ^ c'est la faute
            ^ la faute au; ^ la faute aux; ^ la faute de
            """
        ),
    },
    ToneIssue.SARCASM: {
        "any": _phrases("captain obvious; sherlock"),
        "en": _phrases(
            """
            boo hoo; boohoo; cry me a river; poor you; poor baby; yeah right; surprise surprise
            surprise | surprise; smallest violin; | slow clap; good luck with that; what did you expect
            bless your heart; first world problem; first world problems; drama queen; drama queens; sorry not sorry
            | well done genius; nice try; what a tragedy; what a surprise; how tragic; oh the horror
            | oh please; so sad for you; | wow | what a
            """
        ),
        "fr": _phrases(
            """
            ouin; ouin-ouin; bouhou; bravo l'artiste; bravo champion; bravo le génie; quel drame; pauvre chou
            pauvres choux; pauvre petit; pauvres petits; pauvre bichon; la belle affaire; bah voyons; ben voyons
            sans blague; sortez les mouchoirs; sortez les violons; vous vous attendiez à quoi; quelle tragédie
            une médaille
            bon courage avec ça; on va pleurer; on pleure pour vous; c'est dommage hein; désolé pas désolé
            """
        ),
    },
    ToneIssue.FLIPPANT: {
        "any": _phrases("lol; lmao; rofl; mdr; ptdr; oops; oopsie; oopsies; whoops; oups; oupsi; yolo"),
        "en": _phrases(
            """
            our bad; my bad; no biggie; no big deal; just kidding; jk; | chill; chill out; stuff happens; shit happens
            that's life; | lighten up; | cheer up; could be worse; | meh |; | whatever |; | c'est la vie
            you win some; better late than never; happens to the best
            """
        ),
        "fr": _phrases(
            """
            ça arrive à tout le monde; ça arrive aux meilleurs; | c'est la vie; je rigole; on rigole; pour rire
            on plaisante; y a pire; il y a pire; mieux vaut tard que jamais; détendez-vous; | relax |
            c'est pas la mort; ce n'est pas la mort; bof; on s'en remettra; vous vous en remettrez
            """
        ),
    },
    ToneIssue.PROMOTION: {
        "any": _phrases("promo; promos; black friday; cyber monday; giveaway; giveaways"),
        "en": _phrases(
            """
            flash sale; summer sale; winter sale; spring sale; autumn sale; holiday sale; weekend sale; big sale
            sale ends; sale now on; on sale now; discount code; discounts on; great deals; best deals; hot deals
            great deal on; last-minute deals; special offer; special offers; limited offer; exclusive offer
            sweepstakes; enter to win; chance to win; to win a; win a; win two; win tickets; win free
            | book now; | buy now; | shop now; | order now; | upgrade today; don't miss our; don't miss out
            follow and retweet; retweet and follow; retweet to win; rt to win; for the price of
            """
        ),
        "fr": _phrases(
            """
            code promo; en promotion; nos promotions; soldes; jeu concours; jeu-concours; à gagner; tentez de gagner
            profitez de nos; profitez-en; profitez vite; offre spéciale; offres spéciales
            offre exceptionnelle; offre flash; nos meilleures offres; vente flash; ventes flash; vente privée
            ventes privées; avec le code; | réservez vite; | réservez dès maintenant; bon plan; bons plans; prix cassés
            rt et follow; suivez et retweetez; abonnez-vous vite
            """
        ),
    },
}
"""What says so by itself. ``any``: in every language."""

DENIALS: Final = _words("not isn't wasn't aren't never no nor nothing pas jamais aucunement n'est n'était")
"""Words within three before a ``~`` phrase that deny it: "this is not your fault"."""

OPENERS: Final = _words(
    "please just so and but well now ok okay hey hi hello everyone everybody folks people guys honestly seriously "
    "bonjour bonsoir salut alors et mais bon merci allez"
)
"""Words at the beginning of a clause after which it still begins."""

ABOUT_US: Final = _words("we we're we've our us ours i i'm my me myself nous notre nos on je j'ai mon ma")
"""Words by which a clause is about the brand: "our software is to blame" is honest."""

NOT_AN_OFFER: Final = _words(
    "fake scam scams phishing fraud fraudulent impersonating not never no isn't aren't suspended postponed cancelled "
    "canceled paused refund compensation arnaque arnaques faux fausse fraude frauduleux frauduleuse usurpe usurpation "
    "pas aucun aucune suspendu suspendue suspendus suspendues reporté reportée annulé annulée remboursement "
    "indemnisation indemnité indemnités"
)
"""With one of these, what looks like an offer is rather a warning of a false one, or says that it has ended."""

EMOJI: Final[Mapping[str, ToneIssue]] = {
    **dict.fromkeys("🙄😏🤡🙃😒💅🎻", ToneIssue.SARCASM),
    **dict.fromkeys("😂🤣😆😹😜🤪😝😛🎉🥳🤷🍿😎😅💃🍾", ToneIssue.FLIPPANT),
}
"""By their first character, whatever tone of skin or sign of gender follows. Smiles, hearts and hands say nothing."""
