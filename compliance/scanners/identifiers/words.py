"""Capitalised words that are nobody's name and no place smaller than a state."""

from __future__ import annotations

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
SHORT_MONTHS = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"

RELATIVES = (
    "husband|wife|spouse|partner|boyfriend|girlfriend|fianc[eé]e?|ex-husband|ex-wife|mother|mom|"
    "mum|mama|father|dad|parents?|daughter|son|baby|sister|brother|aunt|uncle|niece|nephew|cousin|"
    "grandmother|grandma|grandfather|grandpa|granddaughter|grandson|stepson|stepdaughter|"
    "mother-in-law|father-in-law|sister-in-law|brother-in-law|friend|neighbou?r|boss|roommate"
)

# 45 CFR 164.514(b)(2)(i)(B): a state may be named, anything smaller may not.
STATES = frozenset(
    """alabama alaska arizona arkansas california colorado connecticut delaware florida georgia
    hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts
    michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon
    pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming
    newhampshire newjersey newmexico newyork northcarolina northdakota rhodeisland southcarolina
    southdakota westvirginia puertorico""".split()
)
STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|"
    "Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|"
    "Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|Ohio|Oklahoma|Oregon|"
    "Pennsylvania|Tennessee|Texas|Utah|Vermont|Virginia|Washington|Wisconsin|Wyoming|"
    "New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Rhode Island|"
    "West Virginia"
)
STATE_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|"
    "NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
# Those that are no words or abbreviations of their own, so that no comma is needed before them.
PLAIN_STATE_CODES = (
    "AL|AK|AZ|CA|CO|CT|FL|GA|IL|KS|KY|MI|MN|MO|NE|NV|NH|NJ|NM|NY|NC|TN|TX|UT|VA|WI|WV|WY"
)

COUNTRIES = frozenset(
    """afghanistan albania algeria america angola argentina armenia australia austria bahrain
    bangladesh belgium bolivia botswana brazil britain bulgaria cambodia cameroon canada chile
    china colombia croatia cuba cyprus denmark ecuador egypt england eritrea estonia ethiopia
    europe fiji finland france germany ghana greece guatemala guyana haiti honduras hungary
    iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kenya korea
    kuwait laos latvia lebanon libya lithuania luxembourg malaysia mali malta mauritius mexico
    moldova mongolia morocco mozambique myanmar namibia nepal netherlands nicaragua niger
    nigeria norway oman pakistan panama paraguay peru philippines poland portugal qatar romania
    russia rwanda scotland senegal serbia singapore slovakia slovenia somalia spain sudan sweden
    switzerland syria taiwan tanzania thailand tunisia turkey uganda uk ukraine uruguay usa
    uzbekistan venezuela vietnam wales yemen zambia zimbabwe africa asia bosnia herzegovina
    djibouti benin burundi chad comoros congo gabon gambia guinea kosovo kyrgyzstan lesotho
    liberia madagascar malawi maldives mauritania monaco montenegro palau samoa tajikistan togo
    tonga trinidad tobago turkmenistan vanuatu zanzibar macedonia belarus azerbaijan georgia
    kazakhstan bhutan brunei""".split()
) | {
    "united states", "united kingdom", "great britain", "northern ireland", "south africa",
    "saudi arabia", "sri lanka", "new zealand", "costa rica", "el salvador", "south korea",
    "north korea", "sierra leone", "ivory coast", "burkina faso", "united arab emirates",
    "dominican republic", "puerto rico", "hong kong", "east coast", "west coast", "middle east",
    "new england",
}  # fmt: skip

# People that diseases, signs and procedures are named after: nobody here, unless with a title.
EPONYMS = frozenset(
    """alzheimer alzheimers crohn crohns hashimoto hashimotos parkinson parkinsons graves sjogren
    sjogrens asperger aspergers tourette tourettes lyme marfan turner cushing addison meniere
    raynaud bell wilson williams hodgkin hodgkins braxton bethesda""".split()
)

# Words that stand capitalised where a name could stand. Lower case.
NOT_NAMES = EPONYMS | frozenset(
    """a about advance after again ago all also am american an and another any anybody anyone are
    as asian at b be been before best black boy but by can cant could did do does doctor doctors
    dr during even ever every everybody everyone everything experts first folks for forum from g
    girl girls god got greetings group guys had has have he hello help her here hers hey hi him
    his how however i if im in info information is it its ive jesus just ladies last late life
    like ma madam many may me mods moderator moderators mom moms mr mrs ms much mum my myself
    never new nhs nih nlm no not now of off on one online only or our out over people please
    regarding regards said says she since sincerely sir sirs site so some somebody someone still
    sub subject such team than thank thanks that the their them then there these they this those
    though to today too two type ur us very via was we well were what when where which while who
    whom why will wish with women would yes yet you your yours african hispanic latina indian
    chinese british canadian english french german irish italian mexican spanish christian
    catholic jewish muslim aura down downs kegel pap bishop foley nexplanon mirena kyleena skyla
    liletta paragard yaz yasmin slynd opill essure lexapro zoloft cymbalta effexor prozac paxil
    celexa wellbutrin pristiq xanax klonopin ativan lamictal abilify seroquel lupron orilissa
    addyi veozah clomid ozempic wegovy depo provera premarin synthroid metformin lisinopril
    google oz phil pepper medicare medicaid medlineplus webmd clinicaltrials facebook reddit
    youtube january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday christmas easter doc hubby need
    taking take took trying looking suffering writing asking wondering currently diagnosed
    interested concerned unable able sure sorry worried pregnant female male age syndrome
    disease disorder cancer diabetes pain surgery depression anxiety question questions side
    effects weight loss died passed called named name i'm i've i'd i'll
    it's that's what's
    mme fr dra prof sis hiya bapak tatay ingat bonjour folk physio podiatrist paed pdoc derm
    dermatology consultant gynaecologist obstetrician verruca urate vasovagal docket hosp uhid rmo
    lletz pasi pals mosaic diathermy""".split()
)

# Of those, what people are called too: capitalised, and only if the model is sure.
ALSO_NAMES = frozenset(
    """will april june august yasmin bell wilson williams turner bishop graves lewis hope grace may
    summer skyla""".split()
)

# Doctors whom everybody knows from a screen or a book.
PUBLIC_FIGURES = frozenset("oz phil google pepper seuss evil jekyll hyde house strange who".split())

# Facilities that the whole world knows and that say nothing about where somebody lives.
PUBLIC_FACILITIES = ("mayo clinic", "cleveland clinic", "johns hopkins", "planned parenthood")
