-- IGNY8's tables in PostgreSQL, as far as the analysis reads them.
-- total_credits_used is numeric here, as on some installations, so that fractions of a credit survive.

create table igny8_plans (
    id bigint primary key, name varchar(255) not null, included_credits integer
);
create table igny8_tenants (
    id bigint primary key, name varchar(255) not null, slug varchar(255) not null,
    status varchar(20) not null default 'active', credits integer not null default 0,
    bonus_credits integer, plan_id bigint, is_deleted boolean not null default false,
    created_at timestamptz not null
);
create table igny8_sites (
    id bigint primary key, tenant_id bigint not null references igny8_tenants, name varchar(255) not null,
    domain varchar(255), is_active boolean not null default true, is_deleted boolean not null default false,
    created_at timestamptz not null
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
create table igny8_automation_configs (
    id bigint primary key, site_id bigint not null, is_enabled boolean, frequency varchar(20), scheduled_time time,
    last_run_at timestamptz, next_run_at timestamptz,
    stage_1_enabled boolean, stage_2_enabled boolean, stage_3_enabled boolean, stage_4_enabled boolean,
    stage_5_enabled boolean, stage_6_enabled boolean, stage_7_enabled boolean,
    stage_1_batch_size integer, stage_2_batch_size integer, stage_3_batch_size integer,
    stage_4_batch_size integer, stage_5_batch_size integer, stage_6_batch_size integer,
    max_keywords_per_run integer, max_clusters_per_run integer, max_ideas_per_run integer,
    max_tasks_per_run integer, max_content_per_run integer, max_images_per_run integer,
    max_approvals_per_run integer, max_credits_per_run integer
);
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
    credits_used numeric(12,2), cost_usd numeric(12,6), tokens_input integer, tokens_output integer,
    model_used varchar(100), created_at timestamptz not null
);
create table igny8_credit_transactions (
    id bigint primary key, tenant_id bigint not null, transaction_type varchar(20) not null,
    amount numeric(12,2) not null, created_at timestamptz not null
);
