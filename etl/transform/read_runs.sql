-- One row per run as read: typed, with the reason where the row cannot be read at all.
create or replace table read_runs as
with
    looked_at as (
        select *, is_simple_object(initial_snapshot, '{{plain_item}}') as is_simple from batches
    ),
    parsed as (
        select *, from_json(case when is_simple then initial_snapshot end, '{{structure}}') as simple from looked_at
    ),
    known as (
        select *, is_plain_object(is_simple, initial_snapshot, {{ keys_in_simple }}) as is_plain from parsed
    ),
    read as (select *, case when not is_plain then plain_json(initial_snapshot) end as json from known),
    typed as (
        select
            as_bigint(site_id) as site_id,
            as_bigint(id) as id,
            run_id,
            as_bigint(account_id) as account_id,
            trigger_type,
            status,
            try_cast(as_bigint(current_stage) as integer) as current_stage,
            as_time(started_at) as started_at,
            as_time(completed_at) as completed_at,
            as_time(paused_at) as paused_at,
            as_time(resumed_at) as resumed_at,
            as_time(cancelled_at) as cancelled_at,
            as_number(total_credits_used) as total_credits_used,
            case when is_plain or json is not null then initial_snapshot end as initial_snapshot,
            case
                when is_plain then simple else from_json(if_object(json), '{{structure}}')
            end as snapshot,
{% for stage in stages %}
            stage_{{ stage.number }}_result,
{% endfor %}
            error_message,
            as_time(updated_at) as updated_at,
            id as id_text,
            account_id as account_text,
            current_stage as current_stage_text,
            total_credits_used as credits_text,
            initial_snapshot as snapshot_text,
            completed_at as completed_text,
            paused_at as paused_text,
            resumed_at as resumed_text,
            cancelled_at as cancelled_text,
            updated_at as updated_text
        from read
    )
select
    * exclude (
        account_text,
        current_stage_text,
        snapshot_text,
        completed_text,
        paused_text,
        resumed_text,
        cancelled_text,
        updated_text
    ) replace (at_least_zero(total_credits_used) as total_credits_used),
    case
        when id is null then 'id is not a whole number'
        when id = -9223372036854775808 then 'id is the lowest there can be: no other is left below it'
        when site_id is null then 'site_id is not a whole number'
        when run_id is null then 'run_id is missing'
        when status is null then 'status is missing'
        when started_at is null then 'started_at is not a time'
    end as reason,
    case
        when
            (account_text is not null and account_id is null)
            or (current_stage_text is not null and current_stage is null)
            or not coalesce(is_plain_number(credits_text), false)
            or (snapshot_text is not null and initial_snapshot is null)
            or (completed_text is not null and completed_at is null)
            or (paused_text is not null and paused_at is null)
            or (resumed_text is not null and resumed_at is null)
            or (cancelled_text is not null and cancelled_at is null)
            or (updated_text is not null and updated_at is null)
        then
            list_filter(
                [
                    finding('tenant_id', account_text, unparsable(account_text, account_id)),
                    finding('current_stage', current_stage_text, unparsable(current_stage_text, current_stage)),
                    finding('total_credits_used', credits_text, number_check(coalesce(credits_text, ''), total_credits_used)),
                    finding('initial_snapshot', snapshot_text, unparsable(snapshot_text, initial_snapshot)),
                    finding('completed_at', completed_text, unparsable(completed_text, completed_at)),
                    finding('paused_at', paused_text, unparsable(paused_text, paused_at)),
                    finding('resumed_at', resumed_text, unparsable(resumed_text, resumed_at)),
                    finding('cancelled_at', cancelled_text, unparsable(cancelled_text, cancelled_at)),
                    finding('updated_at', updated_text, unparsable(updated_text, updated_at))
                ],
                lambda c: c.check_name is not null
            )
    end as checks,
    hash(typed) as digest
from typed;

-- One row per run: what of it is text, as read.
create or replace view raw_automation_runs as select id_text as id, credits_text as total_credits_used from read_runs;
