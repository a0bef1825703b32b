select alert, severity, count(*) as alerts
from alerts
where {{ owner_a }} and severity <> 'info'
group by alert, severity, severity_rank
order by severity_rank, alerts desc, alert
