"""The endpoints as a Django developer writes them: models over IGNY8's tables, queries by the ORM, the JSON in Python.

Answers hold what `overview_stats`, `history` and `run_detail` hold, without their rarer cases (odd values in JSON,
statuses of other releases, reconciliation). The row checks that both sides say the same of a site before it times them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.db import connection, models
from django.db.models import Avg, Count, F, Q, Sum, Window
from django.db.models.functions import RowNumber

settings.configure(USE_TZ=True, DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}})
django.setup()

STAGES = (
    ("Keyword Clustering", "keywords_processed", "clusters_created", 0.4, 0.08),
    ("Idea Generation", "clusters_processed", "ideas_created", 15, 8),
    ("Task Creation", "ideas_processed", "tasks_created", 0, 1),
    ("Content Writing", "tasks_processed", "content_created", 15, 1),
    ("Image Prompts", "content_processed", "prompts_created", 2, 3),
    ("Image Generation", "images_processed", "images_generated", 5, 1),
    ("Review", "ready_for_review", None, 0, 0),
)
STATUSES = ("completed", "failed", "running", "paused", "cancelled")
INDEXES = (
    *(
        "igny8_keywords",
        "igny8_clusters",
        "igny8_content_ideas",
        "igny8_tasks",
        "igny8_content",
        "igny8_images",
    ),
)


class Model(models.Model):
    class Meta:
        abstract = True
        managed = False
        app_label = "benchmarks"

    objects: models.Manager[Any]


class Site(Model):
    name = models.CharField()
    domain = models.CharField()

    class Meta(Model.Meta):
        db_table = "igny8_sites"


class AutomationRun(Model):
    site = models.ForeignKey(Site, models.CASCADE)
    run_id = models.CharField()
    trigger_type = models.CharField()
    status = models.CharField()
    current_stage = models.IntegerField()
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    total_credits_used = models.DecimalField(max_digits=18, decimal_places=6)
    initial_snapshot = models.JSONField()
    stage_1_result = models.JSONField()
    stage_2_result = models.JSONField()
    stage_3_result = models.JSONField()
    stage_4_result = models.JSONField()
    stage_5_result = models.JSONField()
    stage_6_result = models.JSONField()
    stage_7_result = models.JSONField()
    error_message = models.TextField(null=True)

    class Meta(Model.Meta):
        db_table = "igny8_automation_runs"

    @property
    def seconds(self) -> float | None:
        return (self.completed_at - self.started_at).total_seconds() if self.completed_at else None

    def stages(self) -> list[dict[str, Any]]:
        return [self._stage(number, *keys) for number, (_, *keys, _, _) in enumerate(STAGES, 1)]

    def _stage(self, number: int, taken: str, made: str | None) -> dict[str, Any]:
        result = getattr(self, f"stage_{number}_result") or {}
        processed, created = result.get(taken) or 0, (result.get(made) or 0) if made else 0
        credits_used = result.get("credits_used") or 0
        if credits_used or created or (number == 7 and processed):
            status = "completed"
        else:
            status = "skipped" if self.status == "completed" and number <= self.current_stage else "pending"
        return {
            "stage_number": number,
            "stage_name": STAGES[number - 1][0],
            "status": status,
            "credits_used": credits_used,
            "items_processed": processed,
            "items_created": created,
            "duration_seconds": _seconds(result.get("time_elapsed")),
            "error": "",
        }


def _items(table: str) -> Any:
    fields = {"site": models.ForeignKey(Site, models.CASCADE), "status": models.CharField()}
    fields |= {"is_deleted": models.BooleanField()}
    if table != "igny8_tasks" and table not in ("igny8_content", "igny8_images"):
        fields["disabled"] = models.BooleanField()
    meta = type("Meta", (Model.Meta,), {"db_table": table})
    name = table.removeprefix("igny8_").title().replace("_", "")
    return type(name, (Model,), {"Meta": meta, "__module__": __name__, **fields})


ITEMS = {table.removeprefix("igny8_"): _items(table) for table in INDEXES}
PENDING = {
    1: ("keywords", ("new",)),
    2: ("clusters", ("new",)),
    3: ("content_ideas", ("new",)),
    4: ("tasks", ("queued",)),
    5: ("content", ("draft",)),
    6: ("images", ("pending",)),
    7: ("content", ("review",)),
}


def connect(url: str) -> None:
    """Use the database at the URL, with the indexes that Django makes for its foreign keys."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname])[0]
    connection.close()
    connection.settings_dict |= {
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": host or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
    }
    with connection.cursor() as cursor:
        for table in INDEXES:
            cursor.execute(f"create index if not exists {table}_site on {table} (site_id)")
        cursor.execute(
            "create index if not exists runs_completed on igny8_automation_runs (site_id, status, completed_at)"
        )
        cursor.execute("analyze")


def overview_stats(site_id: int, now: datetime) -> dict[str, Any]:
    """The overview of a site."""
    site = Site.objects.get(pk=site_id)
    runs = AutomationRun.objects.filter(site=site)
    statistics = runs.aggregate(**_statistics(now))
    analyzed = list(_completions(runs, now)[:10])
    return {
        "site": {"site_id": site.pk, "domain": site.domain, "name": site.name},
        "as_of": now.isoformat(),
        **_overview(
            statistics, analyzed, _item_counts(ITEMS[name].objects.filter(site=site) for name in ITEMS)
        ),
    }


def every_overview(now: datetime) -> dict[int, dict[str, Any]]:
    """The overview of every site, in bulk: a query for each of what is aggregated, one for the latest ten runs."""
    grouped = AutomationRun.objects.values("site_id").annotate(**_statistics(now))
    statistics = {row.pop("site_id"): row for row in grouped}
    numbered = _completions(AutomationRun.objects.all(), now).annotate(
        place=Window(RowNumber(), partition_by="site_id", order_by=[F("completed_at").desc(), F("id").desc()])
    )
    analyzed = defaultdict(list)
    for run in numbered.filter(place__lte=10).order_by("site_id", "place"):
        analyzed[run.site_id].append(run)
    items: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    for name, model in ITEMS.items():
        counted = model.objects.filter(is_deleted=False).values("site_id", "status").annotate(n=Count("id"))
        for row in counted:
            items[row["site_id"]][name, row["status"]] = row["n"]
    nothing = dict.fromkeys(_statistics(now), 0)
    return {
        site.pk: {"site": {"site_id": site.pk, "domain": site.domain, "name": site.name}}
        | _overview(statistics.get(site.pk, nothing), analyzed[site.pk], items[site.pk])
        for site in Site.objects.all()
    }


def run_detail(site_id: int, run_id: str) -> dict[str, Any]:
    """A run beside the latest ten completions that were known when it started."""
    runs = AutomationRun.objects.filter(site_id=site_id)
    run = runs.select_related("site").get(run_id=run_id)
    number = runs.filter(started_at__lte=run.started_at).count()
    baseline = list(_completions(runs, run.started_at)[:10])
    averages = _stage_averages(baseline)
    has_history = len(baseline) >= 3
    stages = run.stages()
    for stage, average in zip(stages, averages, strict=True):
        credits_pct = _change(stage["credits_used"], average["avg_credits"]) if has_history else None
        items_pct = _change(stage["items_created"], average["avg_items_created"]) if has_history else None
        stage["comparison"] = {
            "historical_avg_credits": _whole(average["avg_credits"]),
            "historical_avg_items": _whole(average["avg_items_created"]),
            "credit_variance_pct": credits_pct,
            "items_variance_pct": items_pct,
        }
    created = sum(stage["items_created"] for stage in stages)
    minutes = (run.seconds or 0) / 60
    history = _history(baseline)
    per_item = _over(float(run.total_credits_used), created)
    return {
        "run": _head(run, number)
        | {
            "current_stage": run.current_stage,
            "total_credits_used": round(run.total_credits_used),
            "initial_snapshot": run.initial_snapshot,
            "error_message": run.error_message or "",
        },
        "stages": stages,
        "efficiency": {
            "credits_per_item": round(per_item or 0, 2),
            "items_per_minute": round(_over(created, minutes) or 0, 2),
            "credits_per_minute": round(_over(float(run.total_credits_used), minutes) or 0, 2),
        },
        "insights": _insights(run, stages, per_item, history, len(baseline)),
        "historical_comparison": history,
    }


def history(site_id: int, page: int = 1, page_size: int = 20) -> dict[str, Any]:
    """A page of the site's runs."""
    site = Site.objects.get(pk=site_id)
    runs = AutomationRun.objects.filter(site=site)
    total = runs.count()
    start = (page - 1) * page_size
    rows = []
    for place, run in enumerate(runs.order_by("-started_at", "-id")[start : start + page_size], start):
        run.site = site
        stages = run.stages()
        row = _head(run, total - place)
        row |= {
            "total_credits_used": round(run.total_credits_used),
            "current_stage": run.current_stage,
            "initial_snapshot": run.initial_snapshot,
            "stages_completed": sum(stage["status"] == "completed" for stage in stages),
            "stages_failed": sum(stage["status"] == "failed" for stage in stages),
            "summary": {
                "items_processed": sum(stage["items_processed"] for stage in stages),
                "items_created": sum(stage["items_created"] for stage in stages),
                "content_created": stages[3]["items_created"],
                "images_generated": stages[5]["items_created"],
            },
            "stage_statuses": [stage["status"] for stage in stages],
        }
        rows.append(row)
    return {"runs": rows, "pagination": {"page": page, "page_size": page_size, "total_count": total}}


def _statistics(now: datetime) -> dict[str, Any]:
    counts = {f"{status}_runs": Count("id", filter=Q(status=status)) for status in STATUSES}
    day, week, month = (now - timedelta(days=days) for days in (1, 7, 30))
    took = models.ExpressionWrapper(F("completed_at") - F("started_at"), models.DurationField())
    return {
        "total_runs": Count("id"),
        **counts,
        "stale_runs": Count("id", filter=Q(status__in=("running", "paused"), started_at__lt=day)),
        "credits_in_all": Sum("total_credits_used", default=0),
        "total_credits_last_30_days": Sum("total_credits_used", filter=Q(started_at__gt=month), default=0),
        "avg_duration": Avg(took, filter=Q(status="completed", completed_at__gt=week)),
    }


def _completions(runs: Any, until: datetime) -> Any:
    known = Q(status="completed", completed_at__gte=F("started_at"), completed_at__lte=until)
    return runs.filter(known).order_by("-completed_at", "-id")


def _item_counts(querysets: Iterable[Any]) -> dict[tuple[str, str], int]:
    counted = zip(ITEMS, querysets, strict=True)
    return {
        (name, row["status"]): row["n"]
        for name, queryset in counted
        for row in queryset.filter(is_deleted=False).values("status").annotate(n=Count("id"))
    }


def _overview(
    statistics: dict[str, Any], analyzed: list[AutomationRun], items: dict[tuple[str, str], int]
) -> dict[str, Any]:
    statistics = dict(statistics)
    took = statistics.pop("avg_duration") or timedelta()
    statistics["total_credits_used"] = credits_used = statistics.pop("credits_in_all")
    ended = statistics["completed_runs"] + statistics["failed_runs"]
    averages = _stage_averages(analyzed)
    has_history = len(analyzed) >= 3
    predicted = []
    for number, (name, _, _, price, ratio) in enumerate(STAGES, 1):
        entity, statuses = PENDING[number]
        pending = sum(items.get((entity, status), 0) for status in statuses)
        average = averages[number - 1]
        known = has_history and average["per_processed"] is not None
        predicted.append(
            {
                "stage_number": number,
                "stage_name": name,
                "pending_items": pending,
                "estimated_credits": round(pending * (average["per_processed"] if known else price)),
                "estimated_output": round(pending * (average["output_ratio"] if known else ratio)),
                "basis": "history" if known else "default",
            }
        )
    credits_in_all = sum(stage["estimated_credits"] for stage in predicted)
    return {
        "run_statistics": statistics
        | {
            "other_runs": statistics["total_runs"] - sum(statistics[f"{status}_runs"] for status in STATUSES),
            "success_rate_pct": round(100 * (_over(statistics["completed_runs"], ended) or 0), 1),
            "avg_credits_per_run": _whole(_over(float(credits_used), statistics["total_runs"]) or 0),
            "avg_duration_last_7_days_seconds": round(took.total_seconds()),
        },
        "predictive_analysis": {
            "stages": predicted,
            "totals": {
                "total_pending_items": sum(stage["pending_items"] for stage in predicted),
                "total_estimated_credits": credits_in_all,
                "total_estimated_output": sum(stage["estimated_output"] for stage in predicted),
                "recommended_buffer_credits": -(-credits_in_all // 5),
            },
            "confidence": "high" if len(analyzed) >= 10 else "medium" if has_history else "low",
        },
        "attention_items": {
            "skipped_ideas": items.get(("content_ideas", "skipped"), 0),
            "failed_content": items.get(("content", "failed"), 0),
            "failed_images": items.get(("images", "failed"), 0),
        },
        "historical_averages": {**_history(analyzed), "stages": averages},
    }


def _history(runs: list[AutomationRun]) -> dict[str, Any]:
    count = len(runs)
    credits_used = float(sum(run.total_credits_used for run in runs))
    created = sum(stage["items_created"] for run in runs for stage in run.stages())
    return {
        "avg_total_credits": _whole(_over(credits_used, count)),
        "avg_duration_seconds": _whole(_over(sum(run.seconds or 0 for run in runs), count)),
        "avg_credits_per_item": _over(credits_used, created),
        "total_runs_analyzed": count,
        "has_sufficient_data": count >= 3,
    }


def _stage_averages(runs: list[AutomationRun]) -> list[dict[str, Any]]:
    all_stages = [run.stages() for run in runs]
    averages = []
    for number, (name, *_) in enumerate(STAGES):
        ran = [
            stages[number]
            for stages in all_stages
            if stages[number]["status"] == "completed" or stages[number]["items_processed"]
        ]
        credits_used, processed, created = (
            sum(stage[key] for stage in ran) for key in ("credits_used", "items_processed", "items_created")
        )
        averages.append(
            {
                "stage_number": number + 1,
                "stage_name": name,
                "runs_with_stage": len(ran),
                "avg_credits": _over(credits_used, len(ran)),
                "avg_items_created": _over(created, len(ran)),
                "per_processed": _over(credits_used, processed),
                "output_ratio": _over(created, processed),
            }
        )
    return averages


def _insights(
    run: AutomationRun,
    stages: list[dict[str, Any]],
    per_item: float | None,
    history: dict[str, Any],
    analyzed: int,
) -> list[str]:
    told = []
    if run.status in ("failed", "cancelled"):
        told.append(f"This run {run.status} at stage {run.current_stage}: {run.error_message}")
    if run.status == "completed" and analyzed >= 3:
        change = _change(per_item or 0, history["avg_credits_per_item"])
        if change is not None and abs(change) >= 5:
            told.append(
                f"This run was {abs(change):.0f}% {'more' if change < 0 else 'less'} credit-efficient"
            )
        for stage in stages:
            for key, word in (("credit_variance_pct", "credits"), ("items_variance_pct", "items")):
                change = stage["comparison"][key]
                if change is not None and abs(change) > 20:
                    told.append(f"{stage['stage_name']}: {change:+.0f}% {word}")
    return told


def _head(run: AutomationRun, number: int) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "run_number": number,
        "run_title": f"{run.site.domain} #{number}",
        "status": run.status,
        "trigger_type": run.trigger_type,
        "started_at": run.started_at.isoformat(),
        "completed_at": run.completed_at and run.completed_at.isoformat(),
        "duration_seconds": _whole(run.seconds),
    }


def _seconds(elapsed: str | None) -> int | None:
    if not elapsed:
        return None
    hours, minutes, seconds = map(int, elapsed.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _over(dividend: float, divisor: float) -> float | None:
    return dividend / divisor if divisor else None


def _change(value: float, before: float | None) -> float | None:
    return round((value - before) / before * 100, 1) if before else None


_whole = partial(lambda value: None if value is None else round(value))
