"""Words that the model may not use, by language: numbers are ours, and so are cost, danger and the decision.

All are written without accents, as they are compared. Articles that are also numbers (ein, un, uma) are allowed: no
language that has them can do without.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKDOWN = frozenset("[]<>{}@#`*_~|\\^=+&$€£¥¢%°§")
"""Of Discord's markdown and mentions, and the signs that make a number out of words."""


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of a language; English numbers are refused in every one."""

    numbers: re.Pattern[str]
    articles: frozenset[str]
    denies_cost: frozenset[str]
    denies_danger: frozenset[str]
    presses: frozenset[str]
    latin: bool = True

    def is_number(self, word: str) -> bool:
        """Whether the word says how many, or how much money: zwanzig, zweiundzwanzig, dozen, percent, euros."""
        if word in self.articles:
            return False
        return self.numbers.fullmatch(word) is not None or _ENGLISH.numbers.fullmatch(word) is not None


def _of(numbers: str, articles: str, cost: str, danger: str, presses: str) -> Language:
    pattern = re.compile(f"(?:{'|'.join(numbers.split())})+")
    return Language(pattern, _words(articles), _words(cost), _words(danger), _words(presses))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONEY = "dollars? cents? euros? usd eur gbp pounds? sterling bucks? latt?es?"

_ENGLISH = _of(
    f"{_MONEY} zero one two three four five six seven eight nine ten eleven twelve thir four fif six seven eigh nine "
    "teen twenty thirty forty fifty sixty seventy eighty ninety hundreds? thousands? millions? billions? trillions? "
    "dozens? half halves halved third quarters? doubles? doubled twice thrice triples? tripled tenfold fold "
    "percent percentage",
    "teen fold",
    "free freely gratis complimentary nothing costless zilch nil pennies penny cheap cheaply negligible",
    "safe safely harmless riskless safest secure secured trivial innocuous nothing foolproof",
    "approve approved approval click ignore disregard hurry password token",
)
_GERMAN = _of(
    f"{_MONEY} null ein eins eine zwei zwo drei vier funf sechs sieben acht neun zehn elf zwolf zwan drei dreissig "
    "dreißig sech sieb zig ssig und hundert tausend million(?:en)? milliarden? billion(?:en)? dutzend halb halbe "
    "halfte halber drittel viertel doppelt doppelte verdoppelt zweimal dreimal mal fach prozent",
    "ein eine und mal fach einmal",
    "kostenlos umsonst gratis frei kostenfrei nichts spottbillig billig",
    "sicher harmlos ungefahrlich unbedenklich gefahrlos risikolos folgenlos",
    "genehmige genehmigen zustimmen klicke klicken ignoriere ignorieren passwort",
)
_FRENCH = _of(
    f"{_MONEY} zero deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingts? "
    "trente quarante cinquante soixante septante huitante nonante cents? mille milliers? millions? milliards? "
    "dizaines? douzaines? centaines? moitie demie? quarts? double doubles? triple pourcent pourcents",
    "",
    "gratuit gratuite gratuits gratuites gratuitement rien offert",
    "inoffensif inoffensive anodin anodine securise securisee",
    "approuvez approuver cliquez cliquer ignorez ignorer",
)
_SPANISH = _of(
    f"{_MONEY} dolar dolares cero dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieci(?:seis|siete|ocho|nueve) veinte veinti(?:un|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve) treinta "
    "cuarenta cincuenta sesenta setenta ochenta noventa cien ciento doscientos quinientos mil miles millon millones "
    "decenas? docenas? centenas? mitad tercio dobles? triples?",
    "",
    "gratis gratuito gratuita gratuitos gratuitas nada regalado barato",
    "seguro segura seguros seguras inofensivo inofensiva inocuo inocua",
    "aprueba apruebe aprobar ignora ignore ignorar",
)
_PORTUGUESE = _of(
    f"{_MONEY} dolar dolares zero dois duas tres quatro cinco seis sete oito nove dez onze doze treze catorze quatorze "
    "quinze dezesseis dezasseis dezessete dezoito dezenove vinte trinta quarenta cinquenta sessenta setenta oitenta "
    "noventa cem cento duzentos quinhentos mil milhares milhar milhao milhoes bilhao bilhoes dezenas? duzias? "
    "centenas? metade meia terco dobro triplo porcento",
    "",
    "gratis gratuito gratuita gratuitos gratuitas nada barato",
    "seguro segura seguros seguras inofensivo inofensiva inocuo",
    "aprove aprovar clique ignore ignorar",
)
_BY_NAME = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "pt": _PORTUGUESE}
_UNKNOWN = Language(
    _ENGLISH.numbers, _ENGLISH.articles, _ENGLISH.denies_cost, _ENGLISH.denies_danger, _ENGLISH.presses, latin=False
)


def language_of(locale: str) -> Language:
    """What is known of a locale's language, such as pt-BR's."""
    return _BY_NAME.get(locale.partition("-")[0].lower(), _UNKNOWN)
