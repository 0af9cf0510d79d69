"""The sex that a trial is for and the condition it is about: a best effort, silent when the text is."""

import re
from collections.abc import Sequence

from features.criteria.clauses import Clause

FEMALE, MALE = r"wom[ae]n|females?|girls", r"m[ae]n|males?|boys"
BOTH = re.compile(
    r"\b(?:both|either|any|all) (?:sex|gender)(?:e?s)?\b|\b(?:sex|gender)s?\s*[:=]?\s*(?:both|all|any|either)\b", re.IGNORECASE
)
# A man named as somebody's partner takes no part himself, nor does a woman whose contraception is asked for.
ASIDE = re.compile(
    r"\b(?:male|female)s? (?:sexual )?partners?\b|\bpartners? (?:who|that) (?:is|are) (?:fe)?males?\b"
    r"|\b(?:wom[ae]n|females?)(?: \w+){0,3} (?:of|with) (?:child-?\s?bearing|reproductive)\b.*"
    r"|\b(?:wom[ae]n|females?|m[ae]n|males?)(?: \w+){0,4} (?:must|should|will|need|have to|has to|agree|using|use)\b"
    r"(?! (?:be )?\D{0,12}\d).*",
    re.IGNORECASE,
)
PREGNANCY = re.compile(
    r"^(?:\W|\b(?:singleton|viable|intrauterine|ongoing|currently|healthy|low[- ]risk)\b)*pregnan(?:t|cy)\b", re.IGNORECASE
)
# What the named condition follows; the surer phrase stands first.
CONDITION_OPENINGS = (
    r"(?:diagnosis|diagnoses) (?:of|with)|diagnosed (?:with|as having|as|to have)",
    r"(?:histologically|cytologically|pathologically|clinically|laboratory|pcr)(?:[- ](?:or|and) \w+)?"
    r"[- ](?:confirmed|proven|diagnosed)",
    r"(?:patients?|participants?|subjects?|individuals?|adults?|children|people|women|men|those|persons?|outpatients?|inpatients?)"
    r" (?:\([^)]*\) )?(?:with|suffering from|who have|having|affected by)",
    r"suffering from|(?:confirmed|documented|established|proven|known|active|presence of|evidence of)(?: case of)?|history of",
)
CONDITION_END = re.compile(
    r"[,;:()\[\]./<>=\u2264\u2265]|(?<!\w)(?:by|according|as|that|who|which|with|without|for|in|at|on|within|requiring|undergoing|based|per|defined|"
    r"confirmed|documented|and|or|since|aged|age|scheduled|admitted|from|to|using|lasting|whose|receiving|treated|after|before|during|than|under|"
    r"over|between|diagnosed|made|is|are|was|were|has|have|had|will|must|despite|prior|following|if|not)(?!\w)",
    re.IGNORECASE,
)
CONDITION_START = re.compile(
    r"^(?:(?:an?|the|any|either|one|current|primary|confirmed|documented|established|newly|clinical|new|proven|probable|stable|active)\s+)+",
    re.IGNORECASE,
)
# What follows "patients with" or "documented" without being an illness.
NO_CONDITION = re.compile(
    r"\b(?:consent|ability|least|willing|criteria|capacity|informed|approval|adequate|age|years?|score|test|history|access|need|"
    r"reports?|attempts?|bmi|diagnosis|treatment|weight)\b",
    re.IGNORECASE,
)
MOST_WORDS = 7


def read_sex(clauses: Sequence[Clause]) -> str:
    included = [ASIDE.sub(" ", clause.text) for clause in clauses if not clause.excludes]
    if any(BOTH.search(text) for text in included):
        return "ALL"
    women = any(re.search(rf"\b(?:{FEMALE})\b", text, re.IGNORECASE) or PREGNANCY.search(text) for text in included)
    men = any(re.search(rf"\b(?:{MALE})\b", text, re.IGNORECASE) for text in included)
    if women != men:
        return "FEMALE" if women else "MALE"
    return "ALL" if women else _sex_left(clauses)


def _sex_left(clauses: Sequence[Clause]) -> str:
    """ "Exclusion: male sex" leaves women."""
    excluded = [clause.text.strip(" .").lower() for clause in clauses if clause.excludes]
    for pattern, left in ((MALE, "FEMALE"), (FEMALE, "MALE")):
        if any(
            re.fullmatch(rf"(?:being )?(?:{pattern})(?: (?:sex|gender|patients|subjects|participants))?", text)
            for text in excluded
        ):
            return left
    return "ALL"


def read_condition(clauses: Sequence[Clause]) -> str | None:
    included = [clause.text for clause in clauses if not clause.excludes]
    for opening in CONDITION_OPENINGS:
        for text in included:
            for match in re.finditer(rf"\b(?:{opening})\s+", text, re.IGNORECASE):
                if condition := _condition(text[match.end() :]):
                    return condition
    return None


def _condition(text: str) -> str | None:
    words = CONDITION_START.sub("", CONDITION_END.split(CONDITION_START.sub("", text), maxsplit=1)[0]).split()
    phrase = " ".join(words)
    if not words or len(words) > MOST_WORDS or NO_CONDITION.search(phrase) or not re.search(r"[A-Za-z]{2}", phrase):
        return None
    return phrase.lower()
