"""Words for dates in English, German and Chinese; both generators use them."""

import datetime

FIRST_DAY = datetime.date(1950, 1, 1)
LAST_DAY = datetime.date(2049, 12, 31)

MONTHS_EN = ("January February March April May June July August September October November December").split()
SHORT_EN = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTHS_DE = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
SHORT_DE = "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez".split()

WEEKDAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
WEEKDAYS_DE = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()
WEEKDAYS_ZH = ["星期" + c for c in "一二三四五六日"]

_SMALL = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
          "seventeen eighteen nineteen").split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = ("zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
             "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth").split()
_STEMS_DE = ("- erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft dreizehnt vierzehnt fünfzehnt "
             "sechzehnt siebzehnt achtzehnt neunzehnt").split()
_UNITS_DE = "- ein zwei drei vier fünf sechs sieben acht neun".split()
_DIGITS_ZH = "〇一二三四五六七八九"


def reserved(date):
    """True for the days that only dates/eval.jsonl uses: about one in 17."""
    return date.toordinal() % 17 == 5


def random_date(rng, eval_days=False):
    """A day that is reserved for evaluation, or one that is not."""
    while True:
        date = FIRST_DAY + datetime.timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days + 1))
        if reserved(date) == eval_days:
            return date


def cardinal(n):
    """0 to 99: "twenty-one"."""
    if n < 20:
        return _SMALL[n]
    return _TENS[n // 10] + ("-" + _SMALL[n % 10] if n % 10 else "")


def ordinal_word(n):
    """1 to 31: "twenty-first"."""
    if n < 20:
        return _ORDINALS[n]
    if n % 10 == 0:
        return _TENS[n // 10][:-1] + "ieth"
    return _TENS[n // 10] + "-" + _ORDINALS[n % 10]


def ordinal_digits(n):
    """1 to 31: "21st"."""
    suffix = "th" if n in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def ordinal_de(n, ending):
    """1 to 31, with the ending of the case: "einundzwanzigster", "einundzwanzigsten"."""
    if n < 20:
        return _STEMS_DE[n] + ending
    tens = "zwanzigst" if n < 30 else "dreißigst"
    return (_UNITS_DE[n % 10] + "und" if n % 10 else "") + tens + ending


def number_zh(n):
    """1 to 99: "二十一"."""
    tens, unit = divmod(n, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS_ZH[tens] + "十"
    return head + (_DIGITS_ZH[unit] if unit else "")


def year_zh(year):
    """Digit by digit: "二〇二一"."""
    return "".join(_DIGITS_ZH[int(c)] for c in str(year))


def year_words(year, rng=None):
    """1950 to 2049 as one says it: "nineteen ninety-eight", "two thousand and four", "twenty twenty-one"."""
    century, rest = divmod(year, 100)
    if 2000 <= year <= 2009:
        if rest == 0:
            return "two thousand"
        return ("two thousand and " if rng is None or rng.random() < 0.7 else "two thousand ") + cardinal(rest)
    return cardinal(century) + " " + cardinal(rest)


def full_year(two_digits):
    """The pivot rule: 00 to 49 are 2000 to 2049, 50 to 99 are 1950 to 1999."""
    return two_digits + (2000 if two_digits < 50 else 1900)
