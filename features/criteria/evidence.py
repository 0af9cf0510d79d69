"""Decides whether a phrase states the age of the person who may take part, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from features.criteria.phrases import Phrase
from features.criteria.tokens import Token
from features.criteria.words import (
    BEFORE_AN_EVENT,
    CONDITIONS,
    CONJUNCTIONS,
    EVENTS,
    FEMALES,
    KIN,
    LOOKED_AFTER,
    MALES,
    MODALS,
    OWNED,
    OWNING,
    PREGNANCY,
    QUALIFIERS,
    TIMES,
    TIMES_BEHIND,
)

SHORT_UNITS = {"MONTH", "WEEK", "DAY", "HOUR"}


class Certainty(IntEnum):
    """WEAK counts only in a text that says nothing firmer."""

    NONE = 0
    WEAK = 1
    FIRM = 2


@dataclass(frozen=True)
class Judgement:
    phrase: Phrase
    certainty: Certainty
    # "Women aged 50 or over" limits everybody only when nothing is said of people in general.
    one_sex: bool
    # "Patients over 65 with dementia": more must hold than the age.
    qualified: bool


def judge(phrase: Phrase) -> Judgement:
    qualified = _is_qualified(phrase)
    return Judgement(phrase, _certainty(phrase), _is_one_sex(phrase), qualified)


def _is_qualified(phrase: Phrase) -> bool:
    if any(token.text in QUALIFIERS for token in phrase.behind(3)):
        return True
    # "Over 35 years of age and obese"; but "under 18 years and pregnant women" are two kinds of people.
    is_above = any(bound.comparison in ("GT", "GE") for span in phrase.spans for bound in span.bounds)
    return is_above and [token.kind for token in phrase.behind(3)][:2] == ["AND", "WORD"] and not _has_person(phrase.behind(3))


def _certainty(phrase: Phrase) -> Certainty:
    if _is_other_age(phrase) or _is_somebody_elses(phrase) or _is_at_an_event(phrase) or _is_a_condition(phrase):
        return Certainty.NONE
    evidence = _evidence(phrase)
    is_doubtful = not phrase.compares or _chooses_whom(phrase) or _is_of_kin(phrase)
    return min(Certainty.WEAK, evidence) if is_doubtful else evidence


def _evidence(phrase: Phrase) -> Certainty:
    if _is_led_by_age(phrase) or _is_followed_by_age(phrase):
        return Certainty.FIRM
    if phrase.start and phrase.tokens[phrase.start - 1].text in TIMES:
        return Certainty.NONE
    if phrase.tells_age:
        return _evidence_of_old(phrase)
    if not phrase.compares or _is_a_time(phrase):
        return Certainty.NONE
    return Certainty.FIRM if _is_of_a_person(phrase) else _evidence_of_standing_alone(phrase)


def _is_led_by_age(phrase: Phrase) -> bool:
    return any(token.kind in ("AGE", "OLD") or (token.kind == "NOLIMIT" and token.tells_age) for token in phrase.leading)


def _is_followed_by_age(phrase: Phrase) -> bool:
    """ "18-65 age group", but not "for 6 months, aged 18"."""
    kinds = [token.kind for token in phrase.behind(2)]
    return kinds[:1] == ["AGE"] and kinds[1:] != ["NUM"]


def _evidence_of_old(phrase: Phrase) -> Certainty:
    """ "6 weeks old" may be said of an infection, "under 50 years of age" of a relative's death."""
    if _names_a_person(phrase) or phrase.lead == 0:
        return Certainty.FIRM
    begins_anew = any(token.kind in ("COMMA", "AND", "OPEN", "COLON") or token.text in MODALS for token in phrase.leading)
    is_of_an_event = not begins_anew and _names_an_event(phrase.earlier(4))
    # Things are old, but only the living are of age.
    is_of_age = any(token.kind == "OLD" and "age" in token.text for token in phrase.tokens[phrase.start : phrase.end])
    if is_of_an_event or (not is_of_age and any(span.unit in SHORT_UNITS for span in phrase.spans)):
        return Certainty.NONE
    return Certainty.FIRM if begins_anew else Certainty.WEAK


def _names_a_person(phrase: Phrase) -> bool:
    return _has_person(phrase.leading) or _has_person(phrase.behind(2))


def _has_person(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "PERSON" for token in tokens)


def _is_of_a_person(phrase: Phrase) -> bool:
    """ "Patients > 18 years"; without a unit the person must stand right before it: "Adults 18+"."""
    if phrase.unit == "WEEK" and any(token.text.startswith(PREGNANCY) for token in phrase.tokens[: phrase.start]):
        return False
    if phrase.unit:
        return _names_a_person(phrase)
    return _has_person(phrase.tokens[max(0, phrase.start - 1) : phrase.start]) and _ends_there(phrase)


def _evidence_of_standing_alone(phrase: Phrase) -> Certainty:
    """A clause of years alone, "18 years to 48 years"; less surely "50+", and between commas "BMI < 30, 18-40 years"."""
    if phrase.lead == 0 and phrase.unit == "YEAR" and _ends_there(phrase):
        return Certainty.FIRM
    is_bare = phrase.lead == 0 and phrase.unit is None and not phrase.behind(1)
    follows_comma = [token.kind for token in phrase.leading[:1]] == ["COMMA"] and phrase.spans[0].is_range
    is_between_commas = follows_comma and phrase.unit == "YEAR" and _ends_there(phrase)
    return Certainty.WEAK if is_bare or is_between_commas else Certainty.NONE


def _ends_there(phrase: Phrase) -> bool:
    """Nothing follows that the years could be a duration of."""
    following = phrase.behind(1)
    kinds = ("COMMA", "OPEN", "CLOSE", "AND", "INCLUSIVE", "PERSON", "NOLIMIT")
    return all(token.kind in kinds or token.text in (".", "at", "of", "inclusive", "with") for token in following)


def _is_a_time(phrase: Phrase) -> bool:
    """ "5 years after surgery", "5 years on dialysis"; but "18 years on the day of consent", "20-40 years of both genders"."""
    following = [token.text for token in phrase.behind(3)]
    if not following:
        return False
    if following[0] == "on":
        return following[1:2] not in (["the"], ["day"], ["date"])
    if following[0] == "of":
        return not _has_person(phrase.behind(3)) and not {"both", "either"} & set(following)
    kind = phrase.tokens[phrase.end].kind
    return following[0] in TIMES_BEHIND or kind == "FROM" or (kind == "PUNCT" and following[0] != ".")


def _is_other_age(phrase: Phrase) -> bool:
    """The nearest word for an age, looking left or right, is the age of something else."""
    for token in reversed(phrase.tokens[max(0, phrase.start - 8) : phrase.start]):
        if token.kind == "OTHER_AGE":
            return True
        if token.kind in ("AGE", "NUM"):
            break
    return [token.kind for token in phrase.behind(2) if token.text != "of"][:1] == ["OTHER_AGE"]


def _is_at_an_event(phrase: Phrase) -> bool:
    """ "diagnosed before the age of 50", "onset at age 12": the age when something happened."""
    if any(token.kind == "BIRTHDAY" for token in phrase.tokens[phrase.start : phrase.end]):
        return False
    plain = ("the", "of", "an", "a", "their")
    told = [token.text for token in phrase.leading if token.kind not in ("AGE", "OLD") and token.text not in plain]
    preposition = "at" if told[-1:] == ["at"] else phrase.opener
    return preposition in BEFORE_AN_EVENT or (preposition in ("at", "in") and _names_an_event(phrase.earlier(6)))


def _names_an_event(tokens: Sequence[Token]) -> bool:
    words = " ".join(token.text for token in tokens)
    return any(event in words for event in EVENTS)


def _is_somebody_elses(phrase: Phrase) -> bool:
    """ "parents of children aged 3-10", "have a child under 5"."""
    words = [token.text for token in phrase.earlier(12)]
    people = [position for position, word in enumerate(words) if word in LOOKED_AFTER]
    if not people:
        return False
    last, earlier = words[people[-1]], words[: people[-1]]
    is_own = last in OWNED and bool(OWNING & set(earlier[-4:]))
    return is_own or ("of" in earlier[-4:] and bool(KIN & set(earlier)))


def _is_of_kin(phrase: Phrase) -> bool:
    """ "Parent or caregiver over 18": of the participant only where nobody else's age is stated."""
    people = {token.text for token in phrase.leading if token.kind == "PERSON"}
    return bool(people) and people <= KIN


def _is_a_condition(phrase: Phrase) -> bool:
    """ "for subjects 18 years of age or older", "a mammogram, if over 40": the age says when something else holds."""
    return phrase.opener in CONJUNCTIONS or (phrase.opener in CONDITIONS and _has_person(phrase.leading))


def _chooses_whom(phrase: Phrase) -> bool:
    """ "Women over 50 must be postmenopausal": the number chooses whom a further demand is made of."""
    if not _has_person(phrase.leading) or any(token.text in MODALS for token in phrase.leading):
        return False
    for token in phrase.behind(10):
        if token.kind in ("AND", "COMMA", "OPEN") or token.text in ("who", "with", "whose", "that", "."):
            return False
        if token.text in MODALS:
            return True
    return False


def _is_one_sex(phrase: Phrase) -> bool:
    words = {token.text for token in phrase.leading}
    return bool(words & FEMALES) != bool(words & MALES)
