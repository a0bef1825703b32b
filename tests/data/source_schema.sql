-- IGNY8's tables in PostgreSQL, as far as the analysis reads them.
-- total_credits_used is numeric here, as on some installations, so that fractions of a credit survive.

create table igny8_tenants (
    id bigint primary key, name varchar(255) not null, slug varchar(255) not null,
    status varchar(20) not null default 'active', credits integer not null default 0,
    created_at timestamptz not null
);
create table igny8_sites (
    id bigint primary key, tenant_id bigint not null references igny8_tenants, name varchar(255) not null,
    domain varchar(255), is_active boolean not null default true, created_at timestamptz not null
);
create table igny8_automation_runs (
    id bigint primary key, tenant_id bigint not null references igny8_tenants,
    site_id bigint not null references igny8_sites, run_id varchar(100) not null,
    trigger_type varchar(20) not null, status varchar(20) not null, current_stage integer not null default 1,
    started_at timestamptz not null, completed_at timestamptz, paused_at timestamptz, resumed_at timestamptz,
    cancelled_at timestamptz, total_credits_used numeric not null default 0, initial_snapshot jsonb,
    stage_1_result jsonb, stage_2_result jsonb, stage_3_result jsonb, stage_4_result jsonb,
    stage_5_result jsonb, stage_6_result jsonb, stage_7_result jsonb,
    error_message text, updated_at timestamptz
);
create index on igny8_automation_runs (site_id, started_at);
create table igny8_keywords (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    sector_id bigint, cluster_id bigint, status varchar(50) not null, disabled boolean not null default false,
    is_deleted boolean not null default false, created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_clusters (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    sector_id bigint, name varchar(255) not null, status varchar(50) not null,
    disabled boolean not null default false, is_deleted boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_content_ideas (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    sector_id bigint, idea_title varchar(255) not null, status varchar(50) not null,
    disabled boolean not null default false, is_deleted boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_tasks (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    sector_id bigint, status varchar(50) not null, is_deleted boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_content (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    sector_id bigint, title varchar(255), status varchar(50) not null, site_status varchar(50),
    word_count integer, is_deleted boolean not null default false,
    created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_images (
    id bigint primary key, tenant_id bigint not null, site_id bigint not null references igny8_sites,
    content_id bigint, task_id bigint, image_type varchar(50), status varchar(50) not null,
    is_deleted boolean not null default false, created_at timestamptz not null, updated_at timestamptz not null
);
create table igny8_credit_usage_log (
    id bigint primary key, tenant_id bigint not null, site_id bigint, operation_type varchar(50) not null,
    credits_used numeric(12,2) not null, model_used varchar(100), created_at timestamptz not null
);
