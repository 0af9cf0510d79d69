"""What patients have and trials are about: how common, from which age, in whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    name: str
    weight: float
    youngest: float
    oldest: float
    sex: str | None = None


CONDITIONS = (
    Condition("type 2 diabetes", 5, 25, 95),
    Condition("hypertension", 6, 30, 95),
    Condition("asthma", 4, 2, 80),
    Condition("atopic dermatitis", 3, 0, 60),
    Condition("migraine", 3, 10, 65),
    Condition("rheumatoid arthritis", 3, 20, 90),
    Condition("heart failure", 3, 45, 95),
    Condition("chronic obstructive pulmonary disease", 3, 40, 92),
    Condition("major depressive disorder", 3, 14, 85),
    Condition("acute otitis media", 2, 0, 12),
    Condition("breast cancer", 2, 30, 88, "FEMALE"),
    Condition("prostate cancer", 2, 48, 92, "MALE"),
)
