"""The Spark side of a build: a program of its own, given its plan as a JSON file; it needs nothing but pyspark.

The plan holds `master` (or null, as under spark-submit), `settings`, `tables` (name → address of its Parquet), `copies`
(addresses to bring to local paths), `views` (name and Spark SQL, in order) and `out`, the folder for their Parquet.
Prints a line of JSON for each step; the last one says how it ended.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import coalesce, col, lit, pmod

RUNS_PER_BUCKET = 100_000
LEAST_BUCKETS = 2
ORDER = ("site_id", "started_at", "id", "stage_number")


def main(plan_file: str) -> int:
    """Run the plan; the exit status is 1 where something failed, which the last printed line tells."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    try:
        builder = SparkSession.builder.config(map=plan["settings"])
        session = (builder.master(plan["master"]) if plan["master"] else builder).getOrCreate()
        try:
            run(session, plan)
        finally:
            session.stop()
    except Exception as error:
        tell("error", f"{type(error).__name__}: {error}")
        return 1
    return 0


def run(session: SparkSession, plan: dict[str, Any]) -> None:
    """Bring the copies, register the lake's tables, then write each view and read it back for the next ones."""
    for address, local in plan["copies"].items():
        tell("step", f"copy {Path(local).name}")
        _copy(session, address, local)
    for name, address in plan["tables"].items():
        session.read.parquet(address).createOrReplaceTempView(name)
    runs = session.table(plan["runs"]).count()
    buckets = max(LEAST_BUCKETS, -(-runs // RUNS_PER_BUCKET))
    session.conf.set("spark.sql.shuffle.partitions", buckets)
    for view in plan["views"]:
        tell("step", f"compute {view['name']}")
        frame = session.sql(view["sql"])
        path = f"{plan['out']}/{view['name']}"
        _write(frame, path, buckets)
        written = session.read.schema(frame.schema).parquet(path)
        written.createOrReplaceTempView(view["name"])


def _write(frame: DataFrame, path: str, buckets: int) -> None:
    """Write the rows, those of a site together: one folder a bucket of sites, in it one file sorted by site."""
    if "site_id" in frame.columns:
        bucket = pmod(coalesce(col("site_id"), lit(0)), lit(buckets))
        frame = frame.withColumn("site_bucket", bucket).repartition(buckets, "site_bucket")
        order = [column for column in ORDER if column in frame.columns]
        frame.sortWithinPartitions("site_bucket", *order).write.partitionBy("site_bucket").parquet(path)
    else:
        frame.coalesce(1).write.parquet(path)


def _copy(session: SparkSession, address: str, local: str) -> None:
    jvm: Any = session.sparkContext._jvm
    source = jvm.org.apache.hadoop.fs.Path(address)
    files = source.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())
    files.copyToLocalFile(False, source, jvm.org.apache.hadoop.fs.Path(local), True)


def tell(kind: str, text: str) -> None:
    """Print one line for whoever started this program."""
    print(json.dumps({kind: text}), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
