"""Finds dates, numbers and addresses in a text, and normalises them to the value of an XSD datatype.

Dates become ISO dates as precise as they are written. Numbers become plain decimals in SI base units: "3.5 million" is 3500000,
"1.5 km" 1500, "45 %" 0.45; "20 °C" stays 20, and a currency leaves the amount as it is. Spans of time become durations:
"90 minutes" is PT1H30M. The text as written stays beside the value, so a unit or currency is never lost to a reader.

What a person could read in two ways is left out: 04/05/2010 states only the year, "007" and "3.11.2" state no number.
"317 240" may be one number or two. So is what has no exact value: a third, or a duration with half a month.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from kgbuild.judging.datatypes import DATE_DATATYPES, date_datatype, fits
from kgbuild.records import Literal, Span

_MONTH_NAMES = """
    january jan januar janvier enero gennaio janeiro januari
    february feb februar février fevrier febrero febbraio fevereiro februari
    march mar märz maerz mars marzo março maart
    april apr avril abril aprile
    may mai mayo maggio maio mei
    june jun juni juin junio giugno junho
    july jul juli juillet julio luglio julho
    august aug août aout agosto augustus
    september sep sept septembre septiembre settembre setembro
    october oct oktober octobre octubre ottobre outubro okt
    november nov novembre noviembre novembro
    december dec dezember décembre decembre diciembre dicembre dezembro dez
"""
_MONTHS = {name: number for number, line in enumerate(_MONTH_NAMES.strip().splitlines(), 1) for name in line.split()}

_MULTIPLIERS = {
    **dict.fromkeys(("thousand", "tausend", "mille", "mil"), 10**3),
    **dict.fromkeys(("lakh", "lakhs"), 10**5),
    **dict.fromkeys(("million", "millions", "mn", "mln", "mio", "mio.", "millionen", "millones", "milioni"), 10**6),
    **dict.fromkeys(("crore", "crores"), 10**7),
    **dict.fromkeys(
        ("billion", "billions", "bn", "mrd", "mrd.", "milliarde", "milliarden", "milliard", "milliards", "miliardi"), 10**9
    ),
    **dict.fromkeys(("trillion", "trillions", "tn"), 10**12),
}
_SHORT_MULTIPLIERS = {"k": 10**3, "m": 10**6, "b": 10**9}
"""Read as such only beside a currency or before what is counted in millions: "$5m" is money, "5m people" many, "5 m" a length."""


def _after(powers: tuple[str, ...], names: str) -> tuple[str, ...]:
    """Return "sq km" and the like in every way it is written."""
    return tuple(f"{power}{name}" for power in powers for name in names.split())


_SQUARE, _DOTTED_SQUARE, _CUBIC = ("sq ", "sq. ", "sq.", "sq"), ("sq. ", "sq."), ("cu ", "cu. ", "cu.")

_AREAS = {
    **dict.fromkeys(("km²", "km2", "km^2", *_after(_SQUARE, "km")), "1000000"),
    **dict.fromkeys(("square kilometre", "square kilometres", "square kilometer", "square kilometers"), "1000000"),
    **dict.fromkeys(("m²", "m2", "m^2", "square metre", "square metres", "square meter", "square meters"), "1"),
    **dict.fromkeys(_after(_SQUARE, "m"), "1"),
    **dict.fromkeys(("mi²", "mi2", "mi^2", "square mile", "square miles"), "2589988.110336"),
    **dict.fromkeys((*_after(_SQUARE, "mi mile miles"), *_after(_DOTTED_SQUARE, "mi.")), "2589988.110336"),
    **dict.fromkeys(("ft²", "ft2", "ft^2", "square foot", "square feet"), "0.09290304"),
    **dict.fromkeys((*_after(_SQUARE, "ft feet"), *_after(_DOTTED_SQUARE, "ft.")), "0.09290304"),
    **dict.fromkeys(("ha", "hectare", "hectares"), "10000"),
    **dict.fromkeys(("acre", "acres"), "4046.8564224"),
}
_UNITS = {
    **dict.fromkeys(("%", "percent", "per cent", "Prozent"), "0.01"),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers", "Kilometer"), "1000"),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "Meter"), "1"),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), "0.01"),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), "0.001"),
    **dict.fromkeys(("mi", "mile", "miles"), "1609.344"),
    **dict.fromkeys(("nautical mile", "nautical miles", "nmi"), "1852"),
    **dict.fromkeys(("ft", "foot", "feet"), "0.3048"),
    **dict.fromkeys(("inch", "inches"), "0.0254"),
    **dict.fromkeys(("yd", "yds", "yard", "yards"), "0.9144"),
    **_AREAS,
    **dict.fromkeys(("m³", "m3", "m^3", "cubic metre", "cubic metres", "cubic meter", "cubic meters", *_after(_CUBIC, "m")), "1"),
    **dict.fromkeys(("l", "L", "litre", "litres", "liter", "liters"), "0.001"),
    **dict.fromkeys(("ml", "mL", "millilitre", "millilitres", "milliliter", "milliliters"), "0.000001"),
    **dict.fromkeys(("kg", "kilogram", "kilograms", "kilogramme", "kilogrammes"), "1"),
    **dict.fromkeys(("g", "gram", "grams", "gramme", "grammes"), "0.001"),
    **dict.fromkeys(("mg", "milligram", "milligrams"), "0.000001"),
    **dict.fromkeys(("t", "tonne", "tonnes", "metric ton", "metric tons"), "1000"),
    **dict.fromkeys(("lb", "lbs"), "0.45359237"),
    **dict.fromkeys(("oz", "ounce", "ounces"), "0.028349523125"),
    "m/s": "1",
    **dict.fromkeys(("mph", "miles per hour"), "0.44704"),
    **dict.fromkeys(("Hz", "hertz"), "1"),
    "kHz": "1000",
    "MHz": "1000000",
    "GHz": "1000000000",
    **dict.fromkeys(("W", "watt", "watts"), "1"),
    **dict.fromkeys(("kW", "kilowatt", "kilowatts"), "1000"),
    **dict.fromkeys(("MW", "megawatt", "megawatts"), "1000000"),
    **dict.fromkeys(("GW", "gigawatt", "gigawatts"), "1000000000"),
    **dict.fromkeys(("J", "joule", "joules"), "1"),
    **dict.fromkeys(("kJ", "kilojoule", "kilojoules"), "1000"),
    **dict.fromkeys(("kWh", "kilowatt-hour", "kilowatt-hours"), "3600000"),
    **dict.fromkeys(("MWh", "megawatt-hour", "megawatt-hours"), "3600000000"),
    **dict.fromkeys(("GWh", "gigawatt-hour", "gigawatt-hours"), "3600000000000"),
    **dict.fromkeys(("V", "volt", "volts"), "1"),
    "kV": "1000",
    **dict.fromkeys(("Pa", "pascal", "pascals"), "1"),
    "hPa": "100",
    "kPa": "1000",
    "MPa": "1000000",
    "bar": "100000",
    **dict.fromkeys(("°C", "degrees Celsius", "°F", "degrees Fahrenheit"), "1"),
    **dict.fromkeys(("km/h", "kph", "kilometres per hour", "kilometers per hour"), "0.2777777777777777777777777778"),
}
_FAHRENHEIT = ("°F", "degrees Fahrenheit")
_SECONDS = {
    **dict.fromkeys(("week", "weeks", "Wochen"), 604800),
    **dict.fromkeys(("day", "days", "Tage", "Tagen"), 86400),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h", "Stunde", "Stunden"), 3600),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "Minute", "Minuten"), 60),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s", "Sekunde", "Sekunden"), 1),
}
_MONTHS_LONG = {
    **dict.fromkeys(("year", "years", "yr", "yrs", "Jahr", "Jahre", "Jahren"), 12),
    **dict.fromkeys(("month", "months", "Monat", "Monate", "Monaten"), 1),
}
_NO_UNITS_AFTER_A_YEAR = frozenset(
    ("W", "J", "V", "L", "t", "g", "l", "h", "s", "bar", "foot", "week", "day", "days", "hour", "minute", "second", "year", "min")
)
"""In "the 2010 bar exam" and "in 2000 W. Bush won" a word follows the year, not a unit."""
_SELDOM_AFTER_A_YEAR = frozenset(("days", "W", "V", "J"))
"""Of those, the units wherever the words around do not make a date of the number."""

_MIXED = (
    ("mi", "mile", "miles", "yd", "yds", "yard", "yards", "ft", "foot", "feet", "inch", "inches"),
    ("lb", "lbs", "oz", "ounce", "ounces"),
    (*_MONTHS_LONG, *_SECONDS),
    ("km", "kilometre", "kilometres", "kilometer", "kilometers", "m", "metre", "metres", "meter", "meters", "cm"),
    ("kg", "kilogram", "kilograms", "g", "gram", "grams"),
)
"""Units that are written one behind the other for one quantity: "6 ft 2 in"."""
_DECIMAL = _MIXED[3:]
"""Of these "5 km and 800 m" are more often two."""
_SIZES = {
    **{unit: Decimal(size) for unit, size in _UNITS.items()},
    **{unit: Decimal(size) for unit, size in _SECONDS.items()},
    **{unit: Decimal(months * 31 * 86400) for unit, months in _MONTHS_LONG.items()},
}
"""What orders the units of a kind; a month is as long as it can be."""
_SHORT_BEHIND = {("ft", "in"): "inch", ("feet", "in"): "inch", ("foot", "in"): "inch", ("h", "m"): "min"}
"""Words that are another unit, or none, unless they stand behind this one."""
_WITH_A_DOT = frozenset(("mi", "yd", "yds", "ft", "lb", "lbs", "hr", "hrs", "min", "mins", "yr", "yrs"))

_SYMBOLS = ("US$", "A$", "C$", "HK$", "R$", "$", "€", "£", "¥", "₹", "₩", "₽", "₺")
_CODES = (
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CNY",
    "CHF",
    "CAD",
    "AUD",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "RUB",
    "INR",
    "BRL",
    "KRW",
    "SGD",
    "HKD",
)
_CURRENCIES = (
    "US dollars",
    "dollars",
    "dollar",
    "euros",
    "euro",
    "Euro",
    "yen",
    "yuan",
    "renminbi",
    "rupees",
    "roubles",
    "rubles",
    "francs",
)

_YEARS_READ_AS_SUCH = range(1000, 2101)
_MAX_DIGITS = 40
"""A longer number is a key or a dump."""
_LONGEST_EXPONENT = 2
"""Digits; a larger power of ten is left out."""
_MAX_DIGITS_OF_A_VALUE = 160
"""No value has more: the longest number times the largest power of ten, in gigawatt-hours say."""

_BOOLEANS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
_SPELLED = {
    name: str(number)
    for number, name in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))
}


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern of the words, the longest first, so that "km/h" is not read as "km"."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_BLANKS = (" ", "\u00a0", "\u2009", "\u202f")
_BLANK = f"[{''.join(_BLANKS)}]"
_DASH = "[-‐‑‒–—−]"
# Most words are no month; seeing that at their first letter saves trying every name.
_MONTH = rf"(?=[{''.join(sorted({letter for name in _MONTHS for letter in (name[0], name[0].upper())}))}])"
_MONTH += rf"(?i:{_any_of(_MONTHS)})(?![^\W\d_])\.?"
_MONTH_BEGINS = "|".join(
    f"{first}[{''.join(sorted({name[1] for name in _MONTHS if name[0] == first}))}]"
    for first in sorted({name[0] for name in _MONTHS})
)
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?![0-9])(?:st|nd|rd|th|er|º|\.)?"
_TO = rf"(?:{_BLANK}?{_DASH}{_BLANK}?|{_BLANK}(?:to|bis|and|und){_BLANK})"
_ERA = rf"(?:BCE?|CE|AD|B\.C\.(?:E\.)?|A\.D\.|C\.E\.|[vn]\.{_BLANK}?Chr\.)(?!\w)"
_YEAR_OF_AN_ERA = rf"(?:(?:AD|A\.D\.){_BLANK}[0-9]{{1,4}}(?!\w)|[0-9]{{1,4}}{_BLANK}?{_ERA})"
_YEAR = rf"(?:[0-9]{{4}}(?!\w|{_BLANK}?{_ERA})|{_YEAR_OF_AN_ERA})"
_OF = rf"(?:,|{_BLANK}(?:of|de|del))?[ \u00a0\u2009\u202f-]"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
# Groups that give nothing back are written (?>(...)*), never (...)*+, which Python before 3.11.5 reads wrongly.
# Two groups of digits may be one number or two; the second is one by itself where more groups or thousands follow.
_TWO_GROUPS = (
    r"[1-9][0-9]{0,2} (?!000)[0-9]{3}(?![0-9]|[.,'’\u00a0\u2009\u202f][0-9]{3}(?![0-9])| [0-9]{3}(?![0-9]))(?:[.,][0-9]++)?"
)
_DIGITS = (
    rf"(?:{_TWO_GROUPS}|"
    r"[0-9]++(?>(?:[.,'’\u00a0\u2009\u202f][0-9]++)*)"
    rf"(?>(?:(?:{_BLANK}[0-9]{{3}}(?![0-9])){{2,}}|{_BLANK}000(?![0-9]))?))"
)

# One alternative for each kind; the first that fits is it. Runs are matched whole or not at all, so the search is linear.
_CANDIDATE = re.compile(
    # Nothing begins inside a word, an exponent, a version, a clock time or a name such as COVID-19.
    r"(?<![\w^])"
    # Most words begin like no literal; seeing that at once halves the time.
    rf"(?=[-−0-9$€£¥₹₩₽₺]|http|[A-Z][A-Z.$]|(?i:{_MONTH_BEGINS}))"
    r"(?<![^\W\d][-.])(?<![0-9][.:/])(?<!\^[-−])(?:"
    + "|".join(
        (
            r"(?P<uri>https?://[^\s<>\"“”‘’]++)",
            rf"(?P<iso>[0-9]{{4}}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])(?:[T ]{_CLOCK})?)?(?!\w|[-/][0-9]))",
            r"(?P<numeric>(?:[0-9]{1,2}(?P<sep>[./-])[0-9]{1,2}(?P=sep)[0-9]{4}|[0-9]{4}(?P<sep2>[./])[0-9]{1,2}(?P=sep2)[0-9]{1,2})"
            r"(?!\w|[./-][0-9]))",
            r"(?P<code>[0-9]++(?>(?:-[0-9]++){2,}))",
            rf"(?P<days>(?P<first_day>{_DAY}(?:{_OF}{_MONTH})?){_TO}(?P<last_day>{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}))",
            rf"(?P<days_of_month>(?P<first_of_month>{_MONTH}{_BLANK}{_DAY}){_TO}"
            rf"(?P<last_of_month>(?:{_MONTH}{_BLANK})?{_DAY},?{_BLANK}{_YEAR}))",
            rf"(?P<day>{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}|{_MONTH}{_BLANK}{_DAY},?{_BLANK}{_YEAR})",
            # In "in May 12 500 people" the day may be thousands.
            rf"(?P<without_year>(?:{_DAY}{_TO})?{_DAY}{_OF}{_MONTH}(?!\w)"
            rf"|{_MONTH}{_BLANK}{_DAY}(?!\w)(?:{_DASH}{_DAY}(?!\w))?(?>(?: [0-9]{{3}}(?!\w))*))",
            rf"(?P<month>{_MONTH}{_OF}[0-9]{{4}}(?!\w))",
            rf"(?P<eras>(?P<first_year>[0-9]{{1,4}}){_TO}(?P<last_year>[0-9]{{1,4}}{_BLANK}?{_ERA}))",
            rf"(?P<era>{_YEAR_OF_AN_ERA})",
            # After a hyphen a hyphen is half a dash.
            rf"(?P<number>(?:(?P<minus>(?<!-)[-−])?(?P<currency>{_any_of(_SYMBOLS + _CODES)}){_BLANK}?)?"
            rf"(?P<sign>(?<!-)[-−](?=[0-9]))?(?P<digits>{_DIGITS}))",
        )
    )
    + ")"
)
_DIGIT = re.compile("[0-9]")
_YEAR_AT_THE_END = re.compile(rf"{_YEAR}\Z")
_BEFORE_CHRIST = re.compile(r"B\.?C|v\.")
_RANGE = re.compile(
    rf"(?P<dash>{_BLANK}?{_DASH}{_BLANK}?|(?P<words>{_BLANK}(?:to|bis|à|(?P<and>and|und|et|y)){_BLANK}))(?P<minus>)"
    rf"(?P<upper>(?:(?P<currency>{_any_of(_SYMBOLS + _CODES)}){_BLANK}?)?"
    rf"(?P<sign>(?<={_BLANK})(?:[-−]|minus )(?=[0-9]))?(?P<digits>{_DIGITS}))"
)
"""The second number of two may have a sign of its own only behind a space: a dash before its digits is that of the range."""
_BETWEEN = re.compile(
    r"\b(?:between|zwischen|entre)(?: (?:about|around|approximately|roughly|some|an estimated))? \Z", re.IGNORECASE
)
_MINUS = re.compile(
    r"(?:^|[(,;:] ?|\b(?:about|almost|and|approximately|around|as|at|below|between|by|from|in|is|nearly|of|or|reached|roughly|than"
    r"|to|was|with) )minus \Z",
    re.IGNORECASE,
)
"""Behind a noun "minus" takes one number from another: "the price minus 5 percent"."""
_LONGEST_BEFORE = 40
"""Characters that are enough for the words before a number."""
_CURRENCY_AFTER = re.compile(rf"{_BLANK}?(?:{_any_of(_SYMBOLS)})(?![0-9])|{_BLANK}?(?:{_any_of(_CODES + _CURRENCIES)})(?!\w)")
_POWER = re.compile(
    rf"(?P<times>{_BLANK}?[×x]{_BLANK}?10)?(?:\^(?P<plain>[-−]?[0-9]++)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]++))(?!\w|\.[0-9])"
)
_FRACTION = re.compile(rf"{_BLANK}[1-9][0-9]?/(?:2|3|4|5|6|8|16|32|64)(?![\w/])|{_BLANK}?[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞](?!\w)")
"""Other fractions are more often dates, such as 9/11."""
_MULTIPLIER = re.compile(rf"(?:{_BLANK}|-)?((?i:{_any_of(_MULTIPLIERS)}))(?!\w)")
_SHORT_MULTIPLIER = re.compile(rf"{_BLANK}?((?i:{_any_of(_SHORT_MULTIPLIERS)}))(?!\w)")
_COUNTED_IN_MILLIONS = re.compile(
    rf"{_BLANK}(?:people|persons|inhabitants|residents|citizens|users|subscribers|customers|employees|workers|jobs|copies|passengers"
    r"|members|visitors|tourists|viewers|listeners|followers|voters|votes|households|downloads|views|refugees)\b"
)
_UNIT = re.compile(rf"(?:{_BLANK}|-)?({_any_of([*_UNITS, *_SECONDS, *_MONTHS_LONG])})(?![\w/])")
_OF_AREA = re.compile(rf"(?<![^\W\d_])(?:{_any_of(_AREAS)})$")
_SMALLER = re.compile(
    rf"(?P<dot>\.)?(?P<joint>,?{_BLANK}(?:and{_BLANK})?)(?P<digits>[0-9]{{1,4}}(?:\.[0-9]{{1,4}})?)(?P<fraction>{_FRACTION.pattern})?"
    rf"(?:{_BLANK}|-)?(?P<unit>in|{_any_of(sum(_MIXED, ()))})(?![\w/]|{_BLANK}(?:an?|per|each|every)\b)"
)
"""A part of a quantity behind a larger one; not in "3 days, 5 hours a day"."""
_ATTACHED = re.compile(r"[\w^]|[:/][0-9]")
_REST_OF_A_TOKEN = re.compile(r"(?>(?:\w|(?:[.:/,-]|\^[-−]?)(?=[0-9]))*)")
_OF_A_DATE = re.compile(r"\b(?:in|since|during|the|year|season) \Z", re.IGNORECASE)
"""Words that make a year of the number behind them."""
_OF_A_NAME = re.compile(rf"[-'’]|\.(?!\Z)|{_BLANK}[A-Z0-9]")
"""What makes a name or initial of the letter before it."""
_COUNTED = re.compile(
    r" (?:people|persons|employees|workers|inhabitants|residents|members|students|pupils|pages|seats|copies|units)\b"
)
_APPROXIMATELY = re.compile(
    r"(?:(?:about|around|approximately|approx\.|circa|ca\.|c\.|nearly|almost|some|in|on|the year|~)(?: |(?=[0-9])))+", re.IGNORECASE
)

_THOUSANDS = re.compile(
    # "12,34,567" is Indian: lakhs and crores are counted by two digits.
    r"(?:[0-9]{1,3}(?>(?:,[0-9]{3})+)|[0-9]{1,2}(?>(?:,[0-9]{2}(?=,))+),[0-9]{3})(?:\.[0-9]++)?"
    r"|[0-9]{1,3}(?>(?:\.[0-9]{3}){2,})(?:,[0-9]++)?|[0-9]{1,3}(?>(?:\.[0-9]{3})+),[0-9]++"
    rf"|[0-9]{{1,3}}(?>(?:(?:{_BLANK}|['’])[0-9]{{3}})+)(?:[.,][0-9]++)?"
)
_IN_DOUBT = re.compile(_TWO_GROUPS)
_PLAIN = re.compile(r"[0-9]++(?:\.[0-9]++)?|[0-9]{1,3},[0-9]{1,2}|0,[0-9]++")
_LISTED = re.compile(r"[0-9]++(?>(?:,[0-9]++)+)")
_A_VALUE = re.compile(rf"(?=.{{1,{_MAX_DIGITS_OF_A_VALUE}}}\Z)-?(?:[0-9]++|(?:0|[1-9][0-9]*+)\.[0-9]++)")
_LONGEST_LITERAL = 200
"""Characters; no words for one value are longer."""
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def find_literals(text: str) -> tuple[Literal, ...]:
    """Find what a text states as dates, numbers, durations and web addresses.

    Returns: literals in order, their spans disjoint and relative to `text`; a range such as "1914–18" gives two.

    >>> [(found.text, found.value, found.datatype) for found in find_literals("Founded on 14 July 1998, 1.5 km away")]
    [('14 July 1998', '1998-07-14', 'date'), ('1.5 km', '1500', 'decimal')]
    """
    return tuple(_literals(text)) if _DIGIT.search(text) or "http" in text else ()  # most sentences have none


def normalise(text: str, datatype: str) -> str | None:
    """Return the value that a text has as one of the datatype, by the rules of `find_literals`; None when it is not one.

    datatype: an XSD name without prefix, or ANY_LITERAL, which like "string" takes every text, white space folded.
    A date of any precision is a value of every date datatype. As a number, a duration counts seconds when it is written in seconds,
    minutes or hours, and else what it is written in: "34 years" is 34, and "5 years and 3 months" no one number.

    >>> normalise("about 3.5 million", "integer"), normalise("March 1998", "date"), normalise("Ada", "date")
    ('3500000', '1998-03', None)
    """
    folded = " ".join(text.split())
    bare = folded[approximately.end() :] if (approximately := _APPROXIMATELY.match(folded)) else folded
    found = _whole_literal(bare)
    match datatype:
        case "string" | "literal":
            return folded or None
        case "boolean":
            return _BOOLEANS.get(folded.casefold())
        case "anyURI":
            return folded if fits(folded, "anyURI") else None
        case "duration" if fits(folded, "duration"):
            return folded
        case "integer" | "decimal":
            number = _number_of(bare, found)
            return number if number is not None and fits(number, datatype) else None
    if datatype in DATE_DATATYPES:
        if bare.startswith("-") and date_datatype(bare) is not None:
            return bare  # what an earlier normalisation made of a year before Christ
        return found.value if found and found.datatype in DATE_DATATYPES else None
    return found.value if found and found.datatype == datatype else None


def is_an_area(quantity: str) -> bool:
    """Tell whether a quantity as written is in units of area.

    >>> is_an_area("61 square kilometres"), is_an_area("3,184 km²"), is_an_area("1,816 m")
    (True, True, False)
    """
    return _OF_AREA.search(quantity) is not None


def _whole_literal(text: str) -> Literal | None:
    """Return the one literal that the text is, if it is one."""
    found = find_literals(text) if len(text) <= _LONGEST_LITERAL else ()
    return found[0] if len(found) == 1 and found[0].text == text else None


def _number_of(text: str, found: Literal | None) -> str | None:
    if text.casefold() in _SPELLED:
        return _SPELLED[text.casefold()]
    if _A_VALUE.fullmatch(text):
        return _plain(Decimal(text))  # also 1998 and 007, which elsewhere are a year and a key
    if found is not None and found.datatype in ("integer", "decimal"):
        return found.value
    number = _CANDIDATE.search(text) if len(text) <= _LONGEST_LITERAL else None
    quantity = _quantity(text, number) if number is not None and number.lastgroup == "number" else None
    if quantity is None or (quantity.start, quantity.end) != (0, len(text)) or not quantity.is_a_duration:
        return None
    parts = quantity.parts
    with localcontext(prec=_MAX_DIGITS_OF_A_VALUE):
        if all(_SECONDS.get(unit, 86400) <= 3600 for _, unit in parts):
            return _plain(sum((amount * _SECONDS[unit] for amount, unit in parts), Decimal()))
        return _plain(parts[0][0]) if len(parts) == 1 else None


def _literals(text: str) -> Iterator[Literal]:
    at = 0
    while (match := _CANDIDATE.search(text, at)) is not None:
        at = match.end()
        match match.lastgroup:
            case "uri":
                uri = _address(match.group())
                yield Literal(Span(match.start(), match.start() + len(uri)), uri, uri, "anyURI")
            case "number":
                for found, end in _numbers(text, match):
                    at = max(at, end)
                    yield found
                rest = _REST_OF_A_TOKEN.match(text, at)
                at = rest.end() if rest else at
            case "days":
                yield from _days(match, "first_day", "last_day")
            case "days_of_month":
                yield from _days(match, "first_of_month", "last_of_month")
            case "day":
                yield from _date(match, "day", _named_date(match["day"], _month_in(match["day"]), match["day"]))
            case "month":
                yield from _date(match, "month", f"{match['month'][-4:]}-{_month_in(match['month']):02}")
            case "iso":
                yield from _date(match, "iso", match["iso"].replace(" ", "T"))
            case "numeric":
                yield from _numeric_date(match)
            case "era":
                yield from _date(match, "era", _year_of_era(match["era"], match["era"]))
            case "eras":
                yield from _years_of_an_era(match)


def _address(words: str) -> str:
    """Return a web address without the punctuation behind it; a bracket that the address itself opens is no such punctuation."""
    unopened = {closing: words.count(closing) - words.count(opening) for opening, closing in ("()", "[]", "{}")}
    end = len(words)
    while (last := words[end - 1]) in ".,;:!?'" or unopened.get(last, 0) > 0:
        unopened[last] = unopened.get(last, 0) - 1
        end -= 1
    return words[:end]


def _date(match: re.Match[str], group: str, value: str) -> Iterator[Literal]:
    """Yield the words of a group as a date, unless the calendar has no such day."""
    if (datatype := date_datatype(value)) is not None:
        yield Literal(Span(*match.span(group)), match[group], value, datatype)


def _days(match: re.Match[str], first_group: str, last_group: str) -> Iterator[Literal]:
    """Yield both days of a range, which share what is written once; no first day of a later month, whose year is in doubt."""
    first, last = match[first_group], match[last_group]
    first_month, last_month = _month_in(first) or _month_in(last), _month_in(last) or _month_in(first)
    if first_month <= last_month:
        yield from _date(match, first_group, _named_date(first, first_month, last))
    yield from _date(match, last_group, _named_date(last, last_month, last))


def _named_date(day_words: str, month: int, year_words: str) -> str:
    year = _YEAR_AT_THE_END.search(year_words)
    return f"{_year_of_era(year[0], year[0]) if year else ''}-{month:02}-{_first_number(day_words):02}"


def _month_in(words: str) -> int:
    """Return the number of the month that the words name, 0 for none."""
    return next((_MONTHS[word] for word in re.findall(r"[^\W\d_]+", words.casefold()) if word in _MONTHS), 0)


def _first_number(words: str) -> int:
    return int(next(re.finditer("[0-9]+", words)).group())


def _numeric_date(match: re.Match[str]) -> Iterator[Literal]:
    """Yield the date of three numbers, or only its year where day and month could be either."""
    words = match["numeric"]
    first, second, third = (int(number) for number in re.split("[./-]", words))
    if match["sep2"]:
        yield from _date(match, "numeric", f"{first:04}-{second:02}-{third:02}")
    elif match["sep"] == "." or first > 12 or first == second:
        yield from _date(match, "numeric", f"{third:04}-{second:02}-{first:02}")
    elif second > 12:
        yield from _date(match, "numeric", f"{third:04}-{first:02}-{second:02}")
    else:
        yield Literal(Span(match.end() - 4, match.end()), words[-4:], words[-4:], "gYear")


def _year_of_era(words: str, era: str) -> str:
    return f"{'-' if _BEFORE_CHRIST.search(era) else ''}{_first_number(words):04}"


def _years_of_an_era(match: re.Match[str]) -> Iterator[Literal]:
    """Yield both years of a range such as "509–27 BC"; none of "63–14 AD", of which the first may be before Christ."""
    first, last = match["first_year"], match["last_year"]
    first_year, last_year = int(first), _first_number(last)
    if not _BEFORE_CHRIST.search(last) and first_year >= last_year:
        if len(first) < 3 or not first_year % 100 < last_year < 100:
            return
        last = f"{first[:-2]}{last_year:02}"  # 1095–99 AD
    yield from _date(match, "first_year", _year_of_era(first, match["last_year"]))
    yield from _date(match, "last_year", _year_of_era(last, match["last_year"]))


_Parts = tuple[tuple[Decimal, str], ...]


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with what belongs to it.

    start, end: from the sign or currency before it to the unit behind it. factor: what a multiplier makes of the amount.
    is_money: a currency stands beside it, or where a range has it. smaller: what is added in smaller units, as in "6 ft 2 in".
    """

    start: int
    end: int
    digits: str
    amount: Decimal
    factor: Decimal = Decimal(1)
    unit: str = ""
    is_money: bool = False
    smaller: _Parts = ()

    @property
    def parts(self) -> _Parts:
        return ((self.amount * self.factor, self.unit), *self.smaller)

    @property
    def is_bare(self) -> bool:
        return self.end - self.start == len(self.digits)

    @property
    def looks_like_a_year(self) -> bool:
        return not self.is_money and self.is_bare and _may_be_a_year(self.digits)

    @property
    def is_a_duration(self) -> bool:
        return self.unit in _SECONDS or self.unit in _MONTHS_LONG


def _may_be_a_year(digits: str) -> bool:
    return len(digits) == 4 and digits.isdecimal() and int(digits) in _YEARS_READ_AS_SUCH


def _numbers(text: str, match: re.Match[str]) -> Iterator[tuple[Literal, int]]:
    """Yield what a run of digits states, and where reading goes on: a quantity, a range of two, or a list without spaces."""
    start, end = match.span("digits")
    in_a_list = text[start - 1 : start] == "," or (text[end : end + 1] == "," and not text[end + 1 : end + 2].isspace())
    if _LISTED.fullmatch(match["digits"]) and (in_a_list or _amount(match["digits"]) is None):
        for each in re.finditer("[0-9]+", match["digits"]):
            if (amount := _amount(each.group())) is not None:
                yield from _stated(text, _Quantity(start + each.start(), start + each.end(), each.group(), amount))
        return
    if (lower := _quantity(text, match)) is None:
        return
    joint = _RANGE.match(text, lower.end)
    upper = _quantity(text, joint, is_money=lower.is_money) if joint else None
    is_alone = lower.factor == 1 and not lower.unit and lower.is_money == bool(match["currency"])
    if joint is None or upper is None or (joint["words"] and not (is_alone and _is_a_range_in_words(text, lower, upper, joint))):
        if not _ATTACHED.match(text, lower.end):
            yield from _stated(text, lower)
        return
    if _ATTACHED.match(text, upper.end):
        return
    upper = replace(upper, start=joint.start("upper"))
    if lower.looks_like_a_year and len(upper.digits) == 2 and upper.is_bare and int(upper.digits) > int(lower.digits[2:]):
        upper_year = lower.digits[:2] + upper.digits
        yield from _stated(text, lower)
        yield Literal(Span(upper.start, upper.end), upper.digits, upper_year, "gYear"), upper.end
        return
    if is_alone:
        may_part = not joint["words"] and len(joint["dash"]) > 1 and not (match["currency"] and joint["currency"])
        lower = _with_what_is_written_once(lower, upper, may_part=may_part)
    if lower is not None:
        yield from _stated(text, lower)
    yield from _stated(text, upper)


def _is_a_range_in_words(text: str, lower: _Quantity, upper: _Quantity, joint: re.Match[str]) -> bool:
    """Tell whether "to" or "and" joins two numbers of which only the second says what both count."""
    if upper.factor == 1 and not upper.unit and not joint["currency"]:
        return False  # nothing is shared: each is read by itself, and the second may begin a date
    if _ATTACHED.match(text, upper.end) or (lower.is_money and not joint["currency"] and _COUNTED.match(text, upper.end)):
        return False
    return not joint["and"] or _BETWEEN.search(text[max(0, lower.start - _LONGEST_BEFORE) : lower.start]) is not None


def _with_what_is_written_once(lower: _Quantity, upper: _Quantity, *, may_part: bool) -> _Quantity | None:
    """Return the lower number of a range with multiplier, unit and currency of the upper; None where that is in doubt.

    may_part: the dash between them may as well part them, as in "Section 5 – 10 km from the sea".
    """
    if upper.factor == 1 and not upper.unit:
        return lower if may_part else replace(lower, is_money=upper.is_money)
    # Ranges may fall ("66–56 million years ago"), but not tenfold; a number like a year that falls to millions is one.
    is_multiplied = upper.factor != 1
    is_of_one_size = abs(lower.amount) < abs(upper.amount) * (1 if is_multiplied and lower.looks_like_a_year else 10)
    if lower.looks_like_a_year and (may_part or not is_of_one_size):
        return lower
    if may_part or (is_multiplied and not is_of_one_size and abs(lower.amount) < 1000):
        return None  # "$900–1 million" may begin at 900 or at 900,000, "$500,000–1 million" only where it says
    return replace(lower, factor=upper.factor if is_of_one_size else lower.factor, unit=upper.unit, is_money=upper.is_money)


def _quantity(text: str, match: re.Match[str], *, is_money: bool = False) -> _Quantity | None:
    """Read the number of a match with multiplier, unit and currency behind it; None for what is no number, such as a version.

    is_money: even without a currency of its own.
    """
    digits = match["digits"]
    if (amount := _amount(digits)) is None:
        return None
    start, end, factor = match.start(), match.end(), Decimal(1)
    is_money = is_money or bool(match["currency"])
    is_negative = bool(match["minus"] or match["sign"])
    if text[start - 5 : start] == "inus " and _MINUS.search(text[max(0, start - _LONGEST_BEFORE) : start]):
        start, is_negative = start - len("minus "), True
    if (
        len(digits) <= 3
        and digits.isdecimal()
        and (fraction := _FRACTION.match(text, end))
        and (part := _part_of_one(fraction[0])) != 1
    ):
        if part is None:
            return None
        end, amount = fraction.end(), amount + part
    if power := _POWER.match(text, end):
        if (power_of_ten := _power_of_ten(power)) is None or not (power["times"] or digits == "10"):
            return None
        end = power.end()
        amount, factor = (amount, power_of_ten) if power["times"] else (power_of_ten, factor)
    elif multiplier := _MULTIPLIER.match(text, end):
        end, factor = multiplier.end(), Decimal(_MULTIPLIERS[multiplier[1].casefold()])
    elif multiplier := _SHORT_MULTIPLIER.match(text, end):
        counted = None if is_money else _COUNTED_IN_MILLIONS.match(text, multiplier.end())
        if is_money or counted or _CURRENCY_AFTER.match(text, multiplier.end()):
            # What makes millions of the letter is part of the literal, which else were metres by itself.
            end, factor = (counted or multiplier).end(), Decimal(_SHORT_MULTIPLIERS[multiplier[1].casefold()])
    unit, smaller = "", _Parts()
    if not is_money:
        if money := _CURRENCY_AFTER.match(text, end):
            end, is_money = money.end(), True
        elif (
            (named := _UNIT.match(text, end))
            and not (factor == 1 and _may_be_a_year(digits) and _follows_a_year(text, match.start(), named))
            and text[end : named.end()] != "s"
        ):
            end, unit = named.end(), named[1]
            if factor == 1 and amount == amount.to_integral_value():
                end, smaller = _smaller_parts(text, start, named)
    if is_negative:
        amount, smaller = amount.copy_negate(), tuple((part.copy_negate(), name) for part, name in smaller)
    return _Quantity(start, end, digits, amount, factor, unit, is_money, smaller)


def _smaller_parts(text: str, start: int, named: re.Match[str]) -> tuple[int, _Parts]:
    """Return where the quantity from `start` to a unit ends, and what it has in smaller units behind that."""
    end, unit = named.end(), named[1]
    parts: list[tuple[Decimal, str]] = []
    units = next((units for units in _MIXED if unit in units), ())
    # "A 5-day, 8-hour week" has two, as has "between 1 year and 6 months".
    may_be_joined = units not in _DECIMAL and not named[0].startswith("-")
    while units and (part := _SMALLER.match(text, end)):
        smaller, added = part["unit"], _part_of_one(part["fraction"]) if part["fraction"] else Decimal(0)
        if part["joint"] not in _BLANKS:
            if not may_be_joined or _BETWEEN.search(text[max(0, start - _LONGEST_BEFORE) : start]):
                break
        else:
            smaller = _SHORT_BEHIND.get((unit, smaller), smaller)
        if smaller not in units or (part["dot"] and unit not in _WITH_A_DOT) or added is None or added == 1:
            break
        if (amount := Decimal(part["digits"]) + added) * _SIZES[smaller] >= _SIZES[unit]:
            break
        end, unit = part.end(), smaller
        parts.append((amount, unit))
        if amount != amount.to_integral_value():
            break
    return end, tuple(parts)


def _part_of_one(fraction: str) -> Decimal | None:
    """Return what a fraction such as "1/2" or "½" adds to the number before it: 1 where it is no part of it, None for a third."""
    numerator, denominator = (Decimal(n) for n in re.split("[/⁄]", unicodedata.normalize("NFKC", fraction.strip())))
    if numerator >= denominator:
        return Decimal(1)
    part = numerator / denominator
    return part if part * denominator == numerator else None


def _power_of_ten(power: re.Match[str]) -> Decimal | None:
    exponent = (power["plain"] or power["raised"]).translate(_RAISED)
    return Decimal(1).scaleb(int(exponent)) if len(exponent.lstrip("-")) <= _LONGEST_EXPONENT else None


def _follows_a_year(text: str, start: int, named: re.Match[str]) -> bool:
    """Tell whether the name of a unit may as well be a word behind the year that starts there."""
    if named[1] not in _NO_UNITS_AFTER_A_YEAR:
        return False
    if named[0].startswith("-"):
        return len(named[1]) == 1 or named[1] == "bar"  # a 1000-day war
    return (
        named[1] not in _SELDOM_AFTER_A_YEAR
        or (len(named[1]) == 1 and _OF_A_NAME.match(text, named.end()) is not None)
        or _OF_A_DATE.search(text[max(0, start - _LONGEST_BEFORE) : start]) is not None
    )


def _amount(digits: str) -> Decimal | None:
    """Return the number that digits and separators spell, None where that is in doubt."""
    if (
        len(digits) > _MAX_DIGITS
        or (digits[0] == "0" and digits[1:2].isdecimal())
        or (" " in digits and _IN_DOUBT.fullmatch(digits))
    ):
        return None
    if _THOUSANDS.fullmatch(digits):
        point = "," if re.search(r"\.[0-9]{3}\.|\.[0-9]{3},|[ \u00a0\u2009\u202f'’].*,", digits) else "."
        return Decimal("".join(c if c.isdecimal() else "." for c in digits if c.isdecimal() or c == point))
    return Decimal(digits.replace(",", ".")) if _PLAIN.fullmatch(digits) else None


def _stated(text: str, quantity: _Quantity) -> Iterator[tuple[Literal, int]]:
    """Yield the literal that a quantity is, and where reading goes on."""
    end = quantity.end
    if quantity.looks_like_a_year and quantity.factor == 1 and not quantity.unit and not _COUNTED.match(text, end):
        value, datatype = quantity.digits, "gYear"
    elif quantity.is_a_duration:
        if (duration := _duration(quantity)) is None:
            return
        value, datatype = duration, "duration"
    else:
        value = _plain(_in_si_units(quantity))
        datatype = "decimal" if quantity.unit or quantity.is_money or "." in value else "integer"
    yield Literal(Span(quantity.start, end), text[quantity.start : end], value, datatype), end


def _in_si_units(quantity: _Quantity) -> Decimal:
    if not quantity.unit and quantity.factor == 1:
        return quantity.amount
    with localcontext(prec=_MAX_DIGITS_OF_A_VALUE):
        if quantity.unit in _FAHRENHEIT:
            exact = (quantity.amount * quantity.factor - 32) * 5 / 9
        else:
            exact = sum((amount * Decimal(_UNITS.get(unit, 1)) for amount, unit in quantity.parts), Decimal())
        # Twelve digits are beyond any measurement, and hide that 100 km/h cannot be written down exactly.
        return exact.quantize(Decimal(1).scaleb(exact.adjusted() - 11), ROUND_HALF_EVEN) if quantity.unit and exact else exact


def _plain(number: Decimal) -> str:
    value = f"{number:f}"
    value = value.rstrip("0").rstrip(".") if "." in value else value
    return "0" if value == "-0" else value


def _duration(quantity: _Quantity) -> str | None:
    """Return months as years and months, and everything shorter as days, hours, minutes and seconds.

    Parts of a month cannot be written: they are rounded where the number is no more precise than that, as in "78.3 years".
    """
    sign = "-" if any(amount < 0 for amount, _ in quantity.parts) else ""
    with localcontext(prec=_MAX_DIGITS_OF_A_VALUE):
        months = sum((abs(amount) * _MONTHS_LONG.get(unit, 0) for amount, unit in quantity.parts), Decimal())
        whole = months.to_integral_value()
        last_digit = Decimal(1).scaleb(quantity.amount.adjusted() + 1 - len(quantity.amount.as_tuple().digits))
        tolerance = 0 if quantity.smaller else last_digit * quantity.factor * _MONTHS_LONG.get(quantity.unit, 0)
        if abs(whole - months) * 2 > tolerance:
            return None
        years, months = divmod(whole, 12)
        rest = sum((abs(amount) * _SECONDS.get(unit, 0) for amount, unit in quantity.parts), Decimal())
        days, rest = divmod(rest, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
    time = _parts((hours, "H"), (minutes, "M"), (seconds, "S"))
    date = _parts((years, "Y"), (months, "M"), (days, "D"))
    nothing = "0Y" if quantity.unit in _MONTHS_LONG else "0D"
    return f"{sign}P{date}T{time}" if time else f"{sign}P{date or nothing}"


def _parts(*parts: tuple[Decimal, str]) -> str:
    return "".join(f"{_plain(number)}{letter}" for number, letter in parts if number)
