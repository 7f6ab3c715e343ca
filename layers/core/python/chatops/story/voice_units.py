"""How amounts are said in the languages that the model is asked to speak; numbers keep the English form everywhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Units:
    """Phrases around a number; what stands in braces is replaced."""

    month: str
    day: str
    sip: str
    """Of coffee, for a cost that no cup measures."""
    every: str
    a_day: str
    lattes: str
    up_to: str
    more: str
    use: str
    some_unpriced: str
    one_unpriced: str


ENGLISH = Units(
    month="{}/month",
    day="{}/day",
    sip="a sniff of the beans",
    every="one latte every {} days",
    a_day="about one latte a day",
    lattes="{} lattes a day",
    up_to="up to {}",
    more="{} more",
    use="between {} and {} a month, about {} in usual use",
    some_unpriced="{} resources that our book has no price for",
    one_unpriced="1 resource that our book has no price for",
)
UNITS = {
    "en": ENGLISH,
    "de": Units(
        month="{}/Monat",
        day="{}/Tag",
        sip="ein Hauch von Kaffeeduft",
        every="ein Latte alle {} Tage",
        a_day="etwa ein Latte am Tag",
        lattes="{} Latte am Tag",
        up_to="bis zu {}",
        more="{} mehr",
        use="zwischen {} und {} im Monat, bei üblicher Nutzung etwa {}",
        some_unpriced="{} Ressourcen ohne bekannten Preis",
        one_unpriced="1 Ressource ohne bekannten Preis",
    ),
    "fr": Units(
        month="{}/mois",
        day="{}/jour",
        sip="un soupçon de café",
        every="un latte tous les {} jours",
        a_day="environ un latte par jour",
        lattes="{} lattes par jour",
        up_to="jusqu'à {}",
        more="{} de plus",
        use="entre {} et {} par mois, environ {} en usage courant",
        some_unpriced="{} ressources sans prix connu",
        one_unpriced="1 ressource sans prix connu",
    ),
    "es": Units(
        month="{}/mes",
        day="{}/día",
        sip="apenas el aroma del café",
        every="un latte cada {} días",
        a_day="cerca de un latte al día",
        lattes="{} lattes al día",
        up_to="hasta {}",
        more="{} más",
        use="entre {} y {} al mes, unos {} con un uso normal",
        some_unpriced="{} recursos sin precio conocido",
        one_unpriced="1 recurso sin precio conocido",
    ),
    "pt": Units(
        month="{}/mês",
        day="{}/dia",
        sip="só o cheiro do café",
        every="um latte a cada {} dias",
        a_day="cerca de um latte por dia",
        lattes="{} lattes por dia",
        up_to="até {}",
        more="{} a mais",
        use="entre {} e {} por mês, cerca de {} em uso normal",
        some_unpriced="{} recursos sem preço conhecido",
        one_unpriced="1 recurso sem preço conhecido",
    ),
}


def units_of(locale: str) -> Units:
    """The phrases of a locale's language, English where we have none."""
    return UNITS.get(locale.partition("-")[0].lower(), ENGLISH)
