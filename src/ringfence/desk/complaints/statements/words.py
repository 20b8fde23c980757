"""Words of several languages for months, days, parts of days, and for who called whom. Small letters without accents.

English, German, French, Dutch, Spanish, Italian, Portuguese, Polish, Danish and Norwegian, Swedish, Turkish, Russian.
"""

from typing import Final

MONTHS: Final = tuple(
    tuple(names.split())
    for names in (
        ("january jan januar janner janvier janv januari enero ene gennaio gen janeiro stycznia styczen ocak января январь янв"),
        ("february feb februar fevrier fevr fev februari febrero febbraio fevereiro lutego luty subat февраля февраль фев"),
        "march mar marz mars maart mrt marzo marco marca marzec mart марта март",
        "april apr avril avr abril abr aprile kwietnia kwiecien nisan апреля апрель апр",
        "may mai mei mayo maggio mag maio maja maj mayis мая маи",
        "june jun juni juin junio giugno giu junho czerwca czerwiec haziran июня июнь июн",
        "july jul juli juillet juil julio luglio lug julho lipca lipiec temmuz июля июль июл",
        "august aug aout augustus agosto ago sierpnia sierpien agustos августа август авг",
        ("september sep sept septembre septiembre settembre setembro wrzesnia wrzesien eylul сентября сентябрь сен"),
        ("october oct oktober okt octobre octubre ottobre ott outubro pazdziernika pazdziernik ekim октября октябрь окт"),
        "november nov novembre noviembre novembro listopada listopad kasim ноября ноябрь ноя",
        ("december dec dezember dez decembre diciembre dic dicembre dezembro grudnia grudzien aralik desember декабря декабрь дек"),
    )
)
"""Names and their short forms, January first."""

WEEKDAYS: Final = tuple(
    tuple(names.split())
    for names in (
        ("monday montag lundi maandag lunes lunedi segunda-feira poniedzialek mandag mandag pazartesi понедельник"),
        "tuesday dienstag mardi dinsdag martes martedi terca-feira wtorek tirsdag tisdag sali вторник",
        ("wednesday mittwoch mercredi woensdag miercoles mercoledi quarta-feira srode sroda onsdag carsamba среду среда"),
        "thursday donnerstag jeudi donderdag jueves giovedi quinta-feira czwartek torsdag persembe четверг",
        "friday freitag vendredi vrijdag viernes venerdi sexta-feira piatek fredag cuma пятницу пятница",
        "saturday samstag samedi zaterdag sabado sabato sobote sobota lordag cumartesi субботу суббота",
        "sunday sonntag dimanche zondag domingo domenica niedziele niedziela sondag pazar воскресенье",
    )
)
"""Monday first."""

DAYS_AGO: Final = {
    0: (
        "today heute aujourd'hui aujourd’hui vandaag hoy oggi hoje dzisiaj dzis bugun idag сегодня tonight "
        "'ce soir' 'ce matin' 'i dag' 'heute' vanochtend vanmiddag vanavond stasera stamattina"
    ),
    1: ("yesterday gestern hier gisteren ayer ieri ontem wczoraj dun igar вчера anoche 'last night' gisteravond 'i gar'"),
    2: ("vorgestern avant-hier eergisteren anteayer przedwczoraj позавчера antes-de-ontem 'day before yesterday'"),
}
"""Words by how many days before the day of writing; several words in quotes."""

PARTS: Final = {
    (5, 12): (
        "morning morgens vormittag vormittags morgen matin matinee ochtend ochtends voormiddag manana "
        "mattina mattino manha rano formiddag formiddagen sabah утра утром a.m am"
    ),
    (12, 18): (
        "afternoon nachmittag nachmittags apres-midi middag namiddag tarde pomeriggio popoludniu eftermiddag "
        "eftermiddagen ogleden дня p.m pm"
    ),
    (18, 24): (
        "evening abend abends soir soiree avond avonds sera noite wieczorem aften aftenen kvall aksam вечера "
        "вечером tonight stasera"
    ),
    (0, 6): "night nachts nacht nuit nachts noche notte madrugada nocy noc natt nat gece ночи ночью",
}
"""Words by the hours [first, last) that they mean."""

ROUGHLY: Final = (
    "around about approximately roughly circa ca ca. ~ gegen ungefahr etwa vers environ rond omstreeks "
    "ongeveer sobre alrededor hacia verso intorno cerca volta okolo omkring ungefar около approx approx."
)
"""What stands before a time that is not meant exactly."""

ROLES: Final = {
    "callback": (
        "call back|call us back|call me back|callback|ring back|return the call|dial|please call|to call|"
        "should call|asked to call|press|zuruckrufen|zuruck rufen|ruckruf|zuruckzurufen|anrufen soll|"
        "rappeler|rappelez|rappel au|de rappeler|terugbellen|terug bellen|terug te bellen|bellen naar|"
        "devolver la llamada|llamar al|llame al|que llamara al|richiamare|richiami|chiamare il|"
        "ligar de volta|retornar|ligar para o|oddzwonic|oddzwon|ringe tilbage|ring tilbage|ringa tillbaka|"
        "geri ara|перезвон"
    ),
    "callee": (
        "my number|my phone|my mobile|my line|our number|our line|my landline|my cell|mine is|mine:|on my|"
        "to my|called me on|reached me on|callee|called number|destination|to number|victim|recipient|"
        "dialled|meine nummer|meiner nummer|meinen anschluss|meinem anschluss|mein anschluss|unter meiner|"
        "unsere nummer|angerufene|auf meinem|mon numero|notre numero|ma ligne|sur mon|numero appele|"
        "mon telephone|mon portable|mon fixe|mijn nummer|ons nummer|mijn lijn|op mijn|gebelde nummer|"
        "mijn gsm|mi numero|nuestro numero|mi linea|mi telefono|en mi|numero llamado|mi movil|mio numero|"
        "nostro numero|sul mio|mia linea|numero chiamato|al mio|meu numero|nosso numero|minha linha|no meu|"
        "numero chamado|meu telemovel|moj numer|nasz numer|moj telefon|na moj|mit nummer|mitt nummer|pa mit|"
        "pa mitt|numaram|numarami|numaramı|мои номер|мои телефон|на номер"
    ),
    "caller": (
        "call from|calls from|called from|from the number|from number|from|caller|calling number|"
        "number that called|number was|shows|showed|displayed|anruf von|anrufe von|von der nummer|anrufer|"
        "angezeigt|rufnummer|von|nummer lautet|appel du|appels du|appel de|appele du|depuis le|du numero|"
        "numero affiche|appelant|affichait|le numero|provenant du|oproep van|gebeld door|door het nummer|"
        "van het nummer|beller|nummer van de beller|van nummer|llamada de|llamadas de|llamada del|del numero|"
        "desde el|llamante|el numero|chiamata da|chiamate dal|dal numero|chiamante|il numero|chamada de|chamada do|chamada da|"
        "chamadas do|do numero|chamador|o numero|pelo numero|polaczenie z|z numeru|dzwoniono z|dzwonil z|"
        "numer dzwoniacego|opkald fra|fra nummer|fra nummeret|samtal fran|fran nummer|fran numret|"
        "numarasindan|arayan|номера|звонил с|звонок с"
    ),
}
"""What stands shortly before a number in each role."""

WITHHELD: Final = (
    "withheld|anonymous|private number|no caller id|unknown number|hidden number|unterdruckt|anonym|"
    "unbekannte nummer|numero masque|appel masque|numero prive|anonyme|anoniem|afgeschermd|prive nummer|"
    "numero oculto|desconocido|anonimo|numero privato|numero nascosto|anonimo|numero privado|zastrzezony|"
    "hemmeligt nummer|hemligt nummer|gizli numara|скрыт"
)
"""What is said where no caller's number was shown."""
