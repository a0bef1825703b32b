"""Rows of the six item tables, from what is left in a site's queues, and the odd ones."""

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta

from igny8_analysis.etl.demo.cast import AS_OF, CANARIES, PRIVATE_WORD, SEED
from igny8_analysis.etl.demo.simulation import Queues
from igny8_analysis.etl.demo.values import Row, Value, with_columns

OWN_COLUMNS: Mapping[str, Row] = {
    "igny8_keywords": {"cluster_id": None, "disabled": False},
    "igny8_clusters": {"name": None, "disabled": False},
    "igny8_content_ideas": {"idea_title": None, "disabled": False},
    "igny8_tasks": {},
    "igny8_content": {"title": None, "site_status": "not_published", "word_count": 1200},
    "igny8_images": {"content_id": None, "task_id": None, "image_type": "in_article"},
}
"""Item table → the columns that not all of them have."""
TITLES = {"igny8_clusters": "name", "igny8_content_ideas": "idea_title", "igny8_content": "title"}


class Items:
    """Collects item rows; ids count up in each table."""

    def __init__(self) -> None:
        """Start with six empty tables."""
        self.tables: dict[str, list[Row]] = {table: [] for table in OWN_COLUMNS}
        self.random = random.Random(f"{SEED} items")

    def add(self, table: str, tenant_id: int, site_id: int, status: str, **others: Value) -> int:
        """Add one row and give its id."""
        rows = self.tables[table]
        item_id = len(rows) + 1
        created_at = AS_OF - timedelta(seconds=self.random.randint(86_400, 45 * 86_400))
        row: Row = {
            "id": item_id,
            "tenant_id": tenant_id,
            "site_id": site_id,
            **({} if table == "igny8_images" else {"sector_id": site_id * 10}),
            **OWN_COLUMNS[table],
            "status": status,
            "is_deleted": False,
            "created_at": created_at,
            "updated_at": created_at + timedelta(seconds=self.random.randint(0, 86_000)),
        }
        if table in TITLES:
            row[TITLES[table]] = f"{PRIVATE_WORD} {CANARIES[site_id]} {item_id}"
        rows.append(with_columns(row, others))
        return item_id

    def add_many(
        self, table: str, tenant_id: int, site_id: int, status: str, count: int, **others: Value
    ) -> list[int]:
        """Add `count` rows of one kind and give their ids."""
        return [self.add(table, tenant_id, site_id, status, **others) for _ in range(count)]


def add_site(
    items: Items, tenant_id: int, site_id: int, queues: Queues, *, skipped_ideas: int, failed_content: int
) -> None:
    """Add the rows of a site whose queues are as told: all that waits, and what was finished lately."""
    who = (tenant_id, site_id)
    pending, finished = queues.pending, queues.finished
    items.add_many("igny8_clusters", *who, "new", pending[2])
    clusters = items.add_many("igny8_clusters", *who, "mapped", finished[2])
    items.add_many("igny8_keywords", *who, "new", pending[1])
    for number in range(min(finished[1], 400)):
        cluster_id = clusters[number % len(clusters)] if clusters else None
        items.add("igny8_keywords", *who, "mapped", cluster_id=cluster_id)
    items.add_many("igny8_content_ideas", *who, "new", pending[3])
    items.add_many("igny8_content_ideas", *who, "queued", min(pending[4], finished[3]))
    items.add_many("igny8_content_ideas", *who, "completed", min(finished[4], 300))
    items.add_many("igny8_content_ideas", *who, "skipped", skipped_ideas)
    items.add_many("igny8_tasks", *who, "queued", pending[4])
    items.add_many("igny8_tasks", *who, "completed", min(finished[4], 300))
    items.add_many("igny8_content", *who, "approved", failed_content, site_status="failed")
    _add_content(items, who, queues)


def _add_content(items: Items, who: tuple[int, int], queues: Queues) -> None:
    pending, finished = queues.pending, queues.finished
    items.add_many("igny8_content", *who, "draft", pending[5])
    drafts = items.add_many("igny8_content", *who, "draft", max(queues.in_images, 1 if pending[6] else 0))
    for content_id in drafts:
        items.add("igny8_images", *who, "generated", content_id=content_id, image_type="featured")
    for number in range(pending[6]):
        items.add("igny8_images", *who, "pending", content_id=drafts[number % len(drafts)])
    reviewed = items.add_many("igny8_content", *who, "review", pending[7])
    published = items.add_many(
        "igny8_content", *who, "published", min(finished[7], 200), site_status="published"
    )
    items.add_many("igny8_content", *who, "approved", min(finished[7], 12), site_status="scheduled")
    for content_id in reviewed + published:
        for kind in ("featured", "in_article"):
            items.add("igny8_images", *who, "generated", content_id=content_id, image_type=kind)
    if published:
        for _ in range(min(queues.failed_images, 40)):
            items.add("igny8_images", *who, "failed", content_id=items.random.choice(published))


def add_odd(items: Items, tenant_id: int, site_id: int) -> None:
    """Add items disabled, deleted, of legacy and unknown status, and contents with and without images."""
    who = (tenant_id, site_id)
    for table, statuses in _STATUSES.items():
        for status in statuses:
            items.add(table, *who, status)
            items.add(table, *who, status, is_deleted=True)
            if table in _WITH_DISABLED:
                items.add(table, *who, status, disabled=True)
    items.add("igny8_keywords", *who, "new", cluster_id=1)
    for site_status in (
        "not_published",
        "scheduled",
        "publishing",
        "published",
        "failed",
        None,
        "",
        "queued",
    ):
        items.add("igny8_content", *who, "published", site_status=site_status)
    items.add("igny8_content", *who, "failed", site_status="failed")
    items.add("igny8_content", *who, "failed", site_status="failed", is_deleted=True)
    with_image, with_deleted_image = items.add_many("igny8_content", *who, "draft", 2)
    items.add("igny8_images", *who, "pending", content_id=with_image)
    items.add("igny8_images", *who, "pending", content_id=with_deleted_image, is_deleted=True)
    items.add("igny8_images", *who, "pending", content_id=10**9)
    items.add("igny8_images", *who, "generated", task_id=1)


def add_hostile(items: Items, tenant_id: int, site_id: int, statuses: Iterable[str]) -> None:
    """Add items whose statuses are texts that could do harm where they are shown."""
    for status in statuses:
        items.add("igny8_keywords", tenant_id, site_id, status)
        items.add("igny8_content", tenant_id, site_id, "published", site_status=status)


_WITH_DISABLED = ("igny8_keywords", "igny8_clusters", "igny8_content_ideas")
_STATUSES = {
    "igny8_keywords": ("new", "mapped", "pending", "active", "archived", "New", "new ", "", "imported"),
    "igny8_clusters": ("new", "mapped", "active", "pending", "archived", "merged"),
    "igny8_content_ideas": (
        "new",
        "queued",
        "completed",
        "skipped",
        "scheduled",
        "published",
        "rejected",
    ),
    "igny8_tasks": ("queued", "completed", "pending", "in_progress", "cancelled", "blocked"),
    "igny8_content": ("draft", "review", "approved", "published", "failed", "trashed"),
    "igny8_images": ("pending", "generated", "failed", "uploaded"),
}


def waiting_only() -> Queues:
    """Give the queues of a new site: work waits for every stage, and nothing has been done."""
    queues = Queues(in_images=4)
    queues.pending.update({1: 140, 2: 6, 3: 22, 4: 18, 5: 9, 6: 12, 7: 5})
    return queues
