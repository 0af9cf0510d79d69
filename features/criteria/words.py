"""Words that tell an age from every other number, by what they do to the number beside them."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# May stand between "age" or a person and the number without changing what is meant.
NEUTRAL = _words(
    "is are was were be been being must should will shall have has had who whose that which of the a an at in by as this these "
    "time screening enrollment enrolment inclusion inclusive study entry consent informed signing signature baseline visit "
    "randomization randomisation admission presentation registration recruitment administration vaccination treatment surgery "
    "procedure first dose day date on icf ic form written given obtained when enrolled recruited "
    "year years yrs month months range ranging limit limits group groups "
    "criteria criterion include including included eligible required "
    "his her their either both all any legally currently completed healthy young middle older old hospitalized hospitalised "
    "pregnant lactating gender only least majority i.e. e.g. ie eg subject's patient's participant's subjects' patients'"
)
NEUTRAL_KINDS = _words(
    "PERSON AGE OLD NOLIMIT OPEN CLOSE COMMA COLON EQ BETWEEN FROM TO AND NOT INCLUSIVE REACHED NOT_REACHED UPTO OUTSIDE GE LE"
)
# "for patients under 12": the number says when something else holds.
CONDITIONS = _words("for if when unless where whenever whose except among in with")
CONJUNCTIONS = _words("if when unless whenever")
QUALIFIERS = _words("with who whose having without unless if taking")
# A number of years beside one of these is a time, not an age.
TIMES = _words(
    "within last past previous preceding prior next during every since after before duration history interval follow-up followup "
    "survival expectancy by remission post over for"
)
TIMES_BEHIND = _words(
    "after post since ago before prior following duration history survival disease experience education follow-up followup "
    "earlier later remission apart previously smoking therapy treatment free disease-free postmenopausal post-menopausal "
    "pack amenorrhea sobriety postpartum preceding without"
)
# Something else than an age is counted or measured.
MEASURES = _words(
    "% kg kg/m mg ml cm mm mmhg g/dl mmol/l points point score scores pack pack-years times fold iu lbs pounds bpm m"
)
# Beginnings of words for what happens at some age: "diagnosed before 50", "family history under 60".
EVENTS = (
    *(
        "diagnos",
        "onset",
        "began",
        "begin",
        "start",
        "develop",
        "occur",
        "menopaus",
        "menarche",
        "surgery",
        "operat",
        "born",
        "deliver",
    ),
    *("relative", "died", "death", "family", "symptom", "event", "infarct", "stroke", "exposed", "exposure"),
)
BEFORE_AN_EVENT = _words("before since by prior after")
MODALS = _words("must should will shall require requires need needs may can are is")
# Who looks after somebody: the age may be that of the one looked after.
KIN = _words(
    "parent parents mother mothers father fathers caregiver caregivers carer carers guardian guardians relative relatives "
    "sibling siblings partner partners spouse family household care"
)
CHILDREN = _words("child children infant infants baby babies boys girls son daughter kids toddler toddlers")
OWNED = CHILDREN | _words("partner partners spouse husband wife")
LOOKED_AFTER = OWNED | _words("patient patients recipient person people individual")
OWNING = _words("have has having their own with")
# Weeks beside one of these count a pregnancy.
PREGNANCY = ("term", "pregnan", "gestation", "born", "labor", "labour", "birth", "deliver")
FEMALES, MALES = _words("female females woman women girls girl"), _words("male males man men boys boy")
