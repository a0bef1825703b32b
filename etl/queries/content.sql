select
    cast(site_id as text) as site_id,
    cast(status as text) as status,
    cast(site_status as text) as site_status,
    case
        when cast(status as text) = 'review'
        then 1
        when
            cast(status as text) = 'draft'
            and not exists (
                select 1
                from {images}
                where
                    images.content_id = content.id
                    and lower(coalesce(cast(images.is_deleted as text), '0'))
                    not in ('1', '1.0', 'true', 't', 'yes', 'y', 'on')
            )
        then 1
        else 0
    end as is_pending,
    count(*) as items
from {content}
where lower(coalesce(cast(is_deleted as text), '0')) not in ('1', '1.0', 'true', 't', 'yes', 'y', 'on')
group by 1, 2, 3, 4
