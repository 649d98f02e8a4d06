"""Writes the dashboards' JSON: `make dashboards`. A test compares the files with what this would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from deploy.grafana import clauses_and_units, engine_and_delivery
from deploy.grafana.layout import Dashboard

FOLDER: Final = Path(__file__).parent / "dashboards"


def made() -> dict[Path, str]:
    """Each file and what belongs into it."""
    return {
        FOLDER / "clauses-and-units.json": _written(clauses_and_units.made()),
        FOLDER / "engine-and-delivery.json": _written(engine_and_delivery.made()),
    }


def _written(dashboard: Dashboard) -> str:
    return json.dumps(dashboard, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(path)
