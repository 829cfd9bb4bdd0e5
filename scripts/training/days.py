"""Invented dates: as forms ask for them, and as people say them."""

from __future__ import annotations

import random

MONTHS = (
    "January February March April May June July August September October November December"
).split()
WEEKDAYS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tues Wed Thurs Fri Sat Tue Weds "
    "Thur Sun"
).split()
HOLIDAYS = (
    "Christmas", "christmas eve", "New Year's Day", "new years", "new years eve", "Easter", "NYE",
    "Easter Sunday", "Good Friday", "Thanksgiving", "Halloween", "All Saints' Day", "xmas",
    "Valentine's Day", "Mother's Day", "mothers day", "the Fourth of July", "4th of July",
    "Memorial Day", "Labor Day", "Boxing Day", "St Patrick's Day", "Cinco de Mayo", "Eid", "Diwali",
    "Hanukkah", "my birthday", "Xmas Eve", "boxing day", "Easter Monday", "Bonfire Night",
    "valentines", "Canada Day", "Father's Day", "Passover", "Lunar New Year", "Nowruz",
    "Mardi Gras",
    "Easter weekend", "Memorial Day weekend", "the day after Thanksgiving",
    "the August bank holiday",
    "MLK day", "Juneteenth", "the day before Christmas",
)  # fmt: skip
_NTH_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
    "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
    "twenty-eighth twenty-ninth thirtieth thirty-first"
).split()


def nth(day: int) -> str:
    """3rd, 11th, 21st."""
    return f"{day}{'th' if 3 < day < 21 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


class Days:
    """Draws dates."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def part(self, kind: str) -> str:
        """A month, a weekday, a day of a month or a holiday."""
        name = {
            "MONTH": self._rng.choice(MONTHS),
            "WEEKDAY": self._rng.choice(WEEKDAYS),
            "NTH": nth(self._rng.randint(1, 31)),
            "HOLIDAY": self._rng.choice(HOLIDAYS),
        }[kind]
        return name if self._rng.random() < 0.5 else name.lower()

    def date(self) -> str:
        """A day or a month, in any of the usual forms."""
        r = self._rng
        day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1935, 2026)
        name = MONTHS[month - 1]
        style = r.random()
        if style < 0.25:
            return self._said(day, name)
        if style < 0.4:
            return self._odd(day, name, year)
        short = name[:3] + r.choice(("", "."))
        return r.choice(
            (
                f"{month}/{day}/{year}", f"{month:02d}/{day:02d}/{year}", f"{day}.{month}.{year}",
                f"{day}/{month}/{year % 100:02d}", f"{year}-{month:02d}-{day:02d}",
                f"{name} {day}", f"{name} {nth(day)}", f"{name} {nth(day)}, {year}",
                f"{name} {day}, {year}", f"{day} {name}", f"{day} {name} {year}",
                f"{nth(day)} of {name}", f"{name} {year}", f"{short} {day}",
                f"{short} {nth(day)} {year}", f"{day}-{short}-{year}", f"the {nth(day)} of {name}",
                name, f"{month}/{day}", f"{short} {year}", f"{nth(day)} {short}",
                f"{month}-{day}-{year % 100:02d}",
            )
        )  # fmt: skip

    def _said(self, day: int, name: str) -> str:
        r = self._rng
        word, weekday, short = _NTH_WORDS[day - 1], r.choice(WEEKDAYS), name[:3]
        near = r.choice(("last", "this", "next"))
        said = r.choice(
            (
                f"the {nth(day)}", f"the {nth(day)} of {near} month", f"{nth(day)} of {near} month",
                f"the {word}", f"the {word} of {name}", f"{word} of {name}", f"{name} the {word}",
                f"{name} {word}", f"{name} the {nth(day)}", f"{short} the {nth(day)}",
                f"{near} {weekday}", f"{weekday} the {nth(day)}", f"{weekday} {nth(day)}",
                f"{weekday} the {word}", f"{weekday} {nth(day)} {short}", f"{near} {name}",
                f"early {name}", f"late {name}", f"mid {name}", f"mid-{name}", f"end of {name}",
                f"the end of {name}", f"beginning of {name}", f"the {nth(day)} {short}",
                f"the {r.choice(('first', 'second', 'third', 'last'))} week of {name}",
                f"the {r.choice(('first', 'second', 'third', 'last'))} {weekday} in {name}",
                f"{nth(day)} of {short}", f"{short} {nth(day)}", f"{weekday} before last",
                f"the weekend of the {nth(day)}", f"{weekday} {day} {name}", f"{nth(day)} {name}",
            )
        )  # fmt: skip
        return said.lower() if r.random() < 0.4 else said

    def _odd(self, day: int, name: str, year: int) -> str:
        r, short, weekday = self._rng, name[:3], self._rng.choice(WEEKDAYS)
        month = r.randint(1, 12)
        return r.choice(
            (
                f"{short} '{year % 100:02d}", f"{name} '{year % 100:02d}", f"{short}{day}",
                f"{short}-{year % 100:02d}", f"{day}{short}{year}", f"{day}{nth(day)[-2:]}{short}",
                f"{day}{short.lower()}{year % 100:02d}", f"{nth(day)} {name} {year % 100:02d}",
                f"{weekday} {day} {short}", f"{weekday}, {name} {day}", f"{name} {day}-{day + 3}",
                f"{nth(day)}-{nth(day + 2)} {name}", f"{name} {day}/{day + 1}", f"{day}. {name}",
                f"{year}.{month:02d}.{day:02d}", f"{day} / {month} / {year}", f"{month}/{year}",
                f"{month:02d}/{year % 100:02d}", f"{year}/{month:02d}/{day:02d}",
                f"{day}-{month}-{year}", f"{short} {nth(day)}/{short} {nth(day + 3)}",
                f"the night of {name} {nth(day)}", f"{weekday} {month}/{day}", f"{day}.{month}.",
                f"{name} of {year}", f"{short} of '{year % 100:02d}",
                f"{day}.{month:02d}.{year % 100:02d}",
            )
        )  # fmt: skip
