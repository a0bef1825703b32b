-- One row per run as read: typed, with the reason where the row cannot be read at all.
create table read_runs as
with
    looked_at as (
        select *, is_plain_object(initial_snapshot, '{{plain_item}}', {{ plain_keys }}) as is_plain from batches
    ),
    typed as (
        select
            as_bigint(site_id) as site_id,
            as_bigint(id) as id,
            run_id,
            as_bigint(account_id) as account_id,
            trigger_type,
            status,
            try_cast(as_number(current_stage) as integer) as current_stage,
            as_time(started_at) as started_at,
            as_time(completed_at) as completed_at,
            as_time(paused_at) as paused_at,
            as_time(resumed_at) as resumed_at,
            as_time(cancelled_at) as cancelled_at,
            number_or_zero(total_credits_used) as total_credits_used,
            case when is_plain or is_json(initial_snapshot) then initial_snapshot end as initial_snapshot,
            from_json(
                case when is_plain then initial_snapshot else as_object(initial_snapshot) end, '{{structure}}'
            ) as snapshot,
            stage_1_result,
            stage_2_result,
            stage_3_result,
            stage_4_result,
            stage_5_result,
            stage_6_result,
            stage_7_result,
            error_message,
            as_time(updated_at) as updated_at,
            id as id_text,
            total_credits_used as credits_text,
            [
                {
                    'key': 'current_stage',
                    'value_text': current_stage,
                    'check_name': case
                        when current_stage is not null and try_cast(as_number(current_stage) as integer) is null
                        then 'unparsable_value'
                    end
                },
                {
                    'key': 'total_credits_used',
                    'value_text': total_credits_used,
                    'check_name': number_check(coalesce(total_credits_used, ''))
                },
                {
                    'key': 'initial_snapshot',
                    'value_text': initial_snapshot,
                    'check_name': case when not (is_plain or is_json(initial_snapshot)) then 'unparsable_value' end
                },
                {'key': 'completed_at', 'value_text': completed_at, 'check_name': time_check(completed_at)},
                {'key': 'paused_at', 'value_text': paused_at, 'check_name': time_check(paused_at)},
                {'key': 'resumed_at', 'value_text': resumed_at, 'check_name': time_check(resumed_at)},
                {'key': 'cancelled_at', 'value_text': cancelled_at, 'check_name': time_check(cancelled_at)},
                {'key': 'updated_at', 'value_text': updated_at, 'check_name': time_check(updated_at)}
            ] as checks,
            case
                when as_bigint(id) is null then 'id is not a whole number'
                when as_bigint(site_id) is null then 'site_id is not a whole number'
                when run_id is null then 'run_id is missing'
                when status is null then 'status is missing'
                when as_time(started_at) is null then 'started_at is not a time'
            end as reason
        from looked_at
    )
select * replace (list_filter(checks, lambda c: c.check_name is not null) as checks)
from typed;

-- One row per run: what of it is text, as read.
create view raw_runs as select id_text as id, credits_text as total_credits_used from read_runs;
