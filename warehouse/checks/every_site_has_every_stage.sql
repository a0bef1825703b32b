-- Sites without exactly a row per stage in the views of one row per site and stage.
select site_id, count(*) as stages
from prediction_stages
group by site_id
having count(*) <> (select count(*) from stage_parameters)
