-- The site whose domain or name is most like a word, by the word to name it by: its domain, or its id.
with
    named as (
        select
            site_id,
            domain,
            count(*) over (partition by domain) as sharing,
            greatest(
                jaro_winkler_similarity(domain, {{ bare_domain }}),
                jaro_winkler_similarity(lower(name), lower($word))
            ) as likeness
        from sites
        where is_live
    )
select if(domain is not null and sharing = 1, domain, cast(site_id as varchar)) as word
from named
where likeness >= 0.85
order by likeness desc, site_id
limit 1
