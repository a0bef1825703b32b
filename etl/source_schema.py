"""What the source database holds: the tables and columns that are read, and the seven stages of its pipeline."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceTable:
    """A table of the source: the columns read (name → PostgreSQL type) and those it must have.

    A table may go by any of `names`. A missing optional column reads as NULL, a missing optional table as empty;
    so does an `is_extra` table that lacks a required column, which would stop a load elsewhere.
    """

    names: tuple[str, ...]
    columns: dict[str, str]
    required: frozenset[str]
    is_required: bool = False
    is_extra: bool = False


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline: the settings' column of its limit, and the keys of its result.

    Its result counts items in and, where it creates anything, items out.
    """

    number: int
    limit: str
    processed_key: str
    created_key: str | None
    extra_number_keys: tuple[str, ...] = ()
    has_batch_size: bool = True

    @property
    def number_keys(self) -> tuple[str, ...]:
        """The stage's own keys that hold numbers."""
        return (self.processed_key, *filter(None, [self.created_key]), *self.extra_number_keys)


STAGES = (
    Stage(1, "max_keywords_per_run", "keywords_processed", "clusters_created", ("batches",)),
    Stage(2, "max_clusters_per_run", "clusters_processed", "ideas_created"),
    Stage(3, "max_ideas_per_run", "ideas_processed", "tasks_created"),
    Stage(4, "max_tasks_per_run", "tasks_processed", "content_created", ("total_words",)),
    Stage(5, "max_content_per_run", "content_processed", "prompts_created"),
    Stage(6, "max_images_per_run", "images_processed", "images_generated"),
    Stage(7, "max_approvals_per_run", "ready_for_review", None, has_batch_size=False),
)
"""In the pipeline's order; what they are called, what feeds them and their defaults: `stage_parameters.sql`."""

COMMON_RESULT_KEYS = (
    "credits_used",
    "time_elapsed",
    "batches",
    "total_words",
    "error",
    "skipped",
    "partial",
    "reason",
)

OTHER_NAMES = {"tenant_id": "account_id", "is_enabled": "enabled", "transaction_type": "type"}
"""Columns that go by another name in some installations."""

STAGE_RESULTS = tuple(f"stage_{stage.number}_result" for stage in STAGES)


def _item_table(name: str, **extra: str) -> SourceTable:
    columns = {"site_id": "bigint", "status": "text", "is_deleted": "boolean", **extra}
    return SourceTable((name,), columns, frozenset({"site_id", "status"}))


SOURCE_TABLES = {
    "accounts": SourceTable(
        ("igny8_tenants", "igny8_accounts"),
        {
            "id": "bigint",
            "name": "text",
            "slug": "text",
            "status": "text",
            "credits": "numeric",
            "bonus_credits": "numeric",
            "plan_id": "bigint",
            "is_deleted": "boolean",
            "created_at": "timestamptz",
        },
        frozenset({"id"}),
    ),
    "plans": SourceTable(
        ("igny8_plans",),
        {"id": "bigint", "name": "text", "included_credits": "numeric"},
        frozenset({"id"}),
        is_extra=True,
    ),
    "sites": SourceTable(
        ("igny8_sites",),
        {
            "id": "bigint",
            "tenant_id": "bigint",
            "name": "text",
            "domain": "text",
            "is_active": "boolean",
            "is_deleted": "boolean",
            "created_at": "timestamptz",
        },
        frozenset({"id"}),
    ),
    "automation_runs": SourceTable(
        ("igny8_automation_runs",),
        {
            "id": "bigint",
            "tenant_id": "bigint",
            "site_id": "bigint",
            "run_id": "text",
            "trigger_type": "text",
            "status": "text",
            "current_stage": "integer",
            "started_at": "timestamptz",
            "completed_at": "timestamptz",
            "paused_at": "timestamptz",
            "resumed_at": "timestamptz",
            "cancelled_at": "timestamptz",
            "total_credits_used": "numeric",
            "initial_snapshot": "jsonb",
            **dict.fromkeys(STAGE_RESULTS, "jsonb"),
            "error_message": "text",
            "updated_at": "timestamptz",
        },
        frozenset({"id", "run_id", "site_id", "status", "started_at", "total_credits_used", *STAGE_RESULTS}),
        is_required=True,
    ),
    "automation_configs": SourceTable(
        ("igny8_automation_configs", "igny8_automation_config"),
        {
            "id": "bigint",
            "site_id": "bigint",
            "is_enabled": "boolean",
            "frequency": "text",
            "scheduled_time": "time",
            "last_run_at": "timestamptz",
            "next_run_at": "timestamptz",
            **{f"stage_{stage.number}_enabled": "boolean" for stage in STAGES},
            **{f"stage_{stage.number}_batch_size": "integer" for stage in STAGES if stage.has_batch_size},
            **{stage.limit: "integer" for stage in STAGES},
            "max_credits_per_run": "numeric",
        },
        frozenset({"site_id"}),
        is_extra=True,
    ),
    "keywords": _item_table("igny8_keywords", cluster_id="bigint", disabled="boolean"),
    "clusters": _item_table("igny8_clusters", disabled="boolean"),
    "content_ideas": _item_table("igny8_content_ideas", disabled="boolean"),
    "tasks": _item_table("igny8_tasks"),
    "content": _item_table("igny8_content", id="bigint", site_status="text"),
    "images": _item_table("igny8_images", content_id="bigint"),
    "credit_usage_log": SourceTable(
        ("igny8_credit_usage_log", "igny8_credit_usage_logs"),
        {
            "tenant_id": "bigint",
            "site_id": "bigint",
            "operation_type": "text",
            "credits_used": "numeric",
            "cost_usd": "numeric",
            "tokens_input": "integer",
            "tokens_output": "integer",
            "created_at": "timestamptz",
        },
        frozenset({"tenant_id", "credits_used", "created_at"}),
        is_extra=True,
    ),
    "credit_transactions": SourceTable(
        ("igny8_credit_transactions",),
        {
            "tenant_id": "bigint",
            "transaction_type": "text",
            "amount": "numeric",
            "created_at": "timestamptz",
        },
        frozenset({"tenant_id", "amount", "created_at"}),
        is_extra=True,
    ),
}
"""By the names that `igny8 check` prints and a source map uses: the usual name of the table without `igny8_`."""

ENTITIES = {
    "keywords": "keywords",
    "clusters": "clusters",
    "ideas": "content_ideas",
    "tasks": "tasks",
    "content": "content",
    "images": "images",
}
"""Kinds of items → their source table."""
