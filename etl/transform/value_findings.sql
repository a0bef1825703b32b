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
            finding('sites.is_deleted', is_deleted, unparsable(is_deleted, as_boolean(is_deleted)))
        from raw_sites
        where as_bigint(id) is not null
        union all
        select
            site_id,
            case when site_id is null then account_id end,
            null,
            null,
            finding(
                'credit_usage_log.credits_used',
                min(bad_credits),
                case when count(bad_credits) > 0 then 'unparsable_value' end
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
