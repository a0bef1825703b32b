with
    kinds as (
        select site_id, alert, severity, severity_rank
        from alerts
        where site_id is not null and severity <> 'info'
        group by site_id, alert, severity, severity_rank
    ),
    needs as (
        select
            site_id,
            min(severity_rank) as severity_rank,
            count(case when severity = 'error' then 1 end) as errors,
            count(case when severity = 'warning' then 1 end) as warnings,
            list({'alert':alert, 'severity':severity} order by severity_rank, alert) as needs
        from kinds
        group by site_id
    )
select
    f.* replace (case when r.site_id is not null then f.next_run_credits end as next_run_credits),
    s.account_id,
    coalesce(n.errors, 0) as errors,
    coalesce(n.warnings, 0) as warnings,
    coalesce(n.needs, []) as needs,
    case
        when f.success_rate_pct >= p.good_success_pct
        then 'good'
        when f.success_rate_pct >= p.fair_success_pct
        then 'fair'
        when f.success_rate_pct < p.fair_success_pct
        then 'poor'
    end as success
from site_figures as f
cross join parameters as p
join sites as s on s.site_id = f.site_id
left join running_sites as r on r.site_id = f.site_id
left join needs as n on n.site_id = f.site_id
where s.is_live
order by n.severity_rank nulls last, f.last_run_started_at desc nulls last, f.site_id
