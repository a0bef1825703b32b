-- A table that a map alone names is no news while it may be read: it may have been there all along.
with
    now as (select table_name, coalesce(column_name, '') as column_name, is_readable from found_objects),
    before as (
        select table_name, coalesce(column_name, '') as column_name, is_readable from previous_source_objects
    ),
    both_ways as (
        select
            coalesce(n.table_name, b.table_name) as table_name,
            coalesce(n.column_name, b.column_name) as column_name,
            case
                when b.table_name is null
                then 'new'
                when n.table_name is null
                then 'gone'
                when b.is_readable and not n.is_readable
                then 'hidden'
            end as change
        from now as n
        full join before as b on b.table_name = n.table_name and b.column_name = n.column_name
    ),
    changes as (
        select table_name, column_name, change
        from both_ways
        where change is not null and exists (select 1 from before)
    ),
    of_tables as (select table_name from changes where column_name = '')
select
    load_number,
    load_id,
    as_of,
    table_name || case when column_name <> '' then '.' || column_name else '' end as object,
    change
from changes
cross join this_load
where
    (column_name = '' and (change = 'hidden' or regexp_matches(table_name, '(?i)(^|\.)igny8_[^.]*$')))
    or (column_name <> '' and table_name not in (select table_name from of_tables))
union all
select load_number, load_id, as_of, object, change
from previous_source_changes
