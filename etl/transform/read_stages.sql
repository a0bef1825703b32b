-- One row per run and stage, its result's values as text, as found.
insert into read_stages
with
{% for stage in stages %}
    texts_{{ stage.number }} as (
        select
            site_id,
            id,
            run_id,
            stage_{{ stage.number }}_result as source_text,
            is_simple_object(source_text, '{{ stage.plain_item }}') as is_simple,
            snapshot.stage_{{ stage.number }}_initial as snapshot_text
        from read_runs
        where reason is null and {{ which }}
    ),
    parsed_{{ stage.number }} as (
        select *, from_json(case when is_simple then source_text end, '{{ stage.structure }}') as simple
        from texts_{{ stage.number }}
    ),
    known_{{ stage.number }} as (
        select *, is_plain_object(is_simple, source_text, {{ stage.keys_in_simple }}) as is_plain
        from parsed_{{ stage.number }}
    ),
    read_{{ stage.number }} as (
        select *, case when not is_plain then plain_json(source_text) end as json from known_{{ stage.number }}
    ),
    objects_{{ stage.number }} as (
        select *, if_object(json) as object from read_{{ stage.number }}
    ),
    fields_{{ stage.number }} as (
        select
            site_id,
            id,
            run_id,
            source_text,
            is_plain,
            not is_plain and object is null and source_text is not null as is_unreadable,
            case when not is_plain then coalesce(json_keys(object), []) end as keys,
            case when is_plain then simple else from_json(object, '{{ stage.structure }}') end as field,
            snapshot_text
        from objects_{{ stage.number }}
    ),
{% endfor %}
    named as (
{% for stage in stages %}
        select
            site_id,
            id,
            run_id,
    {{ stage.number }} as stage_number,
            source_text,
            is_plain,
            is_unreadable,
            keys,
    {{ stage.known_keys }} as known_keys,
            '{{ stage.processed_key }}' as processed_key,
            '{{ stage.created_key }}' as created_key,
            field.{{ stage.processed_key }} as processed_text,
    {{ stage.created_text }} as created_text,
            field.credits_used as credits_text,
            field.time_elapsed as time_text,
            cast(field.error as varchar) as error_json,
            field.skipped,
            field.partial,
            cast(field.reason as varchar) as reason_json,
    {{ stage.has_batches }} as has_batches,
    {{ stage.batches_text }} as batches_text,
    {{ stage.has_total_words }} as has_total_words,
    {{ stage.total_words_text }} as total_words_text,
            snapshot_text
        from fields_{{ stage.number }}
    {% if not loop.last %} union all {% endif %}
{% endfor %}
    ),
    numbered as (
        select
            *,
            as_number(processed_text) as processed,
            as_number(created_text) as created,
            as_number(credits_text) as credits,
            as_number(batches_text) as batches,
            as_number(total_words_text) as total_words,
            as_number(snapshot_text) as snapshot_number
        from named
    )
select
    site_id,
    id,
    run_id,
    stage_number,
    case when is_plain then source_text <> '{}' else len(keys) > 0 end as has_result,
    at_least_zero(processed) as items_processed,
    at_least_zero(created) as items_created,
    at_least_zero(credits) as credits_used,
    elapsed_seconds(time_text) as duration_seconds,
    text_of_json(error_json) as error,
    case when has_batches then at_least_zero(batches) end as batches,
    case when has_total_words then at_least_zero(total_words) end as total_words,
    case when number_check(snapshot_text, snapshot_number) is null then snapshot_number end as snapshot_items,
    is_true_json(skipped) as is_skipped,
    is_true_json(partial) as is_partial,
    text_of_json(reason_json) as reason,
    case
        when not (is_plain and coalesce(is_plain_number(snapshot_text), true))
        then
            list_concat(
                list_filter(
                    [
                        finding(
                            'stage_' || stage_number || '_result',
                            source_text,
                            case when is_unreadable then 'unparsable_value' end
                        ),
                        finding(processed_key, processed_text, number_check(processed_text, processed)),
                        finding(created_key, created_text, number_check(created_text, created)),
                        finding('credits_used', credits_text, number_check(credits_text, credits)),
                        finding('time_elapsed', time_text, unparsable(time_text, elapsed_seconds(time_text))),
                        finding('error', error_json, case when error_json not like '"%' then 'unparsable_value' end),
                        finding('batches', batches_text, number_check(batches_text, batches)),
                        finding('total_words', total_words_text, number_check(total_words_text, total_words)),
                        finding(
                            'stage_' || stage_number || '_initial',
                            snapshot_text,
                            number_check(snapshot_text, snapshot_number)
                        )
                    ],
                    lambda c: c.check_name is not null
                ),
                list_transform(
                    list_filter(keys, lambda k: not list_contains(known_keys, k)),
                    lambda k: finding(k, null, 'unknown_result_key')
                )
            )
    end as checks
from numbered
