with
    checks as (
        select site_id, null as account_id, id, run_id, unnest(checks) as finding
        from read_runs
        where reason is null
        union all
        select site_id, null, null, null, unnest(checks)
        from read_settings
        union all
        select null, account_id, null, null, unnest(checks)
        from read_accounts
        union all
        select
            as_bigint(id),
            null,
            null,
            null,
            unnest(
                [
                    finding('sites.tenant_id', account_id, unparsable(account_id, as_bigint(account_id))),
                    finding('sites.is_active', is_active, unparsable(is_active, as_boolean(is_active))),
                    finding('sites.is_deleted', is_deleted, unparsable(is_deleted, as_boolean(is_deleted))),
                    finding('sites.created_at', created_at, unparsable(created_at, as_time(created_at)))
                ]
            )
        from raw_sites
        where as_bigint(id) is not null
        union all
        select
            as_bigint(site_id),
            null,
            null,
            null,
            unnest(
                [
                    odd_flags(
                        any_value(table_key) || '.is_deleted', min(odd_is_deleted), sum(odd_is_deleted_items)
                    ),
                    odd_flags(any_value(table_key) || '.disabled', min(odd_disabled), sum(odd_disabled_items))
                ]
            )
        from raw_items
        where as_bigint(site_id) is not null
        group by as_bigint(site_id), table_key
        union all
        select
            site_id,
            case when site_id is null then account_id end,
            null,
            null,
            unnest(
                [
                    {% for column in ("credits_used", "cost_usd", "tokens_input", "tokens_output") %}
                        finding(
                            'credit_usage_log.{{ column }}',
                            min(bad_{{ column.removesuffix("_used") }}),
                            case
                                when count(bad_{{ column.removesuffix("_used") }}) > 0 then 'unparsable_value'
                            end
                        ){{ "," if not loop.last }}
                    {% endfor %}
                ]
            )
        from read_usage
        where reason is null
        group by 1, 2
        union all
        select
            null,
            account_id,
            null,
            null,
            finding(
                'credit_transactions.amount',
                min(bad_amount),
                case when count(bad_amount) > 0 then 'unparsable_value' end
            )
        from read_transactions
        where reason is null
        group by account_id
    )
select
    site_id, account_id, id, run_id, null as stage_number, finding.key, finding.value_text, finding.check_name
from checks
where finding.check_name is not null
union all
select site_id, null, id, run_id, stage_number, key, value_text, check_name
from stage_findings
union all
select site_id, null, null, null, null, 'site_id', null, 'missing_site'
from sites
where not has_source_row
