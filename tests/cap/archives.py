"""Zip archives as publishers pack them."""

import io
import zipfile


def packed(**files: bytes) -> bytes:
    """An archive of `folder/NAME.xml`, with an entry for the folder itself."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in files.items():
            archive.writestr(f"folder/{name}.xml", content)
    return data.getvalue()
