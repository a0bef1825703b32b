-- One row per site with automation settings: of several rows of a site, that of the highest id.
create table read_settings as
with
    counted as (
        select
            *,
            as_bigint(site_id) as site,
            count(*) over (partition by as_bigint(site_id)) as rows_of_site,
            row_number() over (
                partition by as_bigint(site_id) order by as_bigint(id) desc nulls last, hash(c) desc
            ) as place
        from raw_automation_configs as c
    ),
    numbered as (
        select
            *,
{% for column in numbers %}
            as_number({{ column }}) as {{ column }}_number,
{% endfor %}
        from counted
        where site is not null and place = 1
    ),
    typed as (
        select
            site as site_id,
            rows_of_site,
            truth_value(is_enabled) as is_enabled,
            frequency,
            time_of_day(scheduled_time) as scheduled_time,
            limit_value(max_credits_per_run_number) as credit_limit,
{% for stage in stages %}
            limit_value({{ stage.limit }}_number) as stage_{{ stage.number }}_limit,
            coalesce(truth_value(stage_{{ stage.number }}_enabled), true) as stage_{{ stage.number }}_is_on,
    {% if stage.has_batch_size %}
            stage_{{ stage.number }}_batch_size_number as stage_{{ stage.number }}_batch_size,
    {% endif %}
{% endfor %}
            as_time(last_run_at) as last_run_at,
            as_time(next_run_at) as next_run_at,
            list_filter(
                [
{% for column in numbers %}
                    finding('automation_configs.{{ column }}', {{ column }}, unparsable({{ column }}, {{ column }}_number)),
{% endfor %}
{% for column in flags %}
                    finding('automation_configs.{{ column }}', {{ column }}, unparsable({{ column }}, truth_value({{ column }}))),
{% endfor %}
                    finding(
                        'automation_configs.site_id',
                        cast(rows_of_site as varchar) || ' rows',
                        case when rows_of_site > 1 then 'repeated_settings' end
                    )
                ],
                lambda c: c.check_name is not null
            ) as checks
        from numbered
    )
select *
from typed
