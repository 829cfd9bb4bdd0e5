"""Invented hospitals, clinics, shops and schools, whole or in parts, as people call them."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

# {p} a town or a family, {n} and {m} families, {s} a patron, {a} a few letters.
FORMS = (
    "{p} Hospital", "{p} General", "{p} Medical Center", "{p} Clinic", "{n} Family Practice",
    "{p} Women's Health", "{p} Fertility Center", "{p} Memorial", "{p} Community Hospital",
    "{n} Street Surgery", "{p} Urgent Care", "{p} Regional", "{p} Children's Hospital",
    "Mount {n} Hospital", "{p} Birth Center", "{p} OB-GYN Associates", "the {n} Institute",
    "Our Lady of {p}", "{p} High School", "{p} University Hospital", "{p} IVF", "UZ {p}", "{p} ER",
    "{p} Regional ER", "{p} City", "{p} General ER", "{n} Imaging", "{p} Pharmacy", "{n} & Co",
    "{n} and {m}", "{p} Warehouse", "{p} Elementary", "QMC {p}", "CHU {p}", "{p} Midwives",
    "{p} Labor and Delivery", "{n} Dental", "{p} Fertility", "{p} Women's Center", "The {n}",
    "{p} Pelvic Health", "{n} Chemist", "Spital {p}", "Klinikum {p}", "Clínica {n}",
    "{n} & {m} Clinic", "{p} Health Centre", "Royal {p} Infirmary", "{p} Royal",
    "{p} Cancer Centre",
    "{p} District Hospital", "{n} Family Medicine", "{n} Pediatrics", "{n} Orthopaedics",
    "{p} Endo Center", "{p} Eye Clinic", "{p} Dialysis", "{n} Nursing Home", "{n} Lodge care home",
    "{p} Rehab", "{p} VA", "VA {p}", "{p} Primary School", "{p} College", "{p} County Jail",
    "{n} Logistics", "{n} Brothers", "{n}'s Diner", "{p} Public Library", "First Baptist {p}",
    "{p} Police Department", "{p} Fire Department", "{p} Mills", "{n} Law", "{n} Farms",
    "{n} Steel",
    "{n}, {m} & Partners", "Hospital {n}", "Hospital de {p}", "AKH {p}", "Krankenhaus {p}",
    "Ospedale {n}", "Szpital {n}", "{p} Fertility Group", "{p} Wellness", "{n} Medical Group",
    "{n} Med", "{p} Gen", "{p} A&E", "{p} Women's and Children's", "{p} Maternity",
    "{p} Uni Hospital",
    "University of {p} Hospital", "University of {p}", "{p} State", "{p} Walk-in", "{p} Surgery",
    "{n} House Surgery", "{n} Road Practice", "{n} Health", "{p} Health", "{n} OBGYN", "{p} Ob/Gyn",
    "{p} Birthing Center", "{p} Midwifery", "{n}'s Pharmacy", "{p} Hospice", "{p} Breast Unit",
    "{p} Pain Clinic", "{p} Gynae", "{p} Oncology", "{n} Academy", "{p} Middle School", "{p} High",
    "{p} Montessori", "{p} Sports Club", "{p} Care Home", "{n} Hall", "{n} Park Hospital",
    "{n} Valley Medical", "{p} Physio", "{n} Optometry", "{n} Diagnostics", "{p} Radiology",
)  # fmt: skip
IN_PARTS = (  # without the word that says what it is, or with one in lower case
    "{s}", "{s}", "{s}", "{s} in {p}", "{s} of {p}", "{s} {p}", "{s} Hospital", "{s} Medical",
    "{s} Clinic", "the {s} clinic", "the {p} clinic", "the {n} practice", "the {n} unit",
    "the {n} hospital", "{s} ward", "{s} ER", "{s} hosp", "{s} general", "{s} L&D", "{s} women's",
    "the {n} Centre", "the {p} branch", "the {p} office", "{p} clinic", "{n} clinic", "the {n}",
    "{a}", "{a} {p}", "{a} Medical Center", "the {n} surgery", "{n} house", "{p} hospital",
)  # fmt: skip
SAINTS = (
    "Mary Joseph Luke Jude Anne Vincent Thomas John Elizabeth Francis Michael Bartholomew Agnes "
    "Catherine Brigid Helena Clare Andrew George Peter Paul Patrick Barnabas Columba Rita Raphael "
    "Cecilia Margaret Bernard Anthony Boniface David Mark Matthew Martin Nicholas Alban Camillus "
    "Dominic Augustine Therese Alphonsus James Stephen Lucy Monica Gerard Rose Louis Charles "
    "Hedwig Olav Birgitta Ursula Barbara Florian Benedict Edmund Cuthbert Oswald Hilda"
).split()
PATRONS = (  # how hospitals are called that are called after nobody and no town
    "Sacred Heart", "Good Samaritan", "Mercy", "Holy Cross", "Providence", "Trinity", "Unity",
    "Bon Secours", "Our Lady of Grace", "Holy Family", "Christ the King", "Queen of Peace",
    "Mount Carmel", "Mount Zion", "Sisters of Charity", "Beacon", "Riverside", "Lakeview",
    "Lakeside", "Northside", "Hillcrest", "Sunrise", "Evergreen", "Blessing", "Adventist",
    "Methodist", "Presbyterian", "Baptist Memorial", "Jewish General", "Veterans Memorial",
    "Cedars",
    "Princess Alexandra", "Queen Charlotte's", "King George", "Prince of Wales", "Royal Free",
    "Ascension", "Sentara", "Kaiser", "Intermountain", "Geisinger", "Ochsner", "Baylor", "Banner",
    "Good Shepherd", "Immaculate Conception", "Santa Clara", "San Rafael", "Notre Dame", "Bethesda",
    "Bethany", "Emmanuel", "Grace", "Hope Medical", "Eastside", "Westgate", "Southmead", "Harbor",
    "Seaview", "Parkview", "Oakwood", "Maplewood", "Pinecrest", "Brookdale", "Fairview", "Highland",
    "Ridgeview", "Meadowlands", "Willow Creek", "Silver Springs", "Bluebird", "Rosewood",
    "Heritage",
    "Legacy", "Summit", "Pinnacle", "Horizon", "Tree of Life", "Lotus", "Stepping Stones",
    "Two Rivers", "Four Winds", "North Star", "Sunnyside", "Golden Gate", "Blue Ridge", "Red River",
)  # fmt: skip
CHAINS = (  # how clinics that belong to nobody's town are called
    "One Call Imaging", "Kindbody", "Shady Grove", "CCRM", "Genea", "Monash IVF", "Spire", "Bupa",
    "Nuffield", "Quest", "LabCorp", "Tia", "Maven", "Hy-Vee Pharmacy", "Care Fertility",
    "Boston IVF",
)  # fmt: skip


class Facilities:
    """Draws facilities.

    Args:
        rng: of the choices.
        family, town: draw a family name, a town.
    """

    def __init__(
        self, rng: random.Random, family: Callable[[], str], town: Callable[[], str]
    ) -> None:
        self._rng, self._family, self._town = rng, family, town

    def draw(self) -> str:
        """One of any kind."""
        if self._rng.random() < 0.06:
            return self._rng.choice(CHAINS)
        forms = IN_PARTS if self._rng.random() < 0.35 else FORMS
        place = self._town() if self._rng.random() < 0.67 else self._family()
        return self._rng.choice(forms).format(
            n=self._family(), m=self._family(), p=place, s=self._patron(), a=self._letters()
        )

    def _patron(self) -> str:
        if self._rng.random() < 0.5:
            return self._rng.choice(PATRONS)
        saint, title = self._rng.choice(SAINTS), self._rng.choice(("St", "St", "St.", "Saint"))
        ending = self._rng.choice(("'s", "'s", "s", "")) if saint[-1] != "s" else ""
        return f"{title} {saint}{ending}"

    def _letters(self) -> str:
        return "".join(self._rng.choices(string.ascii_uppercase, k=self._rng.choice((3, 4)))) + (
            self._rng.choice(("H", "MC", "", ""))
        )
