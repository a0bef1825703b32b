-- The source's tables as a SQLite copy has them: times and JSON as text, booleans as 0 and 1.
create table igny8_plans (
    id integer primary key, name text not null, included_credits integer
);
create table igny8_tenants (
    id integer primary key, name text not null, slug text not null, status text not null,
    credits integer not null, created_at text not null
);
create table igny8_sites (
    id integer primary key, tenant_id integer not null, name text not null, domain text,
    is_active integer not null, created_at text not null
);
create table igny8_automation_runs (
    id integer primary key, tenant_id integer not null, site_id integer not null, run_id text not null,
    trigger_type text not null, status text not null, current_stage integer not null,
    started_at text not null, completed_at text, paused_at text, resumed_at text, cancelled_at text,
    total_credits_used numeric, initial_snapshot text,
    stage_1_result text, stage_2_result text, stage_3_result text, stage_4_result text,
    stage_5_result text, stage_6_result text, stage_7_result text,
    error_message text, updated_at text
);
create index igny8_automation_runs_by_site on igny8_automation_runs (site_id, started_at);
create table igny8_automation_configs (
    id integer primary key, site_id integer not null, is_enabled integer, frequency text, scheduled_time text,
    last_run_at text, next_run_at text,
    stage_1_enabled integer, stage_2_enabled integer, stage_3_enabled integer, stage_4_enabled integer,
    stage_5_enabled integer, stage_6_enabled integer, stage_7_enabled integer,
    stage_1_batch_size integer, stage_2_batch_size integer, stage_3_batch_size integer,
    stage_4_batch_size integer, stage_5_batch_size integer, stage_6_batch_size integer,
    max_keywords_per_run integer, max_clusters_per_run integer, max_ideas_per_run integer,
    max_tasks_per_run integer, max_content_per_run integer, max_images_per_run integer,
    max_approvals_per_run integer, max_credits_per_run integer
);
create table igny8_keywords (
    id integer primary key, tenant_id integer not null, site_id integer not null, sector_id integer,
    cluster_id integer, status text not null, disabled integer not null, is_deleted integer not null,
    created_at text not null, updated_at text not null
);
create table igny8_clusters (
    id integer primary key, tenant_id integer not null, site_id integer not null, sector_id integer,
    name text not null, status text not null, disabled integer not null, is_deleted integer not null,
    created_at text not null, updated_at text not null
);
create table igny8_content_ideas (
    id integer primary key, tenant_id integer not null, site_id integer not null, sector_id integer,
    idea_title text not null, status text not null, disabled integer not null, is_deleted integer not null,
    created_at text not null, updated_at text not null
);
create table igny8_tasks (
    id integer primary key, tenant_id integer not null, site_id integer not null, sector_id integer,
    status text not null, is_deleted integer not null, created_at text not null, updated_at text not null
);
create table igny8_content (
    id integer primary key, tenant_id integer not null, site_id integer not null, sector_id integer,
    title text, status text not null, site_status text, word_count integer, is_deleted integer not null,
    created_at text not null, updated_at text not null
);
create table igny8_images (
    id integer primary key, tenant_id integer not null, site_id integer not null, content_id integer,
    task_id integer, image_type text, status text not null, is_deleted integer not null,
    created_at text not null, updated_at text not null
);
create table igny8_credit_usage_log (
    id integer primary key, tenant_id integer not null, site_id integer, operation_type text not null,
    credits_used numeric, cost_usd numeric, tokens_input integer, tokens_output integer, model_used text,
    created_at text not null
);
create table igny8_credit_transactions (
    id integer primary key, tenant_id integer not null, transaction_type text not null, amount numeric not null,
    created_at text not null
);
