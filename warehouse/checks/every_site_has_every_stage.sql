-- Sites without exactly a row per stage in the predictions.
select s.site_id, count(p.stage_number) as stages
from sites as s
left join prediction_stages as p on p.site_id = s.site_id
group by s.site_id
having count(p.stage_number) <> (select count(*) from stage_parameters)
