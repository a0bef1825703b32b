"""The lake's Parquet tables: columns, types, keys and order. One declaration, used to write, check and document."""

from dataclasses import dataclass

from igny8_analysis.etl.source_schema import STAGE_RESULTS, STAGES

CREDITS = "decimal(18,6)"
CREDIT_SUM = "decimal(38,6)"


@dataclass(frozen=True)
class Column:
    """A column of a lake table: its DuckDB type and what it means."""

    type: str
    description: str
    is_nullable: bool = False


@dataclass(frozen=True)
class LakeTable:
    """A Parquet table of the lake: one row per `key`, sorted by `order_by` (by its key where that is empty)."""

    description: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    order_by: tuple[str, ...] = ()
    is_growing: bool = False

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The columns the file is sorted by."""
        return self.order_by or self.key


def _null(type_: str, description: str) -> Column:
    return Column(type_, description, is_nullable=True)


_SITE_ID = Column("bigint", "The site, by the source's id.")
_ID = Column("bigint", "The run's row id in the source.")
_RUN_ID = Column("varchar", "The run's name, run_YYYYMMDD_HHMMSS_<trigger>; not unique across sites.")
_STAGE_NUMBER = Column("tinyint", "Stage of the pipeline, 1 to 7.")

LAKE_TABLES = {
    "accounts": LakeTable(
        "One row per account (tenant).",
        ("account_id",),
        {
            "account_id": Column("bigint", "The account, by the source's id."),
            "name": _null("varchar", "The account's name."),
            "slug": _null("varchar", "The account's slug."),
            "status": _null("varchar", "active, suspended, trial, cancelled or another."),
            "credits": _null(
                CREDITS, "Credits of the plan at the load's instant; below 0 where the source says so."
            ),
            "bonus_credits": _null(CREDITS, "Bought credits at the load's instant; they never expire."),
            "plan_name": _null("varchar", "The account's plan."),
            "plan_included_credits": _null(CREDITS, "Credits that the plan gives a month."),
            "is_deleted": _null(
                "boolean", "Whether the source calls the account deleted; NULL: it does not say."
            ),
            "created_at": _null("timestamptz", "When the account was made."),
        },
    ),
    "sites": LakeTable(
        "One row per site, with a placeholder for each site that only runs, items, settings or the ledger name.",
        ("site_id",),
        {
            "site_id": _SITE_ID,
            "account_id": _null("bigint", "The account that owns the site."),
            "name": Column("varchar", "The site's name; `site <id>` where the source has no such site."),
            "domain": _null("varchar", "Bare domain: lower case, no scheme, www. or trailing slash."),
            "source_domain": _null("varchar", "The domain as the source has it."),
            "is_active": _null("boolean", "Whether the source calls the site active."),
            "is_deleted": _null(
                "boolean", "Whether the source calls the site deleted; NULL: it does not say."
            ),
            "created_at": _null("timestamptz", "When the site was made."),
            "has_source_row": Column("boolean", "False for a placeholder."),
        },
    ),
    "runs": LakeTable(
        "One row per automation run; JSON as the source has it.",
        ("site_id", "id"),
        {
            "site_id": _SITE_ID,
            "id": _ID,
            "run_id": _RUN_ID,
            "account_id": _null("bigint", "The account named on the run."),
            "trigger_type": _null("varchar", "manual, scheduled or another."),
            "status": Column("varchar", "running, paused, cancelled, completed, failed or another."),
            "current_stage": _null("integer", "The stage the run has reached."),
            "started_at": Column("timestamptz", "Start."),
            "completed_at": _null("timestamptz", "End; failed and cancelled runs have one too."),
            "paused_at": _null("timestamptz", "Last pause."),
            "resumed_at": _null("timestamptz", "Last resume."),
            "cancelled_at": _null("timestamptz", "Cancellation."),
            "total_credits_used": Column(CREDITS, "Credits the run was charged; 0 where unreadable."),
            "initial_snapshot": _null("varchar", "Pending items at the start: JSON text."),
            **{
                name: _null("varchar", f"Result of stage {number}: JSON text as the source has it.")
                for number, name in enumerate(STAGE_RESULTS, 1)
            },
            "error_message": _null("varchar", "Why the run failed."),
            "updated_at": _null("timestamptz", "Last write of the row."),
        },
        ("site_id", "started_at", "id"),
    ),
    "run_stages": LakeTable(
        "One row per run and stage, always seven, unnested from the results.",
        ("site_id", "id", "stage_number"),
        {
            "site_id": _SITE_ID,
            "id": _ID,
            "run_id": _RUN_ID,
            "stage_number": _STAGE_NUMBER,
            "has_result": Column("boolean", "Whether the result is an object with at least one key."),
            "items_processed": Column(CREDITS, "Items taken in; 0 where missing or unreadable."),
            "items_created": Column(CREDITS, "Items made; 0 for stage 7."),
            "credits_used": Column(CREDITS, "Credits the stage reports; 0 where missing or unreadable."),
            "duration_seconds": _null("bigint", "From time_elapsed; NULL where missing or unreadable."),
            "error": _null("varchar", "The stage's error text, if it is a text that is not blank."),
            "batches": _null(CREDITS, "Batches of stage 1; NULL for other stages."),
            "total_words": _null(CREDITS, "Words of stage 4; NULL for other stages."),
            "snapshot_items": _null(CREDITS, "Items pending for the stage when the run started."),
            "is_skipped": Column("boolean", "Whether the result says that the stage was skipped."),
            "is_partial": Column("boolean", "Whether the result says that the stage stopped early."),
            "reason": _null("varchar", "Why it was, if that is a text that is not blank."),
        },
    ),
    "value_findings": LakeTable(
        "One row per value that did not read as what it should be, and per unknown key of a stage result.",
        ("site_id", "account_id", "id", "stage_number", "key", "check_name"),
        {
            "site_id": _null("bigint", "The site, by the source's id; NULL for a finding about an account."),
            "account_id": _null("bigint", "The account, for a finding about an account; else NULL."),
            "id": _null(
                "bigint", "The run's row id in the source; NULL for a finding about a site or an account."
            ),
            "run_id": _null("varchar", "The run's name; NULL for a finding about a site or an account."),
            "stage_number": _null("tinyint", "Stage; NULL for a value of the run itself."),
            "key": Column("varchar", "Column or result key."),
            "value_text": _null("varchar", "The value as found."),
            "check_name": Column(
                "varchar",
                "unparsable_value, negative_value, unknown_result_key, missing_site or repeated_settings.",
            ),
        },
    ),
    "quarantine": LakeTable(
        "One row per source row that cannot be read at all.",
        ("source_table", "row_number"),
        {
            "source_table": Column("varchar", "Table of the source."),
            "row_number": Column("bigint", "Counts the table's quarantined rows, from 1."),
            "row_key": _null("varchar", "The row's id as found."),
            "reason": Column("varchar", "What could not be read."),
        },
    ),
    "pipeline_items": LakeTable(
        "One row per load, site, entity, status, site_status and is_pending: counts of items over all loads.",
        ("site_id", "load_number", "entity", "status", "site_status", "is_pending"),
        {
            "load_number": Column("bigint", "Number of the load."),
            "load_id": Column("varchar", "Version made by the load."),
            "as_of": Column("timestamptz", "Instant of the load's source snapshot."),
            "site_id": _SITE_ID,
            "entity": Column("varchar", "keywords, clusters, ideas, tasks, content or images."),
            "status": Column("varchar", "The items' status."),
            "site_status": _null("varchar", "Publishing status; content only."),
            "is_pending": Column("boolean", "Whether the items wait for their stage."),
            "items": Column("bigint", "How many items."),
        },
        is_growing=True,
    ),
    "automation_settings": LakeTable(
        "One row per load and site whose automation settings changed since the load before, over all loads.",
        ("site_id", "load_number"),
        {
            "load_number": Column("bigint", "Number of the load that first saw these settings."),
            "load_id": Column("varchar", "Version made by that load."),
            "as_of": Column("timestamptz", "Instant of that load's source snapshot."),
            "site_id": _SITE_ID,
            "is_present": Column("boolean", "False where the site's settings went; the rest is NULL then."),
            "is_enabled": _null("boolean", "Whether the automation starts runs by itself."),
            "frequency": _null("varchar", "daily, weekly, monthly or another."),
            "scheduled_time": _null("varchar", "Time of day of scheduled runs, HH:MM:SS."),
            "credit_limit": _null(
                CREDITS, "The most credits of a run, checked while it goes; NULL: no limit."
            ),
            **{
                f"stage_{stage.number}_limit": _null(
                    CREDITS, f"The most items that a run takes in at stage {stage.number}; NULL: no limit."
                )
                for stage in STAGES
            },
            **{
                f"stage_{stage.number}_is_on": _null(
                    "boolean", f"Whether stage {stage.number} is on; true where the source does not say."
                )
                for stage in STAGES
            },
            **{
                f"stage_{stage.number}_batch_size": _null(
                    CREDITS, f"Items that stage {stage.number} works on at a time."
                )
                for stage in STAGES
                if stage.has_batch_size
            },
        },
        is_growing=True,
    ),
    "automation_schedules": LakeTable(
        "One row per site with automation settings in this load.",
        ("site_id",),
        {
            "site_id": _SITE_ID,
            "last_run_at": _null("timestamptz", "When the automation last started, as the settings say."),
            "next_run_at": _null("timestamptz", "When it is due next, as the settings say."),
        },
    ),
    "credit_usage": LakeTable(
        "One row per account, site, UTC date and operation of the credit ledger, summed in the source.",
        ("account_id", "site_id", "used_on", "operation"),
        {
            "account_id": _null(
                "bigint", "The account that was charged; NULL where the source does not say."
            ),
            "site_id": _null("bigint", "The site; NULL where the ledger names none."),
            "used_on": Column("date", "Day in UTC."),
            "operation": Column(
                "varchar", "What the credits were used for; empty where the ledger does not say."
            ),
            "calls": Column("bigint", "Rows of the ledger."),
            "credits": Column(CREDIT_SUM, "Their credits, negative ones taken off; 0 for rows without."),
            "cost_usd": _null("decimal(38,9)", "What they cost the operator, in US dollars; NULL: not told."),
            "tokens_input": _null("bigint", "Tokens sent; NULL: not told."),
            "tokens_output": _null("bigint", "Tokens received; NULL: not told."),
        },
    ),
    "credit_transactions": LakeTable(
        "One row per account, UTC date and kind of the credit transactions, summed in the source.",
        ("account_id", "made_on", "kind"),
        {
            "account_id": _null("bigint", "The account; NULL where the source does not say."),
            "made_on": Column("date", "Day in UTC."),
            "kind": Column("varchar", "Kind of the transactions; empty where the source does not say."),
            "transactions": Column("bigint", "How many."),
            "amount": Column(CREDIT_SUM, "Sum of their amounts; below 0 are credits used."),
            "amount_added": Column(CREDIT_SUM, "Sum of their amounts above 0."),
        },
    ),
    "source_objects": LakeTable(
        "One row per table of IGNY8 in the source, and per column of it, whether this package reads it or not.",
        ("table_name", "column_name"),
        {
            "table_name": Column("varchar", "The table, with its schema where it is not seen without."),
            "column_name": _null("varchar", "The column; NULL: the table as a whole."),
            "is_readable": Column("boolean", "Whether the reading role may read it."),
        },
    ),
    "source_changes": LakeTable(
        "One row per load and table or column that came or went since the load before, over all loads.",
        ("load_number", "object"),
        {
            "load_number": Column("bigint", "Number of the load that saw it first."),
            "load_id": Column("varchar", "Version made by that load."),
            "as_of": Column("timestamptz", "Instant of that load's source snapshot."),
            "object": Column(
                "varchar", "table or table.column; of a table that came or went, the table alone."
            ),
            "change": Column("varchar", "new, gone, or hidden: there, but no longer to be read by the role."),
        },
        is_growing=True,
    ),
    "alert_keys": LakeTable(
        "One row per alert of the version before: what is not among them is new.",
        ("alert_key",),
        {"alert_key": Column("varchar", "Kind, account, site and event of the alert, joined by colons.")},
    ),
    "loads": LakeTable(
        "One row per load that became a version.",
        ("load_number",),
        {
            "load_number": Column("bigint", "Number of the load."),
            "load_id": Column("varchar", "Version made by the load: <as_of>-<number>."),
            "as_of": Column("timestamptz", "Instant of the source snapshot."),
            "source_kind": Column("varchar", "postgresql or sqlite."),
            "accounts": Column("bigint", "Rows read."),
            "sites": Column("bigint", "Sites, with placeholders."),
            "runs": Column("bigint", "Rows read."),
            "run_stages": Column("bigint", "Rows unnested: seven a run."),
            "pipeline_items": Column("bigint", "Rows counted by this load."),
            "value_findings": Column("bigint", "Values that did not read as they should."),
            "quarantine": Column("bigint", "Rows that could not be read."),
            "total_credits_used": Column(CREDIT_SUM, "Credits of all runs."),
            "missing": Column("varchar", "Optional tables and columns the source lacks, by name."),
            "not_read": _null(
                "varchar",
                "Tables that read as empty, by our word for them: they, or columns they must have, are missing.",
            ),
        },
        is_growing=True,
    ),
}

RUN_TABLES = ("runs", "run_stages")
"""The tables made of nothing but the source's runs."""
