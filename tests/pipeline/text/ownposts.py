"""Made-up posts of brands in a crisis, and what is wrong with their tone."""

from __future__ import annotations

from schemas.tone import ToneIssue

__all__ = ["FINE", "OFF"]

SHOUTING, INSULT, BLAME, SARCASM, FLIPPANT, PROMOTION = ToneIssue

FINE = [
    (
        "en",
        "We are sorry for the long waits this morning. Our teams are working on it and we will update you at 11:00.",
    ),
    ("en", "UPDATE 14:30: Departures from terminal 2 have resumed. Expect delays of up to 90 minutes."),
    ("en", "@sam_r Hi Sam, I'm sorry about your bag. Please send us your reference by DM and we'll trace it today."),
    ("en", "We know it is not your fault. If you have booked for today, you can move your trip free of charge."),
    ("en", "Flights from JFK, LGA and EWR are cancelled until 6 PM. Winds are expected to calm down tonight."),
    ("en", "You should have received a mail with your voucher. If not, please tell us and we will send it again."),
    ("en", "Thank you for your patience! The app is back, and we are checking that every order went through."),
    (
        "en",
        "We made a mistake, and our software is to blame. Here is what happened and what we do about it: https://x.co/a",
    ),
    ("en", "We will deal with it as soon as the storm has passed. Your safety comes first."),
    (
        "en",
        "Hello! We are looking into the outage in the north. Next update in 30 minutes. Thanks for bearing with us!",
    ),
    ("en", "If you had a ticket for the 9:15, it is valid on any train today. Staff at the station will help you 🙏"),
    ("en", "We understand how upsetting this is. A team is with the families, and a helpline is open on 555 0100."),
    ("en", "Refunds are on their way: you do not have to do anything. It takes up to five working days."),
    ("en", "This account is fake and not ours: we are not running a giveaway. Do not share your card details."),
    ("en", "Our spring sale has been postponed while we help everybody who was affected."),
    ("en", "@ana Good question. The recall concerns lots 12 to 18 only; you find the number under the lid."),
    ("en", "Water is safe to drink again in all districts. Thank you 💙 to the crews who worked through the night."),
    ("en", "We take full responsibility. What happened on board should never happen, and we have begun an inquiry."),
    (
        "en",
        "All passengers and crew of flight 231 are safe. We will share confirmed facts only, as soon as we have them.",
    ),
    ("en", "To everyone who waited in the cold last night: we let you down, and we are sorry."),
    ("en", "Free rebooking is open until 12 March. Whatever fare you bought, you can change once without paying."),
    ("en", "NASA, NOAA and ESA data show the ash cloud moving east. Flights over ICELAND remain suspended."),
    ("fr", "Nous vous prions de nous excuser pour la panne de ce matin. Le point à 11 h."),
    ("fr", "Bonjour Léa ! Nous sommes désolés. Pouvez-vous nous envoyer votre numéro de dossier en message privé ?"),
    ("fr", "INFO TRAFIC : la ligne 4 reprend progressivement. Comptez 20 minutes d'attente en plus."),
    ("fr", "Vous auriez dû recevoir un courriel. Si ce n'est pas le cas, écrivez-nous, nous vérifierons."),
    ("fr", "Ce n'est pas votre faute : l'erreur vient de chez nous, et nous la corrigeons."),
    ("fr", "Vos billets sont échangeables sans frais jusqu'à dimanche. Le remboursement est automatique."),
    (
        "fr",
        "Par un concours de circonstances que nous regrettons, deux pannes se sont suivies. Le détail ici : https://x.co/b",
    ),
    ("fr", "Le solde de votre compte s'affiche à nouveau. Aucune opération n'a été perdue."),
    ("fr", "Attention, un faux compte annonce un jeu concours à notre nom. Nous l'avons signalé."),
    ("fr", "Merci de votre patience. Nos équipes sont sur place, prochain point à 16 h 🙏"),
    ("fr", "Nous comprenons votre colère. Un conseiller vous rappelle avant 18 h au numéro que vous nous avez donné."),
    ("fr", "Le vent se calme : les premiers ferries partent à 15 h. Présentez-vous une heure avant."),
    ("fr", "Nous avons eu tort de tarder à répondre, et nous vous devons des explications. Les voici."),
    ("fr", "Lots concernés : 2207 à 2215. Ne consommez pas le produit, rapportez-le en magasin, il est remboursé."),
    (
        "fr",
        "Un problème de facturation touche des clients mobiles. Les sommes prélevées à tort sont rendues dès lundi.",
    ),
    ("fr", "Bonjour, c'est bien noté. Votre valise est à Lyon et arrive chez vous demain matin. Encore pardon !"),
]
"""Language and text."""

OFF = [
    ("en", "STOP CALLING OUR HOTLINE, WE KNOW ABOUT THE PROBLEM", {SHOUTING}),
    ("en", "Everything is fine now!!! Please board!!!", {SHOUTING}),
    ("en", "We said it already! Read the page! It is all there! Thank you.", {SHOUTING}),
    ("en", "The site works for us. PLEASE TRY AGAIN LATER AND STOP posting about it.", {SHOUTING}),
    ("en", "Only an idiot would believe what is being said about our food.", {INSULT}),
    ("en", "The usual haters are out again. We have nothing to add.", {INSULT}),
    ("en", "@joe you are lying and you know it.", {INSULT}),
    ("en", "If you had read the conditions, you would know that bags are not covered.", {BLAME}),
    ("en", "It's not our fault that the airport is understaffed.", {BLAME}),
    ("en", "Calm down, everybody. It is only a short delay.", {BLAME}),
    ("en", "Please stop complaining, our staff are doing what they can.", {BLAME}),
    ("en", "Honestly, this one is your fault: the gate closes at 20 to.", {BLAME}),
    ("en", "You should have arrived earlier. Next time, plan ahead.", {BLAME}),
    ("en", "The ground crew of the airport is to blame, ask them.", {BLAME}),
    ("en", "Two hours on hold? Cry me a river.", {SARCASM}),
    ("en", "Another expert in aviation 🙄", {SARCASM}),
    ("en", "Good luck with that, see you in court.", {SARCASM}),
    ("en", "Oops, we did it again. The website is down.", {FLIPPANT}),
    ("en", "Lost another suitcase 😂 it will turn up.", {FLIPPANT}),
    ("en", "hahaha nice one, but your train is still cancelled", {FLIPPANT}),
    ("en", "Servers are taking a nap today lol", {FLIPPANT}),
    ("en", "Forget the queues: our summer sale starts today, fares from $49.", {PROMOTION}),
    ("en", "Win a weekend in Rome! Retweet and follow for your chance to win.", {PROMOTION}),
    ("en", "20% off all tickets until Sunday. Book now.", {PROMOTION}),
    ("en", "CALM DOWN PEOPLE, IT'S NOT OUR FAULT!!", {SHOUTING, BLAME}),
    ("en", "Nobody made you buy the cheapest ticket.", {BLAME}),
    ("en", "You people never read emails, do you.", {BLAME}),
    ("en", "What a surprise, somebody is unhappy again.", {SARCASM}),
    ("en", "While you wait, discover our new menu: two burgers for the price of one!", {PROMOTION}),
    ("fr", "LE SERVICE FONCTIONNE, ARRÊTEZ DE NOUS APPELER", {SHOUTING}),
    ("fr", "On vous a déjà répondu !! Lisez !!", {SHOUTING}),
    ("fr", "Bande d'abrutis, ce n'est pas nous qui gérons la gare.", {INSULT}),
    ("fr", "Encore les pleurnichards de service.", {INSULT}),
    ("fr", "Ce n'est pas notre faute si l'aéroport manque de personnel.", {BLAME}),
    ("fr", "Il suffisait de lire les conditions de vente avant de payer.", {BLAME}),
    ("fr", "Vous auriez dû vérifier l'horaire avant de partir.", {BLAME}),
    ("fr", "Calmez-vous, ce n'est qu'un retard.", {BLAME}),
    ("fr", "C'est la faute du fournisseur, adressez-vous à lui.", {BLAME}),
    ("fr", "Deux heures d'attente, quel drame. Sortez les mouchoirs.", {SARCASM}),
    ("fr", "Ah, un nouvel expert 🙄", {SARCASM}),
    ("fr", "Oups, encore raté pour ce matin", {FLIPPANT}),
    ("fr", "Le serveur fait la sieste mdr", {FLIPPANT}),
    ("fr", "Votre colis voyage plus que nous 😂 il finira par arriver", {FLIPPANT}),
    ("fr", "Oubliez l'attente : code promo VACANCES, valable jusqu'à dimanche.", {PROMOTION}),
    ("fr", "Grand jeu-concours : un séjour à gagner, suivez et retweetez.", {PROMOTION}),
    ("fr", "Évadez-vous dès 29 € l'aller ce week-end.", {PROMOTION}),
]
"""Language, text and what is wrong."""
