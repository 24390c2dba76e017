"""What wheels leave out is there: they can be imported on a slim base."""

from __future__ import annotations

import pytest

from mlcontainers import Image, build
from tests.engines.containers import output, temporary_tag

IMPORTS = """\
import cv2, lightgbm, magic
print(magic.from_buffer(b"%PDF-1.2", mime=True), cv2.imencode(".png", cv2.UMat(2, 2, cv2.CV_8U).get())[0])
"""


@pytest.mark.engine
def test_what_the_facts_name_is_enough_for_a_user_who_is_not_root() -> None:
    image = Image.from_cpu(python="3.11").add_framework("lightgbm").add_pip("opencv-python", "python-magic")

    with temporary_tag() as tag:
        build(image, tags=[tag], host_settings=True)

        assert output(tag, "python", "-c", IMPORTS, options=["--read-only", "--tmpfs=/tmp"]) == "application/pdf True"
