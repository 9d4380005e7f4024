"""Every word of an explanation, in French."""

from __future__ import annotations

__all__ = ["MONTHS", "WORDS"]

MONTHS: tuple[str, ...] = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

_TEXTS: dict[str, str] = {
    "decimal": ",",
    "thousands": "\N{NARROW NO-BREAK SPACE}",
    "percent": "{number} %",
    "moment": "{day} {month} {year}, {clock} UTC",
    "colon": " : ",
    "quoted": "« {text} »",
    # levels, steps, windows
    "level_0": "calme",
    "level_1": "vigilance",
    "level_2": "alerte",
    "level_3": "crise",
    "level_4": "crise grave",
    "opened": "ouverture",
    "escalated": "aggravation",
    "updated": "mise à jour",
    "deescalated": "apaisement",
    "resolved": "fin de crise",
    "last_15m": "au cours des 15 dernières minutes",
    "last_1h": "au cours de la dernière heure",
    "last_6h": "au cours des 6 dernières heures",
    # the crisis
    "title": "Crise {id}",
    "summary": "{brand}. Ouverture : {opened}. Niveau le plus élevé : {peak}. Étapes : {steps}.",
    "glossary": "Un ban vaut un facteur dix : ce que le hasard donne une fois sur 1 000 vaut 3 bans.",
    "step": "Étape {number}. {moment} : {type}, {previous} → {level}",
    "step_same": "Étape {number}. {moment} : {type}, niveau inchangé ({level})",
    "row_seen": "Constat",
    "row_score": "Score",
    "row_level": "Niveau",
    "row_left_out": "Écarté",
    "row_no_part": "Sans effet",
    "row_about": "Sujets",
    "row_tweets": "Tweets",
    "row_check": "Contrôle",
    # what was seen
    "seen": "{volume} mentions {window}, par {authors} environ ; on en attendait {expected} (98 fois sur 100 entre "
    "{low} et {high}).",
    "seen_one": "Une seule mention {window} ; on en attendait {expected} (98 fois sur 100 entre {low} et {high}).",
    "people": "{number} personnes",
    "people_one": "une personne",
    "negative": "{negative} étaient négatives, soit {share}, contre {usual} d’habitude.",
    "negative_one": "{negative} était négative, soit {share}, contre {usual} d’habitude.",
    "seen_nothing": "Aucune mention {window} ; on en attendait {expected}.",
    "planned": "« {name} » est prévu au calendrier : tant que "
    "l’événement dure, on attend {times} fois plus de mentions.",
    "unobserved": "Les données manquent pour {minutes} minutes des dernières 24 heures : les chiffres peuvent "
    "être trop bas.",
    # the parts of the score
    "part_volume": "{observed} mentions {window}, contre {expected} attendues. Le hasard en amène autant une fois sur "
    "{odds} ({surprise} bans).",
    "part_share": "sur {trials} {window}, {hits} étaient négatives, contre {usual} d’habitude. Par hasard, cela "
    "arrive une fois sur {odds} ({surprise} bans).",
    "part_share_one": "sur {trials} {window}, {hits} était négative, contre {usual} d’habitude. Par hasard, cela "
    "arrive une fois sur {odds} ({surprise} bans).",
    "mentions": "{number} mentions",
    "mentions_one": "{number} mention",
    "part_peak": "{observed} mentions en 15 minutes, contre des pointes quotidiennes de {expected}. D’après "
    "l’inégalité de Markov d’ordre {order}, quelle que soit la loi, une telle pointe revient au plus une fois en "
    "{days} jours (log10 : {surprise}).",
    "part_copies": "les retweets et les copies d’un même texte ne comptent que pour une opinion. Sans {copies}, "
    "{hits} négatives sur {trials} : une fois sur {odds} ({surprise} bans).",
    "copies": "les {number} copies",
    "copies_one": "la copie",
    "part_authors": "deux messages comptent par auteur. De {authors} environ, cela fait {trials} sur {all} : une fois "
    "sur {odds} ({surprise} bans).",
    "part_authors_negative": "deux messages comptent par auteur, dont un seul négatif (un quart de plus passe, car le "
    "nombre d’auteurs est estimé). De {authors} environ, dont {angry} environ avec un message négatif, cela fait "
    "{trials} sur {all}, dont {hits} négatifs : une fois sur {odds} ({surprise} bans).",
    "part_looks_15m": "une fenêtre de 15 minutes se renouvelle quatre fois par heure ; le hasard a "
    "donc quatre chances : \N{MINUS SIGN}log10 de 4.",
    "part_looks_1h": "une fenêtre d’une heure se renouvelle une fois par heure, comme le score : rien à ajouter.",
    "part_looks_6h": "une fenêtre de 6 heures ne se renouvelle que toutes les 6 heures ; le hasard n’a "
    "qu’un sixième de chance par heure : log10 de 6.",
    "part_looks_days": "ce qui ramène les jours à l’échelle du score : la borne "
    "réglée vaut ce que demande la vigilance.",
    "part_limit_told": "une telle affluence a déjà été signalée dans la journée ; seule une affluence dix fois plus "
    "rare compte de nouveau.",
    "part_limit": "le volume seul, si grand soit-il, compte au plus jusqu’au seuil d’alerte ({threshold}), sans "
    "l’atteindre.",
    "name_volume": "Volume",
    "name_peak": "Pointe",
    "name_negative_share": "Part négative",
    "name_copies": "Copies",
    "name_authors": "Auteurs répétés",
    "name_looks": "Fréquence",
    "name_limit": "Plafond",
    "name_question_share": "Questions",
    "name_reach": "Portée",
    "joined": "Part négative et volume réunis par la méthode de Fisher, le volume comptant pour {volume} (jamais plus "
    "que la part) : {both} \N{MINUS SIGN} log10(1 + 2,303 × {both}) = {together}, réparti en proportion.",
    "alone": "La part négative seule en dit plus que réunie au volume : le volume n’ajoute rien.",
    "sum_one": "{total} bans",
    "sum": "{sum} = {total} bans",
    "sum_learning": "{sum} = {total} bans ; × {learning} d’apprentissage = {score}",
    "odds_score": "En temps ordinaire, cela se voit une fois en {hours} heures ({length}).",
    "days": "{number} jours",
    "years": "{number} ans",
    "nothing": "Rien ne dépasse l’habitude.",
    "unusual_no_part": "{name} ({observed}, contre {expected} d’habitude ; {surprise} bans)",
    "usual_no_part": "{name} ({observed}, contre {expected} d’habitude)",
    # the level
    "passes": "{score} dépasse le seuil du niveau « {level} » ({threshold}), qui "
    "exige aussi {needed} auteurs distincts ; il y en avait {authors} environ.",
    "below_watch": "{score} est au-dessous du seuil de vigilance ({threshold}).",
    "few_authors": "{score} dépasserait le seuil du niveau « {level} » ({threshold}), "
    "mais celui-ci exige {needed} auteurs distincts de mentions négatives, et il n’y en avait que {authors} environ.",
    "not_loud": "La crise grave ({threshold}) exige aussi un volume, une portée ou une part de questions "
    "inhabituels ; il n’y en a pas.",
    "other_window": "Le niveau « {level} » vient d’une autre fenêtre : {score} {window}, avec "
    "{authors} auteurs environ.",
    "rose_at_once": "Le score dépasse d’au moins {above} le seuil du niveau « {level} » : il a compté aussitôt.",
    "rose_lasted": "Le niveau « {level} » devait être mérité pendant {needed} minutes de suite ; il l’a été.",
    "rising": "Le niveau « {level} » est mérité depuis {minutes} min ; il doit l’être pendant {needed} min.",
    "holds": "Le niveau « {level} » est maintenu jusqu’à {threshold}.",
    "waning": "Il n’est plus tenu depuis {minutes} min ; au bout de {needed} min, il est abandonné.",
    "fell": "Le niveau « {level} » n’était plus tenu (jusqu’à {threshold}) depuis "
    "{needed} minutes : il a été abandonné.",
    "carried": "Le niveau vient d’un modèle antérieur ; il est conservé pendant que celui-ci apprend.",
    "by_somebody": "quelqu’un qui n’a pas dit son nom",
    "confirmed": "Crise confirmée par {by} : la référence n’apprend rien d’elle avant sa fin.",
    "snoozed": "Mise en attente jusqu’au {until} par {by} : d’ici là, seuls un niveau plus élevé ou la fin "
    "sont annoncés.",
    "dismissed": "Écartée par {by} : {reason}. Elle a donc pris fin dans cette minute, quoi que la minute ait mérité ; "
    "les mêmes propos n’ouvriront pas d’autre crise, sauf au-delà du niveau « {peak} ».",
    "because_not_about_us": "les mentions parlent d’autre chose du même nom",
    "because_misread": "les mentions ont été mal lues, elles n’étaient pas négatives",
    "because_planned": "la cause était connue d’avance",
    "because_copies": "peu de gens, beaucoup de copies",
    "because_old_news": "une affaire connue qui revient",
    "because_too_small": "c’est vrai, mais trop peu pour une cellule de crise",
    "learning": "L’apprentissage de la référence en est à {learning} : rien au-dessus de la vigilance "
    "ne peut être déclaré. Il manque : minutes observées {minutes}, mentions {mentions}, heures avec "
    "mentions {hours}.",
    # what people talk about
    "concern": "{phrase} dans {share} des mentions récentes (d’habitude {usual})",
    "questions": "Mentions qui posent une question : {questions}. Messages de la marque elle-même en "
    "24 heures : {own}.",
    "hashtags": "Mots-dièse : {hashtags}.",
    # checks
    "check_ok": "Recalculé d’après les seuls nombres de l’événement : tout concorde ({checks}).",
    "check_wrong": "{name} : {published} publié, {recomputed} recalculé à la main.",
    "check_none": "Cet événement date d’avant que la preuve ne contienne de quoi la vérifier à la main.",
    "check_score": "score",
    "check_level": "niveau de cette minute",
    # the whole
    "read": "Recalculé à partir de {tweets} tweets ({records} enregistrements)",
    "identical": "{read} : identique à ce qui a été publié, {events} événements, octet pour octet.",
    "identical_but": "{read} : identique à ce qui a été publié, {events} événements, aux tweets retirés près.",
    "withdrawn_one": "Des tweets qu’ils citaient, {number} a été retiré depuis et n’est plus cité.",
    "withdrawn": "Des tweets qu’ils citaient, {number} ont été retirés depuis et ne sont plus cités.",
    "not_compared": "{read}. Rien de ce qui a été publié n’a été fourni pour comparaison.",
    "different": "{read} : ce n’est pas ce qui a été publié. Premier écart à l’étape {step} :",
    "missing": "{read} : ce journal ne donne pas l’étape {step}.",
    "difference": "{path} : {published} publié, {recomputed} recalculé",
    "why": "Explications possibles :",
    "why_removed": "Les {records} premiers enregistrements de la partition brute {partition} ont disparu "
    "(rétention) : ce que la référence en avait appris ne peut plus l’être.",
    "why_empty": "Rien dans ce journal ne concerne l’une des marques.",
    "why_begins": "Le journal commence le {begins} et la crise s’est ouverte le {opened} : la "
    "référence en avait alors appris plus que ce journal ne peut enseigner.",
    "why_settings": "Les réglages ont changé : {published} alors, {recomputed} maintenant.",
    "why_model": "Le modèle a changé : {published} alors, {recomputed} maintenant.",
    "why_withdrawn": "Le journal contient {notices} messages de conformité : ce qui a été retiré n’a plus été cité "
    "ensuite, et ses mots n’ont plus compté parmi ce dont on parle.",
    "why_other": "Ou bien la liste de veille, les modèles de texte ou la version de Vigie ne sont plus les mêmes, ou "
    "il s’agit d’un autre journal.",
}


def _bound(text: str) -> str:
    """Put a no-break space where French typography has one: before ``: ; %`` and inside of guillemets."""
    for before in " :", " ;", " %", " »":
        text = text.replace(before, f"\N{NO-BREAK SPACE}{before[1]}")
    return text.replace("« ", "«\N{NO-BREAK SPACE}")


WORDS: dict[str, str] = {key: _bound(text) for key, text in _TEXTS.items()}
"""Texts by key; `{name}` is filled in."""
