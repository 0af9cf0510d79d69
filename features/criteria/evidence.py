"""Decides whether a number with its comparison is an age of the person who may take part, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from features.criteria.bounds import LINKS, OLDEST, YEARS_A_UNIT, Span
from features.criteria.tokens import Token


class Certainty(IntEnum):
    """WEAK counts only in a text that says nothing firmer."""

    NONE = 0
    WEAK = 1
    FIRM = 2


@dataclass(frozen=True)
class Judgement:
    chain: tuple[Span, ...]
    certainty: Certainty
    # "Women aged 50 or over" limits everybody only when nothing is said of people in general.
    one_sex: bool
    # "Patients over 65 with dementia": more must hold than the age.
    qualified: bool


# Words that may stand between "age" or a person and the number without changing what is meant.
NEUTRAL_WORDS = set(
    "is are was were be been being must should will shall have has had who whose that which of the a an at time screening enrollment enrolment "
    "inclusion inclusive study entry consent informed signing signature baseline visit randomization randomisation range ranging limit limits group "
    "groups years in by day date on his her their either all any legally currently completed include including included eligible required "
    "admission presentation registration recruitment healthy both criteria criterion hospitalized hospitalised young middle older old yrs as "
    "this these first dose administration vaccination treatment ic icf form written given subject's patient's participant's (age) "
    "surgery procedure obtained when enrolled recruited least non pregnant nonpregnant lactating gender only i.e. e.g. ie eg patients' least ".split()
)
NEUTRAL_KINDS = {"PERSON", "OPEN", "CLOSE", "COMMA", "COLON", "EQ", "BETWEEN", "FROM", "TO", "AND", "NOT", "INCLUSIVE", "REACHED", "NOT_REACHED", "UPTO", "OUTSIDE", "GE", "LE"}
CONDITIONS = {"for", "if", "when", "unless", "where", "whenever", "whose", "except", "among", "in", "with"}
# A number of years behind one of these is a time, not an age.
TIMES = set(
    "within last past previous preceding prior next during every since after before duration history interval follow-up followup survival "
    "expectancy by remission post over for".split()
)
TIME_BEHIND = set(
    "after post since ago before prior following duration history survival disease experience education follow-up followup from earlier later "
    "remission apart previously or/and smoking therapy treatment free disease-free postmenopausal post-menopausal pack amenorrhea sobriety "
    "postpartum preceding without on".split()
)
MEASURES = set("% kg kg/m mg ml cm mm mmhg g/dl mmol/l points point score scores pack pack-years times fold iu lbs pounds bpm m".split())
EVENTS = ("diagnos", "onset", "began", "begin", "start", "develop", "occur", "menopaus", "menarche", "surgery", "operat", "born", "deliver", "relative", "died", "death", "family", "symptom", "event", "infarct", "stroke", "exposed", "exposure")
BEFORE_AN_EVENT = {"before", "since", "by", "prior", "after"}
KIN = {"parent", "parents", "mother", "mothers", "father", "fathers", "caregiver", "caregivers", "carer", "carers", "guardian", "guardians", "relative", "relatives", "sibling", "siblings", "partner", "partners", "spouse", "family", "household", "care"}
CHILDREN = {"child", "children", "infant", "infants", "baby", "babies", "boys", "girls", "son", "daughter", "kids", "toddler", "toddlers"}
MODALS = {"must", "should", "will", "shall", "require", "requires", "need", "needs", "may", "can", "are", "is"}
FEMALES, MALES = {"female", "females", "woman", "women", "girls", "girl"}, {"male", "males", "man", "men", "boys", "boy"}
SMALL_UNITS = {"WEEK", "DAY", "HOUR", "MONTH"}


def judge_spans(tokens: Sequence[Token], spans: Sequence[Span]) -> list[Judgement]:
    judgements = [
        Judgement(tuple(chain), _certainty(tokens, chain), _is_one_sex(tokens[_lead(tokens, chain[0].start) : chain[0].start]), _is_qualified(tokens, chain[-1].end))
        for chain in _chains(tokens, spans)
    ]
    return [judgement for judgement in judgements if judgement.certainty]


def _chains(tokens: Sequence[Token], spans: Sequence[Span]) -> list[list[Span]]:
    """Spans that were said in one breath share their unit and their evidence: "below 18 or above 70 years"."""
    chains: list[list[Span]] = []
    for span in spans:
        if chains and _continues(tokens, chains[-1][-1], span):
            chains[-1].append(span)
        elif not _is_measure(tokens, span):
            chains.append([span])
    return [_with_shared_unit(chain) for chain in chains]


def _continues(tokens: Sequence[Token], previous: Span, span: Span) -> bool:
    links = tokens[previous.end : span.start]
    told = any(bound.comparison for bound in span.bounds)
    # A second word for age, as in "gestational age 37-43 weeks and postnatal age < 48 hours", opens a statement of its own.
    return told and len(links) <= 3 and all(token.kind in LINKS - {"AGE"} for token in links) and not _is_measure(tokens, span)


def _is_measure(tokens: Sequence[Token], span: Span) -> bool:
    """Something else than an age follows a number without a unit of time: "18 kg", "50 %", "3 seizures", "90/60"."""
    if any(bound.years > OLDEST for bound in span.bounds):
        return True
    if span.unit or span.tells_age or span.end >= len(tokens):
        return False
    following = tokens[span.end]
    if following.text in MEASURES:
        return True
    led_by_age = any(token.kind == "AGE" for token in tokens[max(0, span.start - 3) : span.start])
    return not led_by_age and following.kind in ("WORD", "PUNCT") and following.text not in NEUTRAL_WORDS | CONDITIONS | {".", "/", "-"}


def _with_shared_unit(chain: list[Span]) -> list[Span]:
    unit = next((span.unit for span in chain if span.unit), None)
    return [replace(span, bounds=tuple(replace(bound, unit=bound.unit or unit) for bound in span.bounds)) for span in chain]


def _certainty(tokens: Sequence[Token], chain: Sequence[Span]) -> Certainty:
    start, end = chain[0].start, chain[-1].end
    lead = _lead(tokens, start)
    if _is_somebody_elses(tokens, lead, start) or _is_other_age(tokens, start, end) or _is_at_an_event(tokens, lead, start):
        return Certainty.NONE
    if lead and tokens[lead - 1].text in CONDITIONS and _has_person(tokens[lead:start]):
        return Certainty.NONE
    if _is_conditional(tokens, lead, start, end) or not _says_how_old(chain):
        return min(Certainty.WEAK, _age_evidence(tokens, chain, lead))
    return _age_evidence(tokens, chain, lead)


def _lead(tokens: Sequence[Token], start: int) -> int:
    """Where the words begin that lead straight to the number."""
    position = start
    while position > 0 and _is_neutral(tokens[position - 1]):
        position -= 1
    return position


def _is_neutral(token: Token) -> bool:
    return token.kind in NEUTRAL_KINDS | {"AGE", "OLD", "NOLIMIT"} or token.text in NEUTRAL_WORDS or token.text.startswith("non")


def _has_person(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "PERSON" for token in tokens)


def _age_evidence(tokens: Sequence[Token], chain: Sequence[Span], lead: int) -> Certainty:
    start, end = chain[0].start, chain[-1].end
    before = tokens[lead:start]
    if any(token.kind in ("AGE", "OLD") or (token.kind == "NOLIMIT" and token.tells_age) for token in before) or _age_follows(tokens, end):
        return Certainty.FIRM
    if start and tokens[start - 1].text in TIMES:
        return Certainty.NONE
    has_person = _has_person(before) or _has_person(tokens[end : end + 2])
    if any(span.tells_age for span in chain):
        return _evidence_of_old(tokens, chain, lead, has_person)
    if not _says_how_old(chain) or _names_a_time(tokens, end):
        return Certainty.NONE
    unit = next((span.unit for span in chain if span.unit), None)
    if unit is None:
        has_person = start > 0 and tokens[start - 1].kind == "PERSON" and _ends_there(tokens, end)
    opens_clause = lead == 0 and unit == "YEAR" and _ends_there(tokens, end)
    return Certainty.FIRM if has_person or opens_clause else Certainty.NONE


def _evidence_of_old(tokens: Sequence[Token], chain: Sequence[Span], lead: int, has_person: bool) -> Certainty:
    """ "6 weeks old" may be said of an infection, "under 50 years of age" of a relative's death."""
    if has_person or lead == 0:
        return Certainty.FIRM
    begins_anew = any(token.kind in ("COMMA", "AND", "OPEN", "COLON") or token.text in MODALS for token in tokens[lead : chain[0].start])
    if any(span.unit in SMALL_UNITS for span in chain) or (not begins_anew and _names_an_event(tokens[max(0, lead - 4) : lead])):
        return Certainty.NONE
    return Certainty.FIRM if begins_anew else Certainty.WEAK


def _age_follows(tokens: Sequence[Token], end: int) -> bool:
    """ "18-65 age group", but not "for 6 months, aged 18"."""
    kinds = [token.kind for token in tokens[end : end + 2]]
    return kinds[:1] == ["AGE"] and kinds[1:] != ["NUM"]


def _names_an_event(tokens: Sequence[Token]) -> bool:
    words = " ".join(token.text for token in tokens)
    return any(event in words for event in EVENTS)


def _says_how_old(chain: Sequence[Span]) -> bool:
    return any(bound.comparison for span in chain for bound in span.bounds)


def _names_a_time(tokens: Sequence[Token], end: int) -> bool:
    if end >= len(tokens):
        return False
    if tokens[end].text == "of":
        return not any(token.kind == "PERSON" or token.text in ("both", "either") for token in tokens[end + 1 : end + 3])
    return tokens[end].text in TIME_BEHIND or (tokens[end].kind in ("FROM", "PUNCT") and tokens[end].text != ".")


def _ends_there(tokens: Sequence[Token], end: int) -> bool:
    """Nothing that a duration would be of follows: "18 years to 48 years", "Between 18 to 65 years, inclusive"."""
    return end >= len(tokens) or tokens[end].kind in ("COMMA", "OPEN", "CLOSE", "AND", "INCLUSIVE", "PERSON", "NOLIMIT") or tokens[end].text in (".", "at", "of", "inclusive", "with")


def _is_other_age(tokens: Sequence[Token], start: int, end: int) -> bool:
    """The nearest word for an age, looking left over neutral words or right, is the age of something else."""
    for token in reversed(tokens[max(0, start - 8) : start]):
        if token.kind == "OTHER_AGE":
            return True
        if token.kind in ("AGE", "NUM"):
            break
    behind = [token.kind for token in tokens[end : end + 2] if token.text != "of"]
    return behind[:1] == ["OTHER_AGE"]


def _is_at_an_event(tokens: Sequence[Token], lead: int, start: int) -> bool:
    """ "diagnosed before the age of 50", "onset at age 12": the age when something happened."""
    told = [token for token in tokens[lead:start] if token.kind not in ("AGE", "OLD") and token.text not in ("the", "of", "an", "a", "their")]
    preposition = told[-1].text if told and told[-1].text in ("at",) else (tokens[lead - 1].text if lead else "")
    if any(token.kind == "BIRTHDAY" for token in tokens[start : start + 6]):
        return False
    if preposition in BEFORE_AN_EVENT:
        return True
    return preposition in ("at", "in") and _names_an_event(tokens[max(0, lead - 6) : start])


def _is_somebody_elses(tokens: Sequence[Token], lead: int, start: int) -> bool:
    """ "parents of children aged 3-10", "have a child under 5": somebody else's age."""
    words = [token.text for token in tokens[max(0, lead - 5) : start]]
    people = [position for position, word in enumerate(words) if word in CHILDREN or word in ("patient", "patients", "recipient")]
    if not people:
        return False
    earlier = words[: people[-1]]
    owned = bool(earlier) and words[people[-1]] in CHILDREN and any(word in ("have", "has", "having", "their", "own", "with") for word in earlier[-4:])
    return owned or ("of" in earlier[-4:] and bool(KIN & set(earlier)))


def _is_conditional(tokens: Sequence[Token], lead: int, start: int, end: int) -> bool:
    """ "Women over 50 must be postmenopausal": the number chooses whom a further demand is made of."""
    if not _has_person(tokens[lead:start]) or any(token.text in MODALS for token in tokens[lead:start]):
        return False
    for token in tokens[end : end + 10]:
        if token.kind in ("AND", "COMMA", "OPEN") or token.text in ("who", "with", "whose", "that", "."):
            return False
        if token.text in MODALS:
            return True
    return False


def _is_one_sex(tokens: Sequence[Token]) -> bool:
    words = {token.text for token in tokens}
    return bool(words & FEMALES) != bool(words & MALES)


def _is_qualified(tokens: Sequence[Token], end: int) -> bool:
    return any(token.text in ("with", "who", "whose", "having", "without", "unless", "if", "taking") for token in tokens[end : end + 3])
