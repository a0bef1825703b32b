-- Settings that are as they were at the load before get no row.
with
    latest as (
        select *
        from previous_automation_settings
        qualify row_number() over (partition by site_id order by load_number desc) = 1
    ),
    changed as (
        select s.site_id, true as is_present, {% for name in settings %} s.{{ name }}, {% endfor %}
        from read_settings as s
        left join latest as l on l.site_id = s.site_id
        where
            l.is_present is distinct from true
            {% for name in settings %} or s.{{ name }} is distinct from l.{{ name }} {% endfor %}
        union all
        select site_id, false, {% for name in settings %} null, {% endfor %}
        from latest
        where is_present and site_id not in (select site_id from read_settings)
    )
select load_number, load_id, as_of, changed.*
from changed
cross join this_load
union all
select load_number, load_id, as_of, site_id, is_present, {% for name in settings %} {{ name }}, {% endfor %}
from previous_automation_settings
