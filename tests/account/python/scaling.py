"""A custom model. Its annotations must be types at run time: the client looks at them."""

import pandas as pd
from snowflake.ml.model.custom_model import CustomModel, inference_api, partitioned_api


class Scale(CustomModel):
    """``times`` takes a parameter, ``spread`` answers a row for each partition."""

    @inference_api
    def times(self, rows: pd.DataFrame, *, factor: int = 2) -> pd.DataFrame:
        return pd.DataFrame({"scaled": rows["A"] * factor})

    @partitioned_api
    def spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"SPREAD": [rows["A"].max() - rows["A"].min()], "N": [len(rows)]})
