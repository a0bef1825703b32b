"""What can come next: in a query its views and their columns, where a site or an account is asked for their names."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

KEYWORDS = (
    "select from where group by order by having limit with as join left join on using case when then else end "
    "and or not in is null between like distinct union all count sum avg min max round coalesce cast desc asc "
    "over partition by qualify describe show tables explain"
)
COLUMNS = """
select if(schema_name = 'main', '', schema_name || '.') || table_name as name, column_name, comment
from duckdb_columns()
where not internal
order by schema_name desc, table_name, column_index
"""
GRAINS = """
select if(schema_name = 'main', '', schema_name || '.') || name, comment
from (
    select schema_name, view_name as name, comment from duckdb_views() where not internal
    union all
    select schema_name, table_name, comment from duckdb_tables()
)
order by schema_name = 'lake', coalesce(contains(comment, '. A step towards '), false), name
"""
# What a shell completes and what that means: a name where it is a plain word and names one alone, else the id.
_WORDS = """
select
    if(
        regexp_full_match({name}, '[A-Za-z0-9_./][A-Za-z0-9._/-]*')
        and not regexp_full_match({name}, '[0-9]+')
        and count(*) over (partition by lower(trim({name}))) = 1,
        {name},
        cast({id} as varchar)
    ) as word,
    {meaning}
from {rows}
order by word
"""
SITE_WORDS = _WORDS.format(id="site_id", name="domain", meaning="name", rows="sites where is_live")
ACCOUNT_WORDS = _WORDS.format(
    id="account_id", name="account_name", meaning="account_name", rows="accounts where not is_deleted"
)
_TABLE = re.compile(r"\b(?:from|join)\s+([\w.]+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)
_WORD = re.compile(r"[\w.]*$")
_REST = re.compile(r"\w*")
_AFTER_TABLE_WORD = re.compile(r"\b(?:from|join|describe|summarize)\s+[\w.]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Suggestion:
    """A word that can stand at the cursor: what to write, how much before the cursor it replaces, what it means."""

    text: str
    replaces: int
    meaning: str


class Dictionary:
    """Names and meanings of every view, table and column of a warehouse."""

    def __init__(self, warehouse: "Warehouse") -> None:
        """Read them once; views that are steps towards others come after those that answer."""
        self.grains: dict[str, str] = dict(warehouse.sql(GRAINS).fetchall())
        self.columns: dict[str, dict[str, str]] = {}
        for table, column, meaning in warehouse.sql(COLUMNS).fetchall():
            self.columns.setdefault(table, {})[column] = meaning or ""

    def suggestions(self, before: str, after: str = "") -> list[Suggestion]:
        """Return what can complete the word at the end of `before`; `after` is the text behind the cursor.

        After `from` and `join`: views. After `view.` or `alias.`: its columns. Elsewhere: the columns of the
        views that the query names (of all, where it names none yet), then SQL words, then views.
        """
        word = _WORD.search(before)
        typed = word[0] if word else ""
        named = self._named(f"{before}{after}")
        owner, dot, part = typed.rpartition(".")
        if _AFTER_TABLE_WORD.search(before):
            return self._matching(self.grains, typed)
        if dot and owner.lower() in named:
            return self._matching(self.columns[named[owner.lower()]], part)
        if dot:
            return self._matching(self.grains, typed)
        columns: dict[str, str] = {}
        for table in dict.fromkeys(named.values()) or (self.columns if typed else ()):
            columns = self.columns[table] | columns
        found = self._matching(columns, typed)
        if typed:
            found += self._matching(dict.fromkeys(KEYWORDS.split(), ""), typed)
            found += self._matching(self.grains, typed)
        return list({suggestion.text: suggestion for suggestion in reversed(found)}.values())[::-1]

    def meaning(self, before: str, after: str = "") -> str:
        """Return what the view or column at the cursor means; empty where it is none."""
        rest = _REST.match(after)
        end = rest.end() if rest else 0
        word = before + after[:end]
        for found in self.suggestions(word, after[end:]):
            if found.text.lower() == word[len(word) - found.replaces :].lower():
                columns = ", ".join(self.columns.get(found.text, ())) if found.text in self.grains else ""
                return f"{found.meaning}\n\n{columns}".strip()
        return ""

    def _named(self, query: str) -> dict[str, str]:
        """Names and aliases in a query, in lower case, with the view that each stands for."""
        named = {}
        for table, alias in _TABLE.findall(query):
            if table.lower() in self.columns:
                named[table.lower()] = table.lower()
                if alias and alias.lower() not in KEYWORDS.split():
                    named[alias.lower()] = table.lower()
        return named

    @staticmethod
    def _matching(names: dict[str, str], typed: str) -> list[Suggestion]:
        start = typed.lower()
        return [
            Suggestion(name, len(typed), meaning)
            for name, meaning in names.items()
            if name.lower().startswith(start)
            and _WORD.fullmatch(name)  # others need quotes, and could say more
        ]
