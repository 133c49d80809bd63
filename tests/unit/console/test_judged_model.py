"""The model that stands on disk for the Revalidate screen."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

from console.screens.judged import look


def test_a_half_written_model_has_no_hash_so_that_the_earlier_decision_is_not_called_stale(
    tmp_path: Path,
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data", "x" * 3_000_000)
    whole, path = stream.getvalue(), tmp_path / "best_model.zip"
    for data in (whole[:-1], whole[:2_000_000], whole[:10], b""):
        path.write_bytes(data)
        found = look(tmp_path / "best_model", None)
        assert found.model_sha256 is None and "not a whole model, or not yet" in found.model_problem
    path.write_bytes(whole)
    assert look(path, None).model_sha256 == hashlib.sha256(whole).hexdigest()
