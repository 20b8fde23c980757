# ruff: noqa: E501 # letters, one a line
"""Complaints written by hand, as people write: free, short, without capitals, misspelt, and as a machine transcribed them.

Each campaign is told anew every time; several share their matter, their brand or their sums with another. Those alone are of the
same matters.
"""

from typing import Final

CAMPAIGNS: Final[dict[str, tuple[str, ...]]] = {
    "parcel of Velomar": (
        "Hello, this morning somebody from 'Velomar Express' rang my mobile about a parcel I never ordered. 2,99 had to be paid for customs, link by text. Reference VX4471.",
        "fake delivery company Velomar Express called twice today, reference VX4471, they want your card number to release the package",
        "A recorded lady: 'your Velomar Express shipment VX4471 is on hold in the depot'. I pressed nothing. My mother got it too.",
        "Transcript: this is velomar express regarding parcel vx4471 please press one to pay the outstanding customs fee otherwise",
        "I keep getting calls about a parcel from Velomar Express (VX4471?). I don't have any parcel, this is a scam.",
    ),
    "parcel of Postalia": (
        "A man from Postalia said my parcel is at the depot and that 1,95 of customs are due. He wanted my card. File 88213.",
        "Postalia calls me about a parcel, file 88213, pay customs by card. I do not know them!!",
        "robot voice, Postalia delivery service, dossier number 88213, asks for card details to deliver a package",
        "Somebody claiming to be Postalia has called 4 times about file 88213 and a package that waits. Please block them.",
    ),
    "Crédit Lombard": (
        "Une dame du Crédit Lombard m'a appelé pour un virement suspect de 1480 euros. Elle s'appelait Madame Ferrand et voulait mon code de carte.",
        "appel frauduleux du soi disant service fraude credit lombard, une certaine mme Ferrand, virement de 1480 euros vers l'espagne",
        "Bonjour, je signale un appel d'une « Madame Ferrand » (Crédit Lombard) : un paiement de 1480 € serait en cours et je devais le valider dans mon application.",
        "J'ai eu au téléphone quelqu'un se disant de ma banque, Crédit Lombard. 1480 euros seraient partis de mon compte. J'ai raccroché.",
        "Mon père de 82 ans a donné son code à une dame Ferrand de Crédit Lombard au téléphone, il a perdu 1480 euros.",
    ),
    "Banque Orléane": (
        "Appel de la Banque Orléane, service des fraudes, monsieur Vasseur. Un achat de 912 euros dans un magasin à Lyon, il fallait donner le code reçu par sms.",
        "monsieur vasseur de la banque Orléane m'appelle pour un achat de 912 euros que je n'ai pas fait",
        "Un certain Vasseur, soi-disant conseiller de la Banque Orléane, insiste pour que j'annule un achat de 912 euros avec mon code.",
        "Tentative de fraude : la banque orléane aurait bloqué un achat de 912 euros à Lyon, le conseiller Vasseur demande le code sms",
    ),
    "Kripo Brandt": (
        "Guten Tag, heute hat mich ein Kommissar Brandt vom Polizeirevier Nordheim angerufen. Bei einer festgenommenen Bande sei meine Adresse gefunden worden, ich solle mein Gold übergeben.",
        "Falscher Polizist namens Brandt (angeblich Revier Nordheim) wollte wissen, ob ich Gold und Schmuck im Haus habe.",
        "meine oma wurde von einem herrn brandt angerufen polizei nordheim sie soll ihr gold herausgeben sonst kommen die einbrecher",
        "Kommissar Brandt aus Nordheim ruft ständig an und redet von einer Bande und meinem Namen auf einer Liste. Das ist doch Betrug!",
        "Anruf von der Polizei Nordheim, Hauptkommissar Brandt, ein Bote sollte heute noch mein Gold abholen.",
    ),
    "Stromtarif Lichtwerk": (
        "Eine Frau Kessler von Lichtwerk Energie hat mir am Telefon einen neuen Stromvertrag aufgedrängt. Ich sollte nur meine Zählernummer vorlesen.",
        "Lichtwerk Energie ruft jeden Tag an, Frau Kessler, will meine Zählernummer. Ich habe nie zugestimmt.",
        "Unerlaubte Werbung: Frau Kessler, Firma Lichtwerk, behauptet der Strompreis werde sich verdoppeln, fragt nach Zählernummer",
        "werbeanruf lichtwerk energie trotz widerspruch, die dame kessler wollte zählernummer und geburtsdatum",
    ),
    "Helpdesk Corvex": (
        "Een Engelstalige man van 'Corvex Support' belde dat mijn computer virussen verstuurt. Hij wilde dat ik een programma installeerde.",
        "Corvex Support belt mij al de derde keer, mijn computer zou gehackt zijn, ze vragen toegang op afstand",
        "Nep helpdesk Corvex support aan de telefoon, ik moest iets downloaden om virussen te verwijderen. Ze vroegen 349 euro.",
        "Mijn moeder heeft 349 euro betaald aan Corvex Support voor het verwijderen van virussen die er niet zijn.",
        "Got a call in English from Corvex Support, my computer is sending viruses they say, 349 euro for cleaning",
    ),
    "Inversión Altamira": (
        "Me llamó un tal Óscar Peña de Altamira Capital ofreciendo invertir 250 euros en criptomonedas con un robot que gana siempre.",
        "altamira capital otra vez, el señor Peña dice que con 250 euros se gana un sueldo, quieren entrar en mi ordenador",
        "Llamada comercial no deseada de Altamira Capital: invertir 250 euros en una plataforma, asesor Óscar Peña.",
        "Mi hermano perdió 250 euros y luego mucho más con Altamira Capital. El asesor Peña le llama cada día.",
    ),
    "Enel finta": (
        "Mi ha chiamato una certa Giulia di Lumenergia dicendo che il mio contratto della luce scade e che devo leggere il codice POD. Pratica 30417.",
        "chiamata da lumenergia pratica 30417, volevano il codice pod della bolletta, ho riattaccato",
        "Lumenergia, una ragazza di nome Giulia, insiste che la tariffa raddoppia se non do il codice POD.",
        "Continuano a chiamare per la pratica 30417 di Lumenergia. Non ho mai dato il consenso.",
    ),
    "Skarbówka": (
        "Dzwonił mężczyzna z Kancelarii Morawiec, że mam dług 1860 złotych i komornik przyjdzie jutro. Numer sprawy 5523.",
        "Kancelaria Morawiec straszy komornikiem, sprawa 5523, dług 1860 zł którego nie mam",
        "oszustwo telefoniczne: kancelaria morawiec żąda 1860 złotych w kartach podarunkowych",
        "Automat z Kancelarii Morawiec mówi o sprawie 5523 i grozi zajęciem konta.",
    ),
    "Seguro de telemóvel": (
        "Ligaram da Protege Mais a dizer que o meu seguro do telemóvel tem de ser renovado por 79 euros. A senhora Lurdes Antunes foi muito insistente.",
        "protege mais, lurdes antunes, renovação de seguro 79 euros, nunca tive nenhum seguro com eles",
        "Recebi três chamadas da Protege Mais sobre um seguro de 79 euros que não pedi.",
        "A Lurdes Antunes da Protege Mais ameaçou cortar o telemóvel se eu não pagar os 79 euros.",
    ),
    "warranty": (
        "We have been trying to reach you concerning your vehicle's extended warranty. You should have received a notice in the mail. Since we have not gotten a response we are giving you a final courtesy call before we close out your file. Press two to be removed.",
        "recorded message: we have been trying to reach you concerning your vehicles extended warranty you should have received a notice in the mail, since we have not gotten a response this is a final courtesy call before we close out your file",
        "Same robocall again today. 'We've been trying to reach you concerning your vehicle's extended warranty, you should have received a notice in the mail about your factory warranty expiring, final courtesy call before we close out your file'",
    ),
}
ALONE: Final = (
    "Somebody rings at night and says nothing, every night around three.",
    "A parcel company wanted my card number on the telephone. I did not catch its name.",
    "They say my parcel is held by customs and I must pay 2,99. It was called Easybox or similar.",
    "Un démarcheur pour l'isolation des combles me harcèle malgré mon refus.",
    "Appel de ma prétendue banque pour un virement de 640 euros, je n'ai pas retenu le nom.",
    "Une dame du Crédit Lombard m'a proposé une assurance obsèques, je ne suis pas intéressé.",
    "Jemand gab sich als Polizist aus und fragte nach meinem Schmuck. Den Namen weiß ich nicht mehr.",
    "Ein Herr Brandt von einer Weinhandlung ruft mich immer wieder an und will mir Wein verkaufen.",
    "Gewinnspiel: ich hätte ein Auto gewonnen und solle Gebühren zahlen.",
    "Werbeanruf wegen Photovoltaik, obwohl ich widersprochen habe.",
    "Nep bankmedewerker wilde dat ik mijn spaargeld overzette.",
    "Verkoper van zonnepanelen, belt elke week.",
    "Somebody from Windows says my computer has a virus. Indian accent, very rude.",
    "Me llaman para cambiar de compañía eléctrica cuatro veces al día.",
    "Ofrecen invertir 250 euros en oro, hablaban de un tal Sebastián.",
    "Un call center vuole vendermi un depuratore d'acqua, chiamano all'ora di pranzo.",
    "Chiamata muta, ogni giorno alle nove.",
    "Ktoś dzwoni i się rozłącza, dziesięć razy dziennie.",
    "Oferta fotowoltaiki, nie wyrażałem zgody na telefony.",
    "Chamadas mudas durante a madrugada.",
    "Sondage politique automatique, je ne veux plus de ces appels.",
    "A survey about my health insurance, they knew my name and my birthday.",
    "They threatened me and used foul language when I said no.",
    "My number is shown on calls which I never made; strangers call me back angrily.",
    "Anrufe mit meiner eigenen Nummer im Display, das kann doch nicht sein.",
    "One ring and gone, the number is on an island; I called back and it cost me 14 euros.",
    "The tax office wants 990 in vouchers or I will be arrested, says an Officer Daniels.",
    "Uno que dice ser de Hacienda me pide 1480 euros.",
    "Debt collector calls my employer about somebody who moved out years ago.",
    "Fax tones on my line the whole weekend.",
)
