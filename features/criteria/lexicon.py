"""The vocabulary of age limits: what registries write, and which kind of token it is."""

SMALL_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

PEOPLE = (
    r"(?:in-?|out-?)?patients?|subjects?|participants?|persons?|people|individuals?|volunteers?|adults?|males?|females?|m[ea]n|wom[ea]n|"
    r"boys?|girls?|child(?:ren)?|infants?|neonates?|newborns?|bab(?:y|ies)|toddlers?|adolescents?|teen(?:ager)?s?|youths?|minors?|"
    r"students?|donors?|recipients?|controls?|survivors?|residents?|smokers?|users?|cases?|veterans?|employees?|workers?|mothers?|"
    r"fathers?|parents?|caregivers?|carers?|athletes?|candidates?|members?|population|everyone|anyone|those|p(?:a)?ediatrics?|seniors?|"
    r"elderly|respondents?|clients?|couples?|he|she|they|genders?|sex(?:es)?|kids?|carriers?|nulliparas?|primigravidas?|gravidas?"
)
_ONSET = (
    r"onset|diagnos\w+|menarche|menopause|symptoms?|death|loss|presentation|first (?!dose|visit|vaccination|administration)\w+"
)
_GREATER = r"older|elder|above|over|up(?:wards?)?|more|greater|beyond|higher|plus|onwards?|older adults"
_SMALLER = r"younger|under|below|less|lower|fewer"
_OR = r"(?:(?:and|or|&|/|and/or|,)\s?)+(?:is |are )?"
_NO_NUMBER_FOLLOWS = r"\b(?!\s*(?:than\b|the age|age|=|\d))"

# One row a kind of token: (kind, pattern). The first row that matches wins, so a longer phrase stands before a shorter one.
LEXICON = (
    # Digits within a name are no quantity: COVID-19, IL6, CURB-65, ICD-10.
    ("WORD", r"(?!age)[a-z]+(?:-?\d+[a-z]*)+(?:-\d+)*"),
    # The age of something or somebody else, or at another time.
    (
        "OTHER_AGE",
        r"(?:gestational|gestation|post-?\s?menstrual|post-?\s?concept\w+|menstrual|concept\w+|bone|skeletal|mental|developmental|"
        r"vascular|biological|embryo\w*|f(?:o)?etal|ovarian|paternal|father'?s|mother's|partner'?s|husband'?s|donor'?s|"
        r"reading|sperm|egg) age",
    ),
    ("OTHER_AGE", r"(?:weeks?'? (?:of )?)?(?:gestation\w*|ga)"),
    ("OTHER_AGE", rf"age (?:of|at) (?:the )?(?:disease |initial )?(?:{_ONSET})"),
    (
        "OTHER_AGE",
        r"age[- ](?:matched|adjusted|appropriate|related|specific|dependent|associated|corrected|normed|norms?|standardi\w+)",
    ),
    (
        "NOLIMIT",
        r"(?:no|without|not?) (?:an? )?(?:upper|lower|maximum|minimum|age)(?: age)?(?: limits?| restrictions?)?|not specified",
    ),
    # "must not yet have reached their 16th birthday"
    ("NOT_REACHED", r"(?:not|never) (?:yet )?(?:have |had |has |be )?(?:yet )?(?:reached|attained|passed|had|completed)"),
    ("REACHED", r"(?:reached|attained|completed|passed|turned|attaining|reaching)"),
    ("BIRTHDAY", r"birth-?\s?days?"),
    ("UP", rf"{_OR}(?:{_GREATER}){_NO_NUMBER_FOLLOWS}|\+(?!/)|plus|onwards?|upwards?"),
    ("DOWN", rf"{_OR}(?:{_SMALLER}){_NO_NUMBER_FOLLOWS}"),
    (
        "GE",
        r"(?:the )?(?:minimum|minimal|min\.?|youngest)(?: legal)?(?: ages?)?(?: limits?)?(?: of| is)?"
        r"|(?:the )?lower (?:age )?limits?",
    ),
    ("GE", r"at (?:the )?(?:least|minimum)(?: of)?|>=|=>|\u2265|no fewer than"),
    ("LE", r"(?:the )?(?:maximum|maximal|max\.?|oldest)(?: ages?)?(?: limits?)?(?: of| is)?|(?:the )?upper (?:age )?limits?"),
    ("LE", r"at (?:the )?(?:most|maximum)(?: of)?|<=|=<|\u2264|not to exceed|not exceed(?:ing)?|up to and including"),
    ("LT", r"(?:less|lower|smaller|fewer) than|younger than|up to but (?:not including|less than)|under|below|beneath|<"),
    (
        "GT",
        r"(?:greater|more|higher|larger|older|elder) th[ae]n|above|over|beyond|exceed(?:s|ing)?|upwards? of|in excess of|>",
    ),
    ("EQ", r"(?:or |and |/ ?)?(?:is )?(?:equals?|equivalent)(?: (?:to|than))?(?: or| and)?|or ?=|/ ?=|="),
    # The comparison without its "than", as in "greater or equal to": counts only beside EQ.
    ("GT?", r"greater|older|more|higher"),
    ("LT?", r"less|younger|lower"),
    ("INCLUSIVE", r"(?:both |all )?inclusive(?:ly)?|(?:bounds |limits |both )?included"),
    ("EXCLUSIVE", r"exclusive(?:ly)?"),
    (
        "BETWEEN",
        r"between|betwixt|(?:within|in) the (?:age )?range(?: of)?|rang(?:ed?|es|ing)(?: in age)?(?: from| of| between)?",
    ),
    ("OUTSIDE", r"outside(?: of)?|out of|other than"),
    ("NOT", r"not|no|never|nor|neither|isn't|aren't"),
    ("FROM", r"from|starting(?: at| from)?"),
    ("UPTO", r"up ?to|until|till|to (?:a )?maximum(?: of)?"),
    ("TO", r"to|through|thru|-+(?!\s?[a-z])"),
    ("OLD", r"-?\s?(?:of|in) (?:chronological |postnatal )?age|-?\s?olds?"),
    ("AGE", r"(?:chronological|postnatal|maternal|actual|current|legal|child-?\s?bearing|reproductive) age|age[sd]?"),
    ("YEAR", r"-?\s?(?:years?'?s?|yrs?\.?|yeas|yera?s|y)"),
    ("MONTH", r"-?\s?(?:months?'?|mos?\.?|mths?)"),
    ("WEEK", r"-?\s?(?:weeks?'?|wks?\.?)"),
    ("DAY", r"-?\s?(?:days?'?)"),
    ("HOUR", r"-?\s?(?:hours?'?|hrs?|h)"),
    ("PERSON", PEOPLE),
    ("ORDINAL", r"(?<=\d)(?:st|nd|rd|th)"),
    ("NUM", r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[ -]?1/2)?"),
    ("NUM", r"birth(?= (?:to|through|until|up to)\b)"),
    ("AND", r"and/or|and|or|but|&"),
    ("OPEN", r"[(\[]"),
    ("CLOSE", r"[)\]]"),
    ("COMMA", r","),
    ("COLON", r":"),
    ("WORD", r"[^\W\d_]+(?:['/-][^\W\d_]+)*\.?"),
    ("PUNCT", r"\S"),
)

# Abbreviations and slips written out before the clause is cut into tokens.
SPELLINGS = (
    (r"(?<=\d)[\s-]*y\s?[./]?\s?o\b\.?", " years old"),
    (r"\by/o\b", "years old"),
    (r"(?<=\d)'?s\b", " years old"),
    (r"\bages? eligible for (?:the )?(?:study|inclusion|enrol\w+)", "age"),
    # The condition is that of taking part itself.
    (r"\b(eligible|included|enrolled|excluded|recruited) (?:if|when)\b", r"\1:"),
    (r"\bages?(?=\d)", "age "),
    (r"\baged(?=\d)", "aged "),
    (r"(?<=[a-z])(?=[<>\u2264\u2265])", " "),
)
