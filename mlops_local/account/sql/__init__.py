"""Snowflake SQL to DuckDB SQL, and the places where other rooms take part in it.

For statements (all raise AccountError in Snowflake's words):

``query.translate(session, text, context=None) -> Translation``
    A SELECT, WITH, VALUES or parenthesised query. ``.sql`` is DuckDB text, ``.columns`` the Snowflake columns (name, type) of the
    answer, ``.entries`` the catalogue entries it reads (lineage, privileges). Nothing is executed until ``.sql`` is read: then the
    steps run that the text depends on (Python for whole columns, table functions; see ``steps``).
``query.fetch(session, translation) -> Result``
    Executes it within the caller's ``session.transaction()`` to an Arrow table.
``query.scalar_sql(session, text, columns=()) -> str``
    One expression (a default, a WHEN condition, a value), its columns given by name and type.
``dml.insert_relation(session, entry, columns, relation_sql) -> int`` (statements/dml.py)
    Appends the rows of a DuckDB query to a table, change capture included; COPY INTO uses it.

A query of ``$1:"A"::INT FROM @stage (..)`` is an ordinary query for ``query.translate``: see ``location`` below.

For those who add to the language (module ``extensions``; register at import time, one decorator each):

``@table_function("INFER_SCHEMA")``  ``(context, positional: list, named: dict) -> Relation``
    ``TABLE(name(..))``, also behind ``D.INFORMATION_SCHEMA.``; arguments are constants, as Python values.
``@system_function("SYSTEM$GET_TAG")``  ``(session, arguments: list) -> value``
    A function of constants that is answered before DuckDB runs: str, int, float, bool, None, datetime.
``@information_schema("PACKAGES")``  ``(context, database: str) -> Relation``
    A view of INFORMATION_SCHEMA.
``@object_source("STREAM")``  ``(context, entry) -> Relation``
    Rows of a catalogue object that is neither a table nor a view (those two, and DYNAMIC TABLE, are built in). The kind is
    looked up in its own namespace after tables.
``@location``  ``(context, location: str, options: dict[str, str], width: int) -> Relation``
    ``FROM @stage/path (FILE_FORMAT => .., PATTERN => ..)`` and ``FROM snow://..``. ``width`` is the highest ``$n`` that the query
    uses; the relation names its columns ``$1`` .. ``$n`` (a Parquet row is one VARIANT ``$1``), plus ``METADATA$FILENAME`` etc.
``@scalar_function``  ``(context, path: tuple[str, ...], argument_types: list[SqlType | None]) -> Scalar | None``
    A user-defined function: the name of the DuckDB function to call, and the types of its arguments and result; None when it is
    not one. Register the DuckDB function on ``account.engine.root``.
``@user_table_function``  ``(context, path, argument_types: list[SqlType | None]) -> RowFunction | None``
    ``TABLE(my_function(..) OVER (PARTITION BY ..))``: what makes the rows, given its arguments as columns and the partitions.
``@preparation``  ``(context, text: str) -> str``
    A pass over the text before it is parsed (``MODEL(M, V)!PREDICT(..)`` becomes a call of a function that ``scalar_function`` knows).

``Relation(sql, columns)``: a DuckDB SELECT whose output columns are named ``names.physical(column.name)``.
``context.register(arrow_table, columns) -> Relation`` makes one of an Arrow table, and ``context.name(relation)`` a name by which
query text reads it: ``SELECT .. FROM TABLE(SYSTEM$RELATION('name'))``. ``context.session``, ``.database``, ``.schema``
are where names resolve (a view's body resolves in the view's own schema).

A view's entry keeps its query in ``entry.properties["QUERY"]`` and its columns in ``catalogue.columns(entry)``; a dynamic table has
rows of its own in ``entry.physical``.
"""
