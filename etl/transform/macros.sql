-- How a text reads as a number, a time, a flag or JSON: NULL where there is none, and where it does not read.
create macro trimmed(text) as trim(text, e' \t\r\n');

-- Nearly every text of a real source is plain: nothing that any rule below has to look at twice.
-- What plain texts mean is found by one look and is what those rules say; the rules are for the others.
create macro is_plain_number(text) as regexp_full_match(text, '{{plain_number}}');

create macro is_plain_time(text) as
    regexp_full_match(
        text,
        '[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}(:[0-9]{2})?)'
    );

-- An object of nothing but such items.
create macro is_simple_object(text, item) as
    coalesce(regexp_full_match(text, '\{(' || item || '(, ?' || item || ')*)?\}'), false);

-- A simple object with none of its keys twice: `keys` says how many different ones it has.
create macro is_plain_object(is_simple, text, keys) as
    is_simple and 2 * keys = strlen(text) - strlen(replace(text, '":', ''));

create macro is_numeric(text) as
    regexp_full_match(trimmed(text), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?');

create macro is_negative(text) as is_numeric(text) and regexp_matches(trimmed(text), '^-[0.]*[1-9]');

-- Of a number: its digits, those from the first that is not 0, and how many of these come before the point.
create macro all_digits(text) as regexp_replace(text, '^[+-]|\.|[eE].*$', '', 'g');

create macro digits_of(text) as ltrim(all_digits(text), '0');

create macro places_of(text) as
    strlen(regexp_extract(text, '^[+-]?([0-9]*)', 1))
    - (strlen(all_digits(text)) - strlen(digits_of(text)))
    + coalesce(try_cast(nullif(regexp_extract(text, '[eE](.*)$', 1), '') as double), 0);

create macro first_digits(digits, count) as rpad(left(digits, count), count, '0');

-- By digits: decimal's parser refuses or cuts long mantissas with an exponent, double keeps some 16 digits.
-- The seventh decimal says how the sixth is rounded.
create macro number_of_digits(digits, places, is_negative) as
    case
        when digits = '' or places < -6
        then 0
        when places <= 12
        then
            try_cast(
                cast(first_digits(digits, cast(places as integer) + 7) as hugeint)
                * case when is_negative then -0.0000001 else 0.0000001 end as decimal(18, 6)
            )
    end;

-- Over a list of one, since what a macro is given stands wherever it names it: queries took longer to plan
-- than to run.
create macro shifted_number(text) as
    list_transform(
        [{'digits': digits_of(text), 'places': places_of(text), 'is_negative': text like '-%'}],
        lambda n: number_of_digits(n.digits, n.places, n.is_negative)
    )[1];

create macro as_number(text) as
    case
        when is_plain_number(text) then cast(text as decimal(18, 6))
        when is_numeric(text) then shifted_number(trimmed(text))
    end;

-- Beside its text the number that it reads as: to find that once is most of the work.
create macro number_check(text, number) as
    case
        when text is null or is_plain_number(text) then null
        when is_negative(text) then 'negative_value'
        when number is null then 'unparsable_value'
    end;

create macro at_least_zero(number) as coalesce(greatest(number, 0), 0);

create macro as_bigint(text) as
    case
        when regexp_full_match(text, '[0-9]{1,18}')
        then cast(text as bigint)
        when regexp_full_match(trimmed(text), '[+-]?[0-9]+(\.0*)?')
        then try_cast(regexp_replace(trimmed(text), '\.0*$', '') as bigint)
    end;

create macro as_boolean(text) as
    case
        when lower(trimmed(text)) in {{true_words}} then true
        when lower(trimmed(text)) in {{false_words}} then false
    end;

-- A space may part time and zone; the cast takes none.
create macro as_any_time(text) as
    case
        when
            regexp_full_match(
                trimmed(text),
                '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?'
            )
        then try_cast(regexp_replace(trimmed(text), ' ([Z+-])', '\1') as timestamptz)
    end;

-- Years 1 to 9999 in UTC: what every reader of the warehouse can hold.
create macro as_time(text) as
    case
        when is_plain_time(text)
        then try_cast(text as timestamptz)
        when
            as_any_time(text) >= timestamptz '0001-01-01 00:00:00+00'
            and as_any_time(text) < timestamptz '10000-01-01 00:00:00+00'
        then as_any_time(text)
    end;

create macro has_repeated_keys(json_text) as
    len(json_keys(json_text)) <> len(list_distinct(json_keys(json_text)));

-- As PostgreSQL's jsonb does: the last of repeated keys wins.
create macro last_of_repeated_keys(json_text) as
    '{'
    || array_to_string(
        list_transform(
            list_filter(
                range(1, len(json_keys(json_text)) + 1),
                lambda i: not list_contains(json_keys(json_text)[i + 1:], json_keys(json_text)[i])
            ),
            lambda i: cast(to_json(json_keys(json_text)[i]) as varchar)
            || ':'
            || cast(json_extract(json_text, '$.*')[i] as varchar)
        ),
        ','
    )
    || '}';

-- DuckDB's parser keeps about 16 digits of a number; as a text of digits it reads the same, whole.
create macro with_long_numbers_quoted(json_text) as
    case
        when regexp_matches(json_text, '[0-9][0-9.]{15,}')
        then regexp_replace(json_text, '"({{number_keys}})"\s*:\s*(-?[0-9][0-9.eE+-]{15,})', '"\1":"\2"', 'g')
        else json_text
    end;

create macro is_loose_json(text) as regexp_matches(text, '(?i),[ \t\r\n]*[}\]]|nan|inf');

-- DuckDB's parser also takes a comma before a closing bracket, and nan and inf in any spelling.
create macro is_json(text) as
    json_valid(text)
    and not (
        is_loose_json(text)
        and is_loose_json(regexp_replace(text, '"(\\.|[^"\\])*"|\bNaN\b|\bInfinity\b', '0', 'g'))
    );

create macro plain_json(text) as
    case
        when not is_json(text)
        then null
        when has_repeated_keys(text)
        then last_of_repeated_keys(with_long_numbers_quoted(text))
        else with_long_numbers_quoted(text)
    end;

create macro if_object(json) as case when json_type(json) = 'OBJECT' then json end;

create macro finding(key, text, check_name) as {'key': key, 'value_text': text, 'check_name': check_name};

create macro unparsable(text, value) as case when text is not null and value is null then 'unparsable_value' end;

-- Of flags that are counted in the source: one that is no known word, and how many such there are.
create macro odd_flags(key, text, items) as
    finding(
        key,
        case when items > 1 then text || ' in ' || cast(items as varchar) || ' rows' else text end,
        case when text is not null then 'unparsable_value' end
    );

create macro elapsed_seconds(text) as
    case
        when regexp_full_match(text, '{{plain_time}}') then cast(epoch(cast(text as interval)) as bigint)
    end;

create macro nullif_blank(text) as case when trimmed(text) <> '' then text end;

-- A text that is not blank; NULL for any other JSON.
create macro text_of_json(json_text) as
    case when json_text like '"%' then nullif_blank(json_extract_string(json_text, '$')) end;

create macro is_true_json(value) as
    coalesce(
        case json_type(value)
            when 'BOOLEAN'
            then cast(value as varchar) = 'true'
            when 'VARCHAR'
            then lower(json_extract_string(value, '$')) = 'true'
            else try_cast(cast(value as varchar) as double) = 1
        end,
        false
    );

-- Of a setting: what other tools write for a flag is none here, and a finding.
create macro truth_value(text) as
    case when lower(text) in ('1', 't', 'true') then true when lower(text) in ('0', 'f', 'false') then false end;

-- A limit of 0 or below is none.
create macro limit_value(number) as case when number > 0 then number end;

create macro time_of_day(text) as
    case
        when regexp_full_match(text, '[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?')
        then cast(try_cast(text as time) as varchar)
    end;

-- As the source's SQL gives it, in the years that every reader of the warehouse can hold.
create macro as_date(text) as
    case when regexp_full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(text as date) end;
