"""Words that the model may not use, by language: numbers are ours, and so are cost, danger and the decision.

All are written without accents, as they are compared. Articles that are also numbers (ein, un, uma) are allowed: no
language that has them can do without.
"""

from __future__ import annotations

from dataclasses import dataclass

MARKDOWN = frozenset("[]<>{}@#`*_~|\\^=+&$€£¥¢%°§")
"""Of Discord's markdown and mentions, and the signs that make a number out of words."""


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of a language; English numbers are refused in every one."""

    numbers: frozenset[str]
    """Of which number words are made: zwei, und and zwanzig make zweiundzwanzig."""
    articles: frozenset[str]
    denies_cost: frozenset[str]
    denies_danger: frozenset[str]
    presses: frozenset[str]
    latin: bool = True

    def is_number(self, word: str) -> bool:
        """Whether the word says how many, or how much money: zwanzig, zweiundzwanzig, dozen, percent, euros."""
        if word in self.articles:
            return False
        return _made_of(word, self.numbers) or _made_of(word, _ENGLISH.numbers)


def _of(numbers: str, articles: str, cost: str, danger: str, presses: str) -> Language:
    return Language(_words(numbers), _words(articles), _words(cost), _words(danger), _words(presses))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _made_of(word: str, parts: frozenset[str]) -> bool:
    """Whether a word is these parts in a row; in a time that grows with its length.

    A pattern that repeats such parts takes twice as long for each part more (ten, fold and tenfold), and the words are
    whatever the model answers.
    """
    sizes = {len(part) for part in parts}
    ends = {0}
    for start in range(len(word)):
        if start in ends:
            ends.update(start + size for size in sizes if word[start : start + size] in parts)
    return len(word) in ends


_MONEY = "dollar dollars cent cents euro euros usd eur gbp pound pounds sterling buck bucks latte lattes"

_ENGLISH = _of(
    f"{_MONEY} zero one two three four five six seven eight nine ten eleven twelve thir four fif six seven eigh teen "
    "twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions "
    "billion billions trillion trillions dozen dozens half halves halved third quarter quarters double doubles "
    "doubled twice thrice triple triples tripled fold percent percentage",
    "teen fold",
    "free freely gratis complimentary nothing costless zilch nil pennies penny cheap cheaply negligible",
    "safe safely harmless riskless safest secure secured trivial innocuous nothing foolproof",
    "approve approved approval click ignore disregard hurry password token",
)
_GERMAN = _of(
    f"{_MONEY} null ein eins eine zwei zwo drei vier funf sechs sieben acht neun zehn elf zwolf zwan drei dreissig "
    "dreißig sech sieb zig ssig und hundert tausend million millionen milliarde milliarden billion billionen dutzend "
    "halb halbe halfte halber drittel viertel doppelt doppelte verdoppelt zweimal dreimal mal fach prozent",
    "ein eine und mal fach einmal",
    "kostenlos umsonst gratis frei kostenfrei nichts spottbillig billig",
    "sicher harmlos ungefahrlich unbedenklich gefahrlos risikolos folgenlos",
    "genehmige genehmigen zustimmen klicke klicken ignoriere ignorieren passwort",
)
_FRENCH = _of(
    f"{_MONEY} zero deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt vingts "
    "trente quarante cinquante soixante septante huitante nonante mille millier milliers million millions milliard "
    "milliards dizaine dizaines douzaine douzaines centaine centaines moitie demi demie quart quarts double doubles "
    "triple pourcent pourcents",
    "",
    "gratuit gratuite gratuits gratuites gratuitement rien offert",
    "inoffensif inoffensive anodin anodine securise securisee",
    "approuvez approuver cliquez cliquer ignorez ignorer",
)
_SPANISH = _of(
    f"{_MONEY} dolar dolares cero dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciseis diecisiete dieciocho diecinueve veinte veintiun veintiuno veintiuna veintidos veintitres veinticuatro "
    "veinticinco veintiseis veintisiete veintiocho veintinueve treinta cuarenta cincuenta sesenta setenta ochenta "
    "noventa cien ciento doscientos quinientos mil miles millon millones decena decenas docena docenas centena "
    "centenas mitad tercio doble dobles triple triples",
    "",
    "gratis gratuito gratuita gratuitos gratuitas nada regalado barato",
    "seguro segura seguros seguras inofensivo inofensiva inocuo inocua",
    "aprueba apruebe aprobar ignora ignore ignorar",
)
_PORTUGUESE = _of(
    f"{_MONEY} dolar dolares zero dois duas tres quatro cinco seis sete oito nove dez onze doze treze catorze quatorze "
    "quinze dezesseis dezasseis dezessete dezoito dezenove vinte trinta quarenta cinquenta sessenta setenta oitenta "
    "noventa cem cento duzentos quinhentos mil milhares milhar milhao milhoes bilhao bilhoes dezena dezenas duzia "
    "duzias centena centenas metade meia terco dobro triplo porcento",
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
