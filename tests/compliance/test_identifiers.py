"""Each recognizer, without the learned part: hits with their spans, and near misses.

Identifiers are documentation values.
"""

import pytest

from compliance.enums import Direction
from compliance.findings import INBOUND, ScanContext
from compliance.rules import shipped_rules
from compliance.scanners.identifiers import SCANNER, choice, warm_up
from compliance.scanners.identifiers.dates import DateRecognizer
from compliance.scanners.identifiers.engine import OWN, Analyzer
from compliance.scanners.identifiers.kinds import KINDS
from compliance.scanners.identifiers.public_contacts import is_public_address, is_public_number
from compliance.scanners.identifiers.serial_numbers import has_right_check_digit


class SilentTagger:
    """A fake that finds nothing, so that the rules are seen alone."""

    def tag(self, texts):
        return [[] for _ in texts]


RULES_ALONE = Analyzer(SilentTagger())


@pytest.fixture(autouse=True)
def rules_alone(monkeypatch):
    monkeypatch.setitem(choice.current().__dict__, "analyzer", RULES_ALONE)


def found(text, context=INBOUND):
    hits = SCANNER.scan([text], [context], shipped_rules())[0]
    return [(hit.entity, text[hit.start : hit.end]) for hit in hits]


HITS = [
    # names
    ("Dear Ms. Abernathy-Cole, thank you.", "NAME", "Abernathy-Cole"),
    ("Hi Danielle Okafor, I'm sorry.", "NAME", "Danielle Okafor"),
    ("Hello, my name is ling and I study.", "NAME", "ling"),
    ("My daughter Keisha Brandt had it.", "NAME", "Keisha Brandt"),
    ("Your husband Marcus can be tested.", "NAME", "Marcus"),
    ("Rosa's mum here, she is 17 weeks.", "NAME", "Rosa"),
    ("I am Norman Harrison from far away.", "NAME", "Norman Harrison"),
    ("What helps? Thank you, Oscar", "NAME", "Oscar"),
    ("What helps? thanks sandra", "NAME", "sandra"),
    ("Thank you,\nMario\nthe end", "NAME", "Mario"),
    ("I saw Dr. O'Brien today.", "NAME", "O'Brien"),
    ("My husband\u2019s name is LaToya", "NAME", "LaToya"),
    ("Dr Braxton measured it.", "NAME", "Braxton"),
    # places
    ("my scan was at peachtree st downtown", "PLACE", "peachtree st"),
    ("Dr. Gu over on Bleecker Street helps.", "PLACE", "Bleecker Street"),
    ("we drove to tampa fl for it", "PLACE", "tampa fl"),
    ("regards\nzenzile\nrialto ca", "PLACE", "rialto ca"),
    ("Since you live in Dubuque, drive.", "PLACE", "Dubuque"),
    ("I remember the clinic on 1140 Larkspur Avenue.", "PLACE", "1140 Larkspur Avenue"),
    ("My address is 27 Quarry Lane if you come.", "PLACE", "27 Quarry Lane"),
    ("She was in the ward in Chillicothe.", "PLACE", "Chillicothe"),
    ("We are near Long Beach, CA now.", "PLACE", "Long Beach, CA"),
    ("It was at Windsor CO.", "PLACE", "Windsor CO"),
    ("I was at Lakeside Clinic then.", "PLACE", "Lakeside Clinic"),
    ("I already asked Rose Pharmacy, they had none.", "PLACE", "Rose Pharmacy"),
    # ZIP codes
    ("My sister (ZIP 89301) had it.", "ZIP", "89301"),
    ("You said your ZIP is 78704-2210, right?", "ZIP", "78704-2210"),
    ("Posters from the 059 area asked.", "ZIP", "059"),
    ("Austin, TX 78704 is home.", "ZIP", "78704"),
    # dates
    ("LMP was 04/11/2026 and no test.", "DATE", "04/11/2026"),
    ("Your scan from 6/2 showed it.", "DATE", "6/2"),
    ("She passed away on October 21st, after.", "DATE", "October 21st"),
    ("She was born on 9 August.", "DATE", "9 August"),
    ("My surgery was in November 2012.", "DATE", "November 2012"),
    ("I was operated on last December.", "DATE", "last December"),
    ("They admitted me on Tuesday.", "DATE", "Tuesday"),
    ("Had my tubal on Christmas Eve.", "DATE", "Christmas Eve"),
    ("He was seen 2024-03-14 in my presence.", "DATE", "2024-03-14"),
    ("it hurts since february and nobody helps", "DATE", "february"),
    ("d&c in the 1st week of march, hcg falls", "DATE", "the 1st week of march"),
    ("they took me in on Monday - the bleeding went on", "DATE", "Monday"),
    ("she said come in friday the 9th", "DATE", "friday the 9th"),
    ("the induction is thursday 8/1 at noon", "DATE", "thursday 8/1"),
    ("i gained weight since the 11th", "DATE", "the 11th"),
    ("it was negative on the 4th and the 7th", "DATE", "the 7th"),
    ("We lost them on All Saints' Day.", "DATE", "All Saints' Day"),
    ("My mother-in-law fell in July.", "DATE", "July"),
    ("Second opinion on 10/15, what should I bring?", "DATE", "10/15"),
    ("Colpo scheduled 5/23 with a PA.", "DATE", "5/23"),
    ("Had an ablation in June, still bleeding.", "DATE", "June"),
    ("You can ask again if it is mid-March.", "DATE", "mid-March"),
    ("it started the fourth of march, i think", "DATE", "the fourth of march"),
    ("my op is march the third at noon", "DATE", "march the third"),
    ("she was born on May Twenty-First.", "DATE", "May Twenty-First"),
    ("bleeding since the 4th of last month", "DATE", "the 4th of last month"),
    ("i go in 12th of next month for it", "DATE", "12th of next month"),
    ("we saw him june the 9th, he shrugged", "DATE", "june the 9th"),
    ("they booked my scan at the start of april", "DATE", "april"),
    ("saw my doctor last thurs and he shrugged", "DATE", "last thurs"),
    ("my scan is next sat at noon", "DATE", "next sat"),
    ("The baseline is next Tuesday. I am 41.", "DATE", "next Tuesday"),
    ("Her free slot is Tuesday.", "DATE", "Tuesday"),
    ("come to us Thursday morning for the iui", "DATE", "Thursday morning"),
    ("she noticed it this past Wednesday", "DATE", "this past Wednesday"),
    ("my op was tues week", "DATE", "tues week"),
    ("I was told he is off Mon, back later.", "DATE", "Mon"),
    ("the bus is there til Fri the 8th, i go", "DATE", "Fri the 8th"),
    ("the call with them was Mon 4/22 and I cried", "DATE", "Mon 4/22"),
    ("They rang me two Saturdays ago.", "DATE", "two Saturdays ago"),
    ("he saw me 3 wks ago Monday", "DATE", "3 wks ago Monday"),
    ("She is seen the second Monday in Feb.", "DATE", "the second Monday in Feb"),
    ("My next bloods are late Jan.", "DATE", "late Jan"),
    ("I was at six a day by early September.", "DATE", "early September"),
    ("Bring your 2/28 ultrasound report.", "DATE", "2/28"),
    ("I was seen on 14/3 and told nothing.", "DATE", "14/3"),
    ("Wilfred arrived 29.11, six pounds.", "DATE", "29.11"),
    ("Madam is away from 2nd to 9th Jan, she said.", "DATE", "2nd to 9th Jan"),
    ("I lost the ovary Labor Day weekend.", "DATE", "Labor Day weekend"),
    ("She was fed by tube Good Friday.", "DATE", "Good Friday"),
    ("my call came two days before Christmas", "DATE", "two days before Christmas"),
    ("the one who left it in me on 4-17-19", "DATE", "4-17-19"),
    ("round two is the 30th for me", "DATE", "the 30th"),
    # ages
    ("shes 91, on warfarin", "AGE", "91"),
    ("My mother (90) has lichen sclerosus.", "AGE", "90"),
    ("My grandmother lived to 98 with it.", "AGE", "98"),
    ("Your aunt, at ninety-four, can decline.", "AGE", "ninety-four"),
    ("My 93-year-old grandmother bleeds.", "AGE", "93"),
    ("Mum is ninety-four and has it.", "AGE", "ninety-four"),
    ("She was born in 1931 and has it.", "AGE", "1931"),
    ("He turned 101 and walks.", "AGE", "101"),
    # telephone numbers
    ("I'll ring you on 612-555-0148 today.", "PHONE", "612-555-0148"),
    ("Fax it to +1 303 555 0119.", "PHONE", "+1 303 555 0119"),
    ("Text me at 555-0148 please.", "PHONE", "555-0148"),
    ("(612) 555-0148 is mine.", "PHONE", "(612) 555-0148"),
    # e-mail
    ("Write to k.brandt@example.com please.", "EMAIL", "k.brandt@example.com"),
    ("It is k.brandt [at] example [dot] org, yes.", "EMAIL", "k.brandt [at] example [dot] org"),
    ("Write to k.brandt [ at ] example.org then.", "EMAIL", "k.brandt [ at ] example.org"),
    (f"At k.brandt at {'b' * 41} dot com.", "EMAIL", f"k.brandt at {'b' * 41} dot com"),
    ("It is kbrandt at example dot com thanks.", "EMAIL", "kbrandt at example dot com"),
    ("k.brandt@mail.internal is it", "EMAIL", "k.brandt@mail.internal"),
    # web and network addresses
    ("we write at tvamammor.se about it", "URL", "tvamammor.se"),
    ("it is on linktr.ee/kalani.and.keiki for all", "URL", "linktr.ee/kalani.and.keiki"),
    ('[quote="MrsBakerBean"]He will not.[/quote]', "HANDLE", "MrsBakerBean"),
    ("Hi, I'm NightOwlNat on the other board.", "HANDLE", "NightOwlNat"),
    ("See https://kb-blog.example.com/me?x=1.", "URL", "https://kb-blog.example.com/me?x=1"),
    ("See www.kbrandt.example.net/story now.", "URL", "www.kbrandt.example.net/story"),
    ("My page is kbrandt.blog now.", "URL", "kbrandt.blog"),
    ("Posts came from 203.0.113.57, yes.", "URL", "203.0.113.57"),
    # accounts
    ("Ask @copper_wren about it.", "HANDLE", "@copper_wren"),
    ("u/copperwren, you told us.", "HANDLE", "u/copperwren"),
    ("You posted as BabaWren on that board.", "HANDLE", "BabaWren"),
    ("Hi again, glutenfree-wren. It is fine.", "HANDLE", "glutenfree-wren"),
    ("My insta is copper.wren77 if so.", "HANDLE", "copper.wren77"),
    # numbers
    ("my hosp no is q1187204 and it was lost", "ID", "q1187204"),
    ("Phoned in under RX 4419-0832 today.", "ID", "4419-0832"),
    ("They refused, file K-55810/24 it was.", "ID", "K-55810/24"),
    ("Quote ref TAS/0092/LK to us.", "ID", "TAS/0092/LK"),
    ("My treatment card is TB 07/0911 there.", "ID", "TB 07/0911"),
    ("Portal code ELSA-Q9-44F is yours.", "ID", "ELSA-Q9-44F"),
    ("The case ends in 4471, my lawyer says.", "ID", "4471"),
    ("My social is 219-09-9999, they asked.", "ID", "219-09-9999"),
    ("Medicare 1EG4-TE5-MK73 it is.", "ID", "1EG4-TE5-MK73"),
    ("Her chart number is C-2209871 if so.", "ID", "C-2209871"),
    ("Your MRN 00482913 shows it.", "ID", "00482913"),
    ("Member ID: XYZ123456789 was denied.", "ID", "XYZ123456789"),
    ("The last four of my social are 9999.", "ID", "9999"),
    # devices and vehicles
    ("It is (01)00812345678906(17)270630(21)S99887.", "SERIAL",
     "(01)00812345678906(17)270630(21)S99887"),
    ("Device 00:1B:44:11:3A:B7 is linked.", "SERIAL", "00:1B:44:11:3A:B7"),
    ("A 1HGCM82633A004352 was there.", "SERIAL", "1HGCM82633A004352"),
    ("Mesh serial no. TX90-118273 is out.", "SERIAL", "TX90-118273"),
    # pictures
    ("IMG_2231.jpg is me.", "IMAGE", "IMG_2231.jpg"),
    ("This is a photo of my scar.", "IMAGE", "photo of my"),
    # the rest
    ("She is the wife of the county sheriff.", "OTHER", "wife of the county sheriff"),
    ("Study participant ENDO-0417 asked.", "OTHER", "ENDO-0417"),
]  # fmt: skip

NEAR_MISSES = [
    "Thanks to everyone in this thread.",
    "Hi all, hello everyone, dear doctor, hey there.",
    "My mother said it, my sister Had it, my dr said no.",
    "Essure, Mirena and Lexapro are brands; Hashimoto's is a disease.",
    "The Bishop score and the Manchester repair are old.",
    "I live in Texas. I am from Malaysia. She lives in New Mexico.",
    "People living in rural areas wait longer.",
    "The Mayo Clinic writes about it.",
    "ICD-10 N80.9 and CPT 58300, 12,500 participants.",
    "I took 12345 steps in the area.",
    "ACOG published it in October 2023.",
    "World Menopause Day is marked every year on 18 October.",
    "May and June tend to be busy months.",
    "It may march on in the fall; to whom this may concern.",
    "Open 24/7, a ratio of 1/2, 120/80, 9/10 pain.",
    "I weigh 95 kg, BP 90/60, 92 in 100 couples, a 90-day supply, 98% sure.",
    "I was born in 1986 and she is 89.",
    "Call or text 988, or 911, or 1-833-TLC-MAMA (1-833-852-6262).",
    "MedWatch is 1-800-FDA-1088; the hotline is 1-800-799-7233; START to 88788.",
    "See https://www.cdc.gov/hearher/ and acog.org and www.fda.gov/safety.",
    "It hurts.Then it stopped.So I left.",
    "i have pain.it hurts.so it is worse.me too",
    "Dr Oz and Dr. Phil said so on the screen.",
    "That was the 2nd trimester, on the 4th round of letrozole.",
    "i was on the pill, on the road, on a nice street of sorts",
    "She sat up. The sun is out. Last sun of the summer.",
    "The third may be better, a second march is planned, and the first of many.",
    "In may be the best of cases it settles by itself.",
    "We met at the dot of nine.",
    "I was billed $219 at 45 CFR 164.514(b)(2), PMID 21837888, Opinion 791.",
    "The 52 mg IUD; the recall lists every lot made in 2022.",
    "ABCDEFGH12345678A is no car.",
    "Photos of rashes are hard to judge; the video is an animation.",
    "The diagram on the page labels each part.",
    "Triplets are rare, and the only option is rest.",
    "Subject: SPG11 and the first study.",
    "We are open Monday to Friday, and every Saturday I rest.",
    "I love Mondays, Sunday roast and the Friday paper.",
    "Happy Easter to you; my palm itches.",
    "Ask the pharmacist at Any Pharmacy; a Specialty Pharmacy may do.",
    "How long may last night's pain go on? I worry.",
    "In ref 2019 the dose on 15/10 mg was for an adult.",
    "Subject to review, I was billed as agreed; chart it in type 2.",
    "Hi well-meaning friends, I posted as usual.",
]


@pytest.mark.parametrize(("text", "kind", "span"), HITS)
def test_identifier_is_found_with_its_span(text, kind, span):
    assert (kind, span) in found(text)


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_miss_is_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(("text", "kind", "span"), HITS)
def test_identifier_is_found_with_the_same_span_behind_wide_characters(text, kind, span):
    assert (kind, span) in found("\U0001f622\u2026 caf\u00e9! " + text)


def test_identifier_is_found_with_typographic_quotes():
    assert ("NAME", "Rosa") in found("Rosa\u2019s mum here")


def test_rule_follows_from_the_kind():
    hits = SCANNER.scan(["ZIP 89301, MRN 00482913"], [INBOUND], shipped_rules())[0]
    assert {(h.entity, h.rule_id) for h in hits} == {("ZIP", "PHI-ZIP"), ("ID", "PHI-IDNUM")}


def test_every_recognizer_answers_with_a_known_kind_and_rule():
    rules = shipped_rules().rules
    for recognizer in OWN[choice.ENGLISH]:
        assert KINDS[recognizer.KIND][1] in rules


def test_contained_hit_gives_way_to_the_longer():
    kinds = [kind for kind, _ in found("Mail k.brandt@example.com today")]
    assert kinds == ["EMAIL"]


def test_condition_to_run_never_hides_a_hit():
    """What a recognizer finds is found too when its cheap condition is asked first."""
    for text, _, _ in HITS:
        for kind in OWN[choice.ENGLISH]:
            recognizer = kind()
            if recognizer.analyze(text, [kind.KIND]):
                assert kind.NEEDS.search(text), (kind.__name__, text)


@pytest.mark.parametrize(
    ("piece", "dates"), [("on 3/4/20 ", 1), ("My March. ", 0), ("on monday ", 0)]
)
def test_text_that_is_all_dates_is_read_in_time(piece, dates):
    # Each is looked at in its surroundings, not in the whole text: else the time limit is passed.
    assert len(DateRecognizer().analyze(piece * 2000, ["DATE"])) == 2000 * dates


def test_affiliation_of_the_author_is_no_place():
    text = "I work for Lakeside Clinic."
    own = ScanContext(direction=Direction.OUTBOUND, affiliation="Lakeside Clinic")
    assert found(text) == [("PLACE", "Lakeside Clinic")]
    assert found(text, own) == []


def test_what_the_author_of_the_thread_disclosed_is_not_repeated():
    context = ScanContext(direction=Direction.OUTBOUND, disclosed=frozenset({"copperwren", "ann"}))
    assert found("I hear you, Copperwren, and planning helps.", context) == [
        ("OTHER", "Copperwren")
    ]


@pytest.mark.parametrize("number", ["988", "1-800-FDA-1088", "(800) 799-7233", "+1 833 852 6262"])
def test_public_number_is_known(number):
    assert is_public_number(number)


@pytest.mark.parametrize("number", ["612-555-0148", "98", "1-800-555-0199"])
def test_private_number_is_not_public(number):
    assert not is_public_number(number)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://www.cdc.gov/hearher/", True),
        ("help@fda.gov", True),
        ("acog.org", True),
        ("notacog.org", False),
        ("cdc.gov.example.com", False),
        ("youtube.com/@kbrandt", False),
        ("kbrandt.example.com", False),
    ],
)
def test_public_address(address, public):
    assert is_public_address(address) is public


@pytest.mark.parametrize(
    ("vin", "right"),
    [("1HGCM82633A004352", True), ("1HGCM82643A004352", False), ("12345678901234567", False)],
)
def test_check_digit_of_vehicle_number(vin, right):
    assert has_right_check_digit(vin) is right


def test_engine_is_built_once():
    warm_up()
    assert choice.current().analyzer is choice.current().analyzer
