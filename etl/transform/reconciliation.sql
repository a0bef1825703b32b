-- One row per measure: what the source holds, what was quarantined of it and what the lake holds.
with
    quarantined as (
        select source_table, cast(sum(rows) as bigint) as rows from unreadable group by source_table
    ),
    measures as (
        select
            'accounts' as measure,
            (select count(*) from raw_accounts) as source,
            (select rows from quarantined where source_table = '{{accounts}}') as quarantined,
            (select count(*) from accounts) as lake
        union all
        select
            'sites',
            (select count(*) from raw_sites),
            (select rows from quarantined where source_table = '{{sites}}'),
            (select count(*) from sites where has_source_row)
        union all
        select
            'runs',
            (select count(*) from raw_automation_runs),
            (select rows from quarantined where source_table = '{{automation_runs}}'),
            (select count(*) from runs)
        union all
        select 'run_stages', (select {{ stages }} * count(*) from runs), 0, (select count(*) from run_stages)
        union all
        select
            'credits',
            (select sum(at_least_zero(as_number(total_credits_used))) from raw_automation_runs),
            (select sum(total_credits_used) from read_runs where reason is not null),
            (select sum(total_credits_used) from runs)
        union all
        select
            'items',
            (select sum(items) from raw_items),
            (select sum(items) from raw_items where as_bigint(site_id) is null),
            (select sum(items) from pipeline_items natural join this_load)
        union all
        select
            'sites_with_settings',
            (select count(distinct as_bigint(site_id)) from raw_automation_configs),
            0,
            (select count(*) from automation_schedules)
        union all
        select
            'calls',
            (select items from credit_usage_totals),
            (select rows from quarantined where source_table = '{{credit_usage_log}}'),
            (select sum(calls) from credit_usage)
        union all
        select
            'ledger_credits',
            (select cast(amount as decimal(38, 6)) from credit_usage_totals),
            (select sum(credits) from read_usage where reason is not null),
            (select sum(credits) from credit_usage)
        union all
        select
            'transactions',
            (select items from credit_transactions_totals),
            (select rows from quarantined where source_table = '{{credit_transactions}}'),
            (select sum(transactions) from credit_transactions)
        union all
        select
            'transaction_amount',
            (select cast(amount as decimal(38, 6)) from credit_transactions_totals),
            (select sum(amount) from read_transactions where reason is not null),
            (select sum(amount) from credit_transactions)
    )
select measure, coalesce(source, 0), coalesce(quarantined, 0), coalesce(lake, 0)
from measures
