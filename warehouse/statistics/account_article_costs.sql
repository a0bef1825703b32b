-- One row per site: credits per article of its latest ten completions, and of the ten before them.
with
    limits as (select analyzed_runs, sufficient_runs, variance_threshold_pct from parameters),
    placed as (
        select
            c.site_id,
            c.total_credits_used,
            s.content_created,
            k.completions_known - c.completion_number < limits.analyzed_runs as is_recent
        from completions as c
        join known_completions as k on k.site_id = c.site_id
        join run_summary as s on s.site_id = c.site_id and s.id = c.id
        cross join limits
        where
            c.completion_number <= k.completions_known
            and k.completions_known - c.completion_number < 2 * limits.analyzed_runs
    ),
    summed as (
        select
            site_id,
            count(case when is_recent then 1 end) as recent_runs,
            count(case when not is_recent then 1 end) as earlier_runs,
            cast(sum(case when is_recent then total_credits_used end) as double) / nullif(
                cast(sum(case when is_recent then content_created end) as double), 0
            ) as recent_credits_per_article,
            cast(sum(case when not is_recent then total_credits_used end) as double) / nullif(
                cast(sum(case when not is_recent then content_created end) as double), 0
            ) as earlier_credits_per_article
        from placed
        group by site_id
    ),
    compared as (
        select
            s.account_id,
            s.account_name,
            s.site_id,
            s.label,
            coalesce(c.recent_runs, 0) as recent_runs,
            coalesce(c.earlier_runs, 0) as earlier_runs,
            c.recent_credits_per_article,
            c.earlier_credits_per_article,
            case
                when c.recent_runs >= limits.sufficient_runs and c.earlier_runs >= limits.sufficient_runs
                then
                    (c.recent_credits_per_article - c.earlier_credits_per_article)
                    / nullif(c.earlier_credits_per_article, 0)
                    * 100
            end as cost_change_pct,
            limits.variance_threshold_pct
        from sites as s
        left join summed as c on c.site_id = s.site_id
        cross join limits
        where s.is_live
    )
select
    account_id,
    account_name,
    site_id,
    label,
    recent_runs,
    earlier_runs,
    recent_credits_per_article,
    earlier_credits_per_article,
    cost_change_pct,
    coalesce(cost_change_pct > variance_threshold_pct, false) as has_cost_risen
from compared
