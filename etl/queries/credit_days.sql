-- One row per UTC date of the rows, an empty text where none reads: their number and sum, and how many
-- changed.
select
    {{ day }} as day,
    count(*) as items,
    cast({{ total }} ({{ summed }}) as text) as amount,
    count(case when {{ is_changed }} then 1 end) as changed_items
from ({{ rows }}) as calls
group by day
