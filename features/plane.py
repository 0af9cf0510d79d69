"""What a model of plane is like."""

from mlops.definitions import Entity, FeatureView

PLANE_MODEL = Entity(name="PLANE_MODEL", join_keys=("PLANE_MODEL",), description="A model of plane.")

PLANE = FeatureView(
    name="PLANE",
    version="V1",
    entities=("PLANE_MODEL",),
    # What a model is like does not change.
    timestamp=None,
    reads=("SOURCE.PLANE_MODEL_ATTRIBUTES",),
    query="""
        SELECT PLANE_MODEL, SEATING_CAPACITY, MAX_RANGE_KM, FUEL_EFFICIENCY_KM_PER_L
        FROM SOURCE.PLANE_MODEL_ATTRIBUTES
    """,
    features={
        "SEATING_CAPACITY": "How many passengers it takes.",
        "MAX_RANGE_KM": "How far it flies, in kilometres.",
        "FUEL_EFFICIENCY_KM_PER_L": "How far it flies with a litre, in kilometres.",
    },
    description="Attributes of a model of plane.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
