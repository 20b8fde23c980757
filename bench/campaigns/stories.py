# ruff: noqa: E501 # tables of sentences, a turn a line
"""Complaints about made-up campaigns: each has a script that its voices vary, and people who retell it, in six languages, with noise."""

from dataclasses import dataclass
from random import Random
from typing import Final

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_BRANDS: Final = ("Norvalis", "Tequila Bank", "Postando", "Helvara", "Brightline", "Energo Plus", "Kastell", "Omnidata", "Zonnewind", "Marabel",
    "Grupo Altea", "Velotel", "Finoria", "Castor Direct", "Lumeno", "Parcelio", "Sanitas Nova", "Aurenta", "Drakomed", "Telenova")  # fmt: skip
_NAMES: Final = ("Martin", "Sandra", "Kowalski", "Peeters", "Oliveira", "Bianchi", "Schneider", "Dubois", "Novak", "Jensen")

# A script is made of five turns; a campaign draws one matter, and every telling draws a wording of each turn anew.
_TURNS: Final = {
    "en": {
        "parcel": (("your parcel from {brand} could not be delivered", "a package of {brand} is being held at the depot"),
                   ("because the customs fee of {amount} euros was not paid", "since {amount} euros of import duty are outstanding"),
                   ("press one to reschedule the delivery", "choose one on your keypad to arrange another delivery"),
                   ("otherwise the shipment will be returned tomorrow", "if you do nothing it goes back to the sender tomorrow")),
        "bank": (("this is the security department of {brand}", "{name} speaking from the fraud team at {brand}"),
                 ("a transfer of {amount} euros was made from your account", "somebody tried to withdraw {amount} euros with your card"),
                 ("move your savings to a safe account at once", "confirm the code that we have just sent to block it"),
                 ("do not speak to your branch about this", "please tell nobody, the investigation is secret")),
        "energy": (("{brand} is replacing the electricity meters in your street", "your energy contract with {brand} ends this month"),
                   ("you are entitled to a subsidy of {amount} euros", "the regulator has approved a refund of {amount} euros"),
                   ("read me the number on your last bill", "we only need the code printed on your invoice"),
                   ("the offer is valid until tonight only", "after today the price will double")),
        "tax": (("officer {name} of the revenue service is calling", "this is a final notice from the tax administration"),
                ("you owe {amount} euros in unpaid taxes", "a debt of {amount} euros has been registered under your name"),
                ("pay with gift cards of {brand} to settle it", "buy vouchers from {brand} and read us the codes"),
                ("an arrest warrant will be issued within the hour", "the police are on the way to your house")),
        "crypto": (("{brand} is a trading platform with artificial intelligence", "your friend {name} recommended {brand} to you"),
                   ("an investment of {amount} euros doubles within a week", "with only {amount} euros you earn a second salary"),
                   ("install the remote control program so that we can help", "open the application and share your screen"),
                   ("places are limited, decide now", "our adviser waits only today")),
    },
    "fr": {
        "parcel": (("votre colis {brand} n'a pas pu être livré", "un paquet de {brand} est retenu au dépôt"),
                   ("car les frais de douane de {amount} euros n'ont pas été réglés", "faute de paiement de {amount} euros de droits d'importation"),
                   ("appuyez sur un pour reprogrammer la livraison", "tapez un pour choisir une nouvelle date de livraison"),
                   ("sinon l'envoi sera retourné demain", "sans réponse il repartira chez l'expéditeur demain")),
        "bank": (("ici le service sécurité de {brand}", "{name} du service des fraudes de {brand}"),
                 ("un virement de {amount} euros a été effectué depuis votre compte", "quelqu'un a tenté de retirer {amount} euros avec votre carte"),
                 ("transférez vos économies sur un compte sécurisé", "confirmez le code que nous venons d'envoyer pour bloquer l'opération"),
                 ("n'en parlez pas à votre agence", "ne dites rien à personne, l'enquête est secrète")),
        "energy": (("{brand} remplace les compteurs électriques de votre rue", "votre contrat d'énergie chez {brand} se termine ce mois-ci"),
                   ("vous avez droit à une prime de {amount} euros", "le régulateur a validé un remboursement de {amount} euros"),
                   ("lisez-moi le numéro de votre dernière facture", "il nous faut seulement le code imprimé sur la facture"),
                   ("l'offre est valable jusqu'à ce soir", "après aujourd'hui le prix doublera")),
        "training": (("votre compte formation de {brand} expire", "{name} de {brand}, concernant vos droits à la formation"),
                     ("il vous reste {amount} euros à utiliser", "{amount} euros seront perdus à la fin du mois"),
                     ("donnez votre numéro de sécurité sociale pour l'inscription", "connectez-vous avec moi sur votre espace personnel"),
                     ("c'est une obligation légale", "ensuite vos droits seront supprimés")),
    },
    "de": {
        "parcel": (("Ihr Paket von {brand} konnte nicht zugestellt werden", "eine Sendung von {brand} liegt im Depot"),
                   ("weil {amount} Euro Zollgebühren offen sind", "da die Einfuhrabgabe von {amount} Euro nicht bezahlt wurde"),
                   ("drücken Sie die Eins für einen neuen Termin", "wählen Sie eins um die Lieferung neu zu planen"),
                   ("sonst geht die Ware morgen zurück", "andernfalls wird sie morgen an den Absender geschickt")),
        "police": (("hier spricht Kommissar {name} von der Kriminalpolizei", "Interpol meldet sich wegen Ihrer Ausweisnummer"),
                   ("bei Einbrechern wurde eine Liste mit Ihrem Namen gefunden", "auf Ihren Namen wurden {amount} Euro gewaschen"),
                   ("legen Sie Schmuck und Bargeld vor die Tür, ein Kollege holt es ab", "übergeben Sie Ihr Erspartes zur Prüfung an unseren Boten"),
                   ("sprechen Sie mit niemandem darüber", "legen Sie auf keinen Fall auf")),
        "energy": (("{brand} tauscht in Ihrer Straße die Stromzähler", "Ihr Stromvertrag bei {brand} läuft aus"),
                   ("Ihnen steht eine Prämie von {amount} Euro zu", "die Behörde hat eine Erstattung von {amount} Euro bewilligt"),
                   ("lesen Sie mir die Zählernummer vor", "wir brauchen nur die Nummer auf der Rechnung"),
                   ("das Angebot gilt nur bis heute Abend", "ab morgen verdoppelt sich der Preis")),
        "lottery": (("Sie haben bei der Verlosung von {brand} gewonnen", "{name} vom Gewinnbüro {brand} gratuliert"),
                    ("der Gewinn beträgt {amount} Euro", "ein Scheck über {amount} Euro liegt für Sie bereit"),
                    ("zahlen Sie vorab die Notarkosten mit Guthabenkarten", "kaufen Sie Gutscheine für die Transportkosten"),
                    ("der Fahrer ist schon unterwegs", "das Geld kommt noch heute")),
    },
    "es": {
        "bank": (("le llamamos del departamento de seguridad de {brand}", "soy {name} del equipo de fraude de {brand}"),
                 ("se ha hecho una transferencia de {amount} euros desde su cuenta", "alguien intentó retirar {amount} euros con su tarjeta"),
                 ("mueva sus ahorros a una cuenta segura", "confirme el código que acabamos de enviar para bloquearla"),
                 ("no hable de esto con su oficina", "no se lo diga a nadie, la investigación es secreta")),
        "phone": (("su tarifa de {brand} subirá el mes que viene", "{brand} aumenta el precio de su línea"),
                  ("pagará {amount} euros más", "la factura será de {amount} euros"),
                  ("podemos cambiarle ahora mismo de compañía", "le ofrecemos volver con descuento si nos da su documento"),
                  ("solo es válido en esta llamada", "mañana ya no será posible")),
    },
    "nl": {
        "bank": (("u spreekt met de beveiliging van {brand}", "met {name} van de fraudeafdeling van {brand}"),
                 ("er is {amount} euro van uw rekening overgeschreven", "iemand probeerde {amount} euro op te nemen met uw kaart"),
                 ("zet uw spaargeld op een kluisrekening", "bevestig de code die wij net stuurden om het te blokkeren"),
                 ("praat er niet over met uw kantoor", "vertel het aan niemand, het onderzoek is geheim")),
        "solar": (("{brand} legt zonnepanelen in uw wijk", "uw dak komt in aanmerking voor panelen van {brand}"),
                  ("de overheid betaalt {amount} euro terug", "u krijgt een premie van {amount} euro"),
                  ("wanneer mag onze adviseur langskomen", "mag ik een afspraak voor u noteren"),
                  ("de actie stopt deze week", "er zijn nog maar enkele plaatsen")),
    },
    "it": {
        "bank": (("chiamo dall'ufficio sicurezza di {brand}", "sono {name} dell'antifrode di {brand}"),
                 ("è stato fatto un bonifico di {amount} euro dal suo conto", "qualcuno ha provato a prelevare {amount} euro con la sua carta"),
                 ("sposti i risparmi su un conto sicuro", "confermi il codice che abbiamo appena inviato per bloccarlo"),
                 ("non ne parli con la filiale", "non lo dica a nessuno, l'indagine è segreta")),
        "energy": (("{brand} sostituisce i contatori nella sua via", "il suo contratto luce con {brand} sta per scadere"),
                   ("le spetta un bonus di {amount} euro", "l'autorità ha approvato un rimborso di {amount} euro"),
                   ("mi legga il codice sulla bolletta", "ci serve solo il numero dell'ultima fattura"),
                   ("l'offerta vale fino a stasera", "da domani il prezzo raddoppia")),
    },
}  # fmt: skip
_DETAILS: Final = {
    "en": (
        "it concerns {product}",
        "our adviser {adviser} handles it",
        "people in {street} Road already joined",
        "quote file {file}",
    ),
    "fr": (
        "cela concerne {product}",
        "notre conseiller {adviser} s'en occupe",
        "vos voisins rue {street} participent",
        "dossier {file}",
    ),
    "de": (
        "es geht um {product}",
        "unser Berater {adviser} kümmert sich",
        "Ihre Nachbarn in der {street}gasse machen mit",
        "Akte {file}",
    ),
    "es": (
        "se trata de {product}",
        "nuestro asesor {adviser} lo lleva",
        "sus vecinos de la calle {street} participan",
        "expediente {file}",
    ),
    "nl": (
        "het gaat om {product}",
        "onze adviseur {adviser} regelt het",
        "uw buren in de {street}straat doen mee",
        "dossier {file}",
    ),
    "it": (
        "riguarda {product}",
        "il consulente {adviser} se ne occupa",
        "i suoi vicini di via {street} partecipano",
        "pratica {file}",
    ),
}
"""What a voice says beside its script: names by which a person knows the call again, each told by two people of three."""
_FRAMES: Final = {
    "en": ("I got a call and a voice said: {script}. Please stop this.", "They told me {script}. I hung up.", "Another nuisance call, {script}"),
    "fr": ("J'ai reçu un appel, une voix disait : {script}. Merci d'agir.", "On m'a dit {script}. J'ai raccroché.", "Encore un appel : {script}"),
    "de": ("Ich bekam einen Anruf, eine Stimme sagte: {script}. Bitte unternehmen Sie etwas.", "Man sagte mir {script}. Ich legte auf.", "Schon wieder: {script}"),
    "es": ("Recibí una llamada y una voz decía: {script}. Por favor hagan algo.", "Me dijeron {script}. Colgué.", "Otra llamada: {script}"),
    "nl": ("Ik werd gebeld en een stem zei: {script}. Doe er iets aan.", "Ze zeiden {script}. Ik heb opgehangen.", "Weer zo'n telefoontje: {script}"),
    "it": ("Ho ricevuto una chiamata, una voce diceva: {script}. Fate qualcosa.", "Mi hanno detto {script}. Ho riattaccato.", "Ancora una chiamata: {script}"),
}  # fmt: skip


_SYLLABLES: Final = (
    "nor",
    "va",
    "lis",
    "te",
    "qui",
    "post",
    "hel",
    "ra",
    "bri",
    "lum",
    "kas",
    "om",
    "ni",
    "zon",
    "mar",
    "tel",
    "fi",
    "cas",
    "dra",
    "ko",
)


@dataclass(frozen=True)
class Campaign:
    """What its callers say, and how they call. `script` is one wording of each turn; who retells it may use another."""

    number: int
    speech: str
    matter: str
    brand: str
    amount: str
    name: str
    script: tuple[int, ...]
    names: tuple[str, str, str]
    file: str
    callback: str
    sender: str
    block: str


@dataclass(frozen=True)
class Told:
    """One complaint. `campaign` is what it should be grouped by; negative where it belongs to none."""

    campaign: int
    day: float
    text: str
    caller: str
    callback: str
    sender: str


def campaign(chance: Random, number: int) -> Campaign:
    """Return a campaign; many share their matter with others, and some their brand."""
    speech = chance.choice(list(_TURNS))
    return Campaign(
        number=number,
        speech=speech,
        matter=chance.choice(list(_TURNS[speech])),
        brand=_made_up(chance) if chance.random() < 0.7 else chance.choice(_BRANDS),
        names=(_made_up(chance), _made_up(chance), _made_up(chance)),
        file=str(chance.randrange(1000, 99999)),
        script=tuple(chance.randrange(2) for _ in range(4)),
        amount=str(chance.randrange(20, 4000)),
        name=chance.choice(_NAMES),
        callback=_number(chance, "+3290") if chance.random() < 0.4 else "",
        sender=f"sender-{chance.randrange(40)}" if chance.random() < 0.7 else "",
        block=_number(chance, "+3247")[:-3],
    )


def told(chance: Random, one: Campaign, *, is_single: bool = False) -> Told:
    """Return one person's complaint about a call of the campaign: own words around what the voice said, misheard here and there."""
    turns = zip(_TURNS[one.speech][one.matter], one.script, strict=True)
    script = [turn[wording if chance.random() < 0.75 else 1 - wording] for turn, wording in turns]
    if chance.random() < 0.25:
        script.pop(chance.randrange(len(script)))  # not everything is remembered
    script += [detail for detail in _DETAILS[one.speech] if chance.random() < 0.67]
    product, adviser, street = one.names
    said = ", ".join(script).format(
        brand=one.brand, amount=one.amount, name=one.name, product=product, adviser=adviser, street=street, file=one.file
    )
    text = chance.choice(_FRAMES[one.speech]).format(script=_misheard(chance, said))
    within = chance.random() < 0.3
    return Told(
        campaign=-1 - one.number if is_single else one.number,
        day=chance.random() * 21,
        text=text,
        caller=one.block + f"{chance.randrange(1000):03}" if within else _number(chance, "+32"),
        callback=one.callback if chance.random() < 0.6 else "",
        sender=one.sender if chance.random() < 0.8 else "",
    )


def _made_up(chance: Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(3)).capitalize()


def _misheard(chance: Random, said: str) -> str:
    words = []
    for word in said.split():
        roll = chance.random()
        if roll < 0.05:
            continue
        if roll < 0.10 and len(word) > 3:
            place = chance.randrange(len(word))
            word = word[:place] + chance.choice(_LETTERS) + word[place + 1 :]
        words.append(word)
        if chance.random() < 0.02:
            words.append("".join(chance.choice(_LETTERS) for _ in range(5)))
    return " ".join(words)


def _number(chance: Random, prefix: str) -> str:
    return prefix + "".join(str(chance.randrange(10)) for _ in range(11 - len(prefix) + 1))
