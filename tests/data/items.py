"""Pending items, and those that ask for attention."""
# fmt: off

from ..cases import Case, items

CASES = [
    Case(
        "what is pending in each stage",
        items=[
            *items("keywords", "new", 2),
            *items("keywords", "new", 1, cluster_id=5),  # has its cluster
            *items("keywords", "new", 1, disabled=1),
            *items("keywords", "new", 1, is_deleted=1),
            *items("keywords", "mapped", 1, cluster_id=5),
            *items("keywords", "pending", 1),  # an old word for something else
            *items("clusters", "new", 3),
            *items("clusters", "new", 1, disabled=1),
            *items("clusters", "active", 1),
            *items("content_ideas", "new", 4),
            *items("content_ideas", "queued", 1),
            *items("tasks", "queued", 5),
            *items("tasks", "pending", 1),
            *items("tasks", "queued", 1, is_deleted=1),
            *items("content", "draft", 1, id=1),
            *items("content", "draft", 1, id=2),  # has a picture
            *items("content", "draft", 1, id=3),  # its only picture was deleted: it has none
            *items("content", "review", 6),
            *items("content", "approved", 1),
            *items("images", "generated", 1, content_id=2),
            *items("images", "pending", 1, content_id=3, is_deleted=1),
            *items("images", "pending", 7, content_id=9),
        ],
        overview={
            "predictive_analysis.stages.*.pending_items": [2, 3, 4, 5, 2, 7, 6],
            "predictive_analysis.totals.total_pending_items": 29,
            "attention_items": {"skipped_ideas": 0, "failed_content": 0, "failed_images": 0,
                                "unrecognised_statuses": []},
        },
    ),
    Case(
        "attention: skipped ideas, failed content (once), failed images",
        items=[
            *items("content_ideas", "skipped", 2),
            *items("content_ideas", "skipped", 1, disabled=1),
            *items("content", "failed", 1, site_status="not_published"),
            *items("content", "published", 1, site_status="failed"),
            *items("content", "failed", 1, site_status="failed"),
            *items("content", "failed", 1, is_deleted=1),
            *items("images", "failed", 4),
        ],
        overview={"attention_items": {"skipped_ideas": 2, "failed_content": 3, "failed_images": 4,
                                      "unrecognised_statuses": []}},
    ),
    Case(
        "an unknown status is counted under its own name, and ordered",
        items=[
            *items("tasks", "zombie", 1),
            *items("tasks", "Queued", 2),
            *items("tasks", "in_progress", 1),  # old, and known
            *items("keywords", "lost", 3),
            *items("keywords", "lost", 1, disabled=1),
            *items("content", "draft", 1, site_status="limbo"),
            *items("content", "odd", 1, site_status="limbo"),
            *items("images", "published", 1),  # known of content, not of images
        ],
        overview={
            "attention_items.unrecognised_statuses": [
                {"entity": "content", "status": "odd", "items": 1},
                {"entity": "content.site_status", "status": "limbo", "items": 2},
                {"entity": "images", "status": "published", "items": 1},
                {"entity": "keywords", "status": "lost", "items": 3},
                {"entity": "tasks", "status": "Queued", "items": 2},
                {"entity": "tasks", "status": "zombie", "items": 1},
            ],
            "predictive_analysis.stages.4.pending_items": 1,
        },
    ),
    Case(
        "the words of later releases are known, each of its entity",
        items=[
            *items("keywords", "used", 1),
            *items("clusters", "draft", 1),
            *items("clusters", "complete", 1),
            *items("content_ideas", "approved", 1),
            *items("tasks", "processing", 1),
            *items("tasks", "failed", 1),
            *items("keywords", "approved", 1),  # known of ideas
        ],
        overview={
            "attention_items.unrecognised_statuses": [{"entity": "keywords", "status": "approved", "items": 1}],
            "predictive_analysis.totals.total_pending_items": 0,
        },
    ),
    Case(
        "a site of which only items are left is a site all the same",
        has_site=False,
        items=items("tasks", "queued", 1),
        overview={"site.domain": None, "predictive_analysis.totals.total_pending_items": 1,
                  "run_statistics.total_runs": 0},
        findings={("missing_site", None, None)},
    ),
]
