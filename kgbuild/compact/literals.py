"""Finds dates, numbers and addresses in a text, and normalises them to the value of an XSD datatype.

Dates become ISO dates as precise as they are written. Numbers become plain decimals in SI base units: "3.5 million" is 3500000,
"1.5 km" 1500, "45 %" 0.45; "20 °C" stays 20, and a currency leaves the amount as it is. Spans of time become durations:
"90 minutes" is PT1H30M. The text as written stays beside the value, so a unit or currency is never lost to a reader.

What a person could read in two ways is left out: 04/05/2010 states only the year, "007" and "3.11.2" state no number.
"""

import re
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
_MONEY_MULTIPLIERS = {"k": 10**3, "m": 10**6, "b": 10**9}
"""Read as such only beside a currency: "$5m" is money, "5 m" a length."""

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
    **dict.fromkeys(("yd", "yard", "yards"), "0.9144"),
    **dict.fromkeys(
        ("km²", "km2", "sq km", "square kilometre", "square kilometres", "square kilometer", "square kilometers"), "1000000"
    ),
    **dict.fromkeys(("m²", "m2", "sq m", "square metre", "square metres", "square meter", "square meters"), "1"),
    **dict.fromkeys(("sq mi", "square mile", "square miles"), "2589988.110336"),
    **dict.fromkeys(("sq ft", "square foot", "square feet"), "0.09290304"),
    **dict.fromkeys(("ha", "hectare", "hectares"), "10000"),
    **dict.fromkeys(("acre", "acres"), "4046.8564224"),
    **dict.fromkeys(("m³", "m3", "cubic metre", "cubic metres", "cubic meter", "cubic meters"), "1"),
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
    **dict.fromkeys(("hour", "hours", "hrs", "h", "Stunde", "Stunden"), 3600),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "Minute", "Minuten"), 60),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s", "Sekunde", "Sekunden"), 1),
}
_MONTHS_LONG = {
    **dict.fromkeys(("year", "years", "Jahr", "Jahre", "Jahren"), 12),
    **dict.fromkeys(("month", "months", "Monat", "Monate", "Monaten"), 1),
}
_NO_UNITS_AFTER_A_YEAR = frozenset(
    ("W", "J", "V", "L", "t", "g", "l", "h", "s", "bar", "foot", "week", "day", "days", "hour", "minute", "second", "year", "min")
)
"""In "the 2010 bar exam" and "in 2000 W. Bush won" a word follows the year, not a unit."""

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

_BOOLEANS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
_SPELLED = {
    name: str(number)
    for number, name in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))
}


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern of the words, the longest first, so that "km/h" is not read as "km"."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_BLANK = "[ \u00a0\u2009\u202f]"
_DASH = "[-‐‑‒–—−]"
_MONTH = rf"(?i:{_any_of(_MONTHS)})(?![^\W\d_])\.?"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?![0-9])(?:st|nd|rd|th|er|º|\.)?"
_YEAR = r"[0-9]{4}(?!\w)"
_OF = rf"(?:,|{_BLANK}(?:of|de|del))?[ \u00a0\u2009\u202f-]"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
# Groups that give nothing back are written (?>(...)*), never (...)*+, which Python before 3.11.5 reads wrongly.
_DIGITS = (
    r"[0-9]++(?>(?:[.,'’\u00a0\u2009\u202f][0-9]++)*)"
    rf"(?>(?:(?:{_BLANK}[0-9]{{3}}(?![0-9])){{2,}}|{_BLANK}000(?![0-9]))?)"
)

# One alternative for each kind; the first that fits is it. Runs are matched whole or not at all, so the search is linear.
_CANDIDATE = re.compile(
    # Nothing begins inside a word, a version, a clock time or a name such as COVID-19.
    r"(?<!\w)(?<![^\W\d][-.])(?<![0-9][.:/])"
    # Most words begin like no literal; seeing that at once halves the time.
    rf"(?=[-−0-9$€£¥₹₩₽₺]|http|[A-Z]{{2}}|[A-Z][.$]|(?i:{_any_of({name[:2] for name in _MONTHS})}))(?:"
    + "|".join(
        (
            r"(?P<uri>https?://[^\s<>\"“”‘’]++)",
            rf"(?P<iso>[0-9]{{4}}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])(?:[T ]{_CLOCK})?)?(?!\w|[-/][0-9]))",
            r"(?P<numeric>(?:[0-9]{1,2}(?P<sep>[./-])[0-9]{1,2}(?P=sep)[0-9]{4}|[0-9]{4}(?P<sep2>[./])[0-9]{1,2}(?P=sep2)[0-9]{1,2})"
            r"(?!\w|[./-][0-9]))",
            r"(?P<code>[0-9]++(?>(?:-[0-9]++){2,}))",
            rf"(?P<days>(?P<first_day>{_DAY}){_BLANK}?{_DASH}{_BLANK}?(?P<last_day>{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}))",
            rf"(?P<day>{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}|{_MONTH}{_BLANK}{_DAY},?{_BLANK}{_YEAR})",
            rf"(?P<without_year>{_DAY}{_OF}{_MONTH}(?!\w)|{_MONTH}{_BLANK}{_DAY}(?!\w))",
            rf"(?P<month>{_MONTH}{_OF}{_YEAR})",
            rf"(?P<era>(?:AD|A\.D\.){_BLANK}[0-9]{{1,4}}(?!\w)"
            rf"|[0-9]{{1,4}}{_BLANK}?(?:BCE?|CE|AD|B\.C\.(?:E\.)?|A\.D\.|C\.E\.|[vn]\.{_BLANK}?Chr\.)(?!\w))",
            rf"(?P<number>(?:(?P<currency>{_any_of(_SYMBOLS + _CODES)}){_BLANK}?)?(?P<sign>[-−](?=[0-9]))?(?P<digits>{_DIGITS}))",
        )
    )
    + ")"
)
_DIGIT = re.compile("[0-9]")
_RANGE = re.compile(rf"(?P<dash>{_BLANK}?{_DASH}{_BLANK}?)(?P<currency>)(?P<sign>)(?P<digits>{_DIGITS})")
"""The second number of two has neither currency nor sign of its own."""
_CURRENCY_AFTER = re.compile(rf"{_BLANK}?(?:{_any_of(_SYMBOLS)})|{_BLANK}?(?:{_any_of(_CODES + _CURRENCIES)})(?!\w)")
_POWER = re.compile(rf"{_BLANK}?[×x]{_BLANK}?10(?:\^(?P<plain>[-−]?[0-9]{{1,2}})|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,2}}))(?!\w)")
_MULTIPLIER = re.compile(rf"(?:{_BLANK}|-)?((?i:{_any_of(_MULTIPLIERS)}))(?!\w)")
_MONEY_MULTIPLIER = re.compile(rf"{_BLANK}?((?i:{_any_of(_MONEY_MULTIPLIERS)}))(?!\w)")
_UNIT = re.compile(rf"(?:{_BLANK}|-)?({_any_of([*_UNITS, *_SECONDS, *_MONTHS_LONG])})(?![\w/])")
_ATTACHED = re.compile(r"\w|[:/][0-9]")
_REST_OF_A_TOKEN = re.compile(r"(?>(?:\w|[.:/,-](?=[0-9]))*)")
_COUNTED = re.compile(
    r" (?:people|persons|employees|workers|inhabitants|residents|members|students|pupils|pages|seats|copies|units)\b"
)
_APPROXIMATELY = re.compile(
    r"(?:(?:about|around|approximately|approx\.|circa|ca\.|c\.|nearly|almost|some|in|on|the year|~)(?: |(?=[0-9])))+", re.IGNORECASE
)

_THOUSANDS = re.compile(
    r"[0-9]{1,3}(?>(?:,[0-9]{3})+)(?:\.[0-9]++)?|[0-9]{1,3}(?>(?:\.[0-9]{3}){2,})(?:,[0-9]++)?"
    r"|[0-9]{1,3}(?>(?:\.[0-9]{3})+),[0-9]++"
    rf"|[0-9]{{1,3}}(?>(?:(?:{_BLANK}|['’])[0-9]{{3}})+)(?:[.,][0-9]++)?"
)
_PLAIN = re.compile(r"[0-9]++(?:\.[0-9]++)?|[0-9]{1,3},[0-9]{1,2}|0,[0-9]++")
_LISTED = re.compile(r"[0-9]++(?>(?:,[0-9]++)+)")
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
    minutes or hours, and else what it is written in: "34 years" is 34.

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


def _whole_literal(text: str) -> Literal | None:
    """Return the one literal that the text is, if it is one."""
    found = find_literals(text) if len(text) <= 200 else ()
    return found[0] if len(found) == 1 and found[0].text == text else None


def _number_of(text: str, found: Literal | None) -> str | None:
    if text.casefold() in _SPELLED:
        return _SPELLED[text.casefold()]
    if re.fullmatch(rf"-?[0-9]{{1,{_MAX_DIGITS}}}", text):
        return str(int(text))  # also 1998 and 007, which elsewhere are a year and a key
    if found is not None and found.datatype == "duration" and (number := _CANDIDATE.match(text)) is not None:
        quantity = _quantity(text, number)
        if quantity is None or quantity.end != len(text):
            return None
        return _plain(quantity.amount * (seconds if (seconds := _SECONDS.get(quantity.unit, 0)) <= 3600 and seconds else 1))
    return found.value if found is not None and found.datatype in ("integer", "decimal") else None


def _literals(text: str) -> Iterator[Literal]:
    at = 0
    while (match := _CANDIDATE.search(text, at)) is not None:
        at = match.end()
        match match.lastgroup:
            case "uri":
                uri = match.group().rstrip(".,;:!?)]}'")
                yield Literal(Span(match.start(), match.start() + len(uri)), uri, uri, "anyURI")
            case "number":
                for found, end in _numbers(text, match):
                    at = max(at, end)
                    yield found
                rest = _REST_OF_A_TOKEN.match(text, at)
                at = rest.end() if rest else at
            case "days":
                yield from _date(match, "first_day", _named_date(match["last_day"], match["first_day"]))
                yield from _date(match, "last_day", _named_date(match["last_day"], match["last_day"]))
            case "day":
                yield from _date(match, "day", _named_date(match["day"], match["day"]))
            case "month":
                yield from _date(match, "month", _named_date(match["month"], None))
            case "iso":
                yield from _date(match, "iso", match["iso"].replace(" ", "T"))
            case "numeric":
                yield from _numeric_date(match)
            case "era":
                yield from _date(match, "era", _year_of_era(match["era"]))


def _date(match: re.Match[str], group: str, value: str) -> Iterator[Literal]:
    """Yield the words of a group as a date, unless the calendar has no such day."""
    if (datatype := date_datatype(value)) is not None:
        yield Literal(Span(*match.span(group)), match[group], value, datatype)


def _named_date(words: str, day_words: str | None) -> str:
    month = next(_MONTHS[word] for word in re.findall(r"[^\W\d_]+", words.casefold()) if word in _MONTHS)
    day = f"-{_first_number(day_words):02}" if day_words else ""
    return f"{words[-4:]}-{month:02}{day}"


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


def _year_of_era(words: str) -> str:
    before_christ = re.search(r"B\.?C|v\.", words)
    return f"{'-' if before_christ else ''}{_first_number(words):04}"


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with what belongs to it.

    start, end: from the sign or currency before it to the unit behind it. factor: what multiplier and unit make of the amount.
    """

    start: int
    end: int
    digits: str
    amount: Decimal
    factor: Decimal = Decimal(1)
    unit: str = ""
    is_money: bool = False

    @property
    def is_bare(self) -> bool:
        return self.end - self.start == len(self.digits)

    @property
    def looks_like_a_year(self) -> bool:
        return self.is_bare and len(self.digits) == 4 and self.digits.isdecimal() and int(self.digits) in _YEARS_READ_AS_SUCH


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
    dash = _RANGE.match(text, lower.end)
    upper = _quantity(text, dash) if dash else None
    if dash is None or upper is None:
        if not _ATTACHED.match(text, lower.end):
            yield from _stated(text, lower)
        return
    if _ATTACHED.match(text, upper.end):
        return
    upper = replace(upper, start=dash.start("digits"))
    if lower.looks_like_a_year and len(upper.digits) == 2 and upper.is_bare and int(upper.digits) > int(lower.digits[2:]):
        upper_year = lower.digits[:2] + upper.digits
        yield from _stated(text, lower)
        yield Literal(Span(upper.start, upper.end), upper.digits, upper_year, "gYear"), upper.end
        return
    if lower.factor == 1 and not lower.unit and len(dash["dash"]) == 1:
        lower = replace(lower, factor=upper.factor, unit=upper.unit, is_money=lower.is_money or upper.is_money)
    yield from _stated(text, lower)
    yield from _stated(text, upper)


def _quantity(text: str, match: re.Match[str]) -> _Quantity | None:
    """Read the number of a match with multiplier, unit and currency behind it; None for what is no number, such as a version."""
    digits = match["digits"]
    if (amount := _amount(digits)) is None:
        return None
    start, end, factor, is_money = match.start(), match.end(), Decimal(1), bool(match["currency"])
    year_like = end - match.start("digits") == 4 and digits.isdecimal() and 1000 <= int(digits) <= 2100
    if power := _POWER.match(text, end):
        exponent = int((power["plain"] or power["raised"]).translate(_RAISED))
        end, factor = power.end(), Decimal(10) ** exponent
    elif multiplier := _MULTIPLIER.match(text, end):
        end, factor = multiplier.end(), Decimal(_MULTIPLIERS[multiplier[1].casefold()])
    elif is_money and (multiplier := _MONEY_MULTIPLIER.match(text, end)):
        end, factor = multiplier.end(), Decimal(_MONEY_MULTIPLIERS[multiplier[1].casefold()])
    unit = ""
    if not is_money:
        if money := _CURRENCY_AFTER.match(text, end):
            end, is_money = money.end(), True
        elif (
            (named := _UNIT.match(text, end))
            and not (year_like and factor == 1 and named[1] in _NO_UNITS_AFTER_A_YEAR)
            and text[end : named.end()] != "s"
        ):
            end, factor, unit = named.end(), factor * Decimal(_UNITS.get(named[1], 1)), named[1]
    return _Quantity(start, end, digits, -amount if match["sign"] else amount, factor, unit, is_money)


def _amount(digits: str) -> Decimal | None:
    """Return the number that digits and separators spell, None where that is in doubt."""
    if len(digits) > _MAX_DIGITS or (digits[0] == "0" and digits[1:2].isdecimal()):
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
    elif quantity.unit in _SECONDS or quantity.unit in _MONTHS_LONG:
        value, datatype = _duration(quantity), "duration"
    else:
        value = _plain(_in_si_units(quantity))
        datatype = "decimal" if quantity.unit or quantity.is_money or "." in value else "integer"
    yield Literal(Span(quantity.start, end), text[quantity.start : end], value, datatype), end


def _in_si_units(quantity: _Quantity) -> Decimal:
    if not quantity.unit and quantity.factor == 1:
        return quantity.amount
    with localcontext(prec=2 * _MAX_DIGITS):
        is_fahrenheit = quantity.unit in _FAHRENHEIT
        exact = (quantity.amount - 32) * 5 / 9 if is_fahrenheit else quantity.amount * quantity.factor
        # Twelve digits are beyond any measurement, and hide that 100 km/h cannot be written down exactly.
        return exact.quantize(Decimal(1).scaleb(exact.adjusted() - 11), ROUND_HALF_EVEN) if quantity.unit and exact else exact


def _plain(number: Decimal) -> str:
    value = f"{number:f}"
    value = value.rstrip("0").rstrip(".") if "." in value else value
    return "0" if value == "-0" else value


def _duration(quantity: _Quantity) -> str:
    """Return months as years and months, and everything shorter as days, hours, minutes and seconds."""
    if quantity.unit in _MONTHS_LONG:
        months = quantity.amount * quantity.factor * _MONTHS_LONG[quantity.unit]
        years, months = divmod(months.to_integral_value(), 12)
        return f"P{years}Y{months}M" if years and months else f"P{months}M" if months else f"P{years}Y"
    rest = quantity.amount * quantity.factor * _SECONDS[quantity.unit]
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    time = "".join(f"{_plain(n)}{letter}" for n, letter in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    date = f"{_plain(days)}D" if days or not time else ""
    return f"P{date}T{time}" if time else f"P{date}"
