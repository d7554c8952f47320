"""Write the home that the load generator measures: `handrail new --rooms 60`, doors told after BENCH_LEFT_OPEN s."""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hub.config.new import write_new

folder = Path(os.environ["BENCH_WORK"]) / "handrail-home"
shutil.rmtree(folder, ignore_errors=True)
write_new(
    folder,
    rooms=int(os.environ["BENCH_ROOMS"]),
    slug="bench",
    broker=f"mqtt://{os.environ['BENCH_HOST']}:{os.environ['BENCH_PORT']}",
    held_for=f"{os.environ['BENCH_LEFT_OPEN']} s",
)
