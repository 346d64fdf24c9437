"""Zip archives as publishers pack them, and as nobody should."""

import io
import zipfile


def patched(data: bytes, field: int, value: bytes, *, member: bytes = b"") -> bytes:
    """The archive with other bytes at `field` of the directory's entry of `member`, or of the last one."""
    changed = bytearray(data)
    end = data.rindex(member, 0, data.rindex(b"PK\x05\x06")) if member else len(data)
    at = data.rindex(b"PK\x01\x02", 0, end) + field
    changed[at : at + len(value)] = value
    return bytes(changed)


def packed(**files: bytes) -> bytes:
    """An archive of `folder/NAME.xml`, with an entry for the folder itself."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in files.items():
            archive.writestr(f"folder/{name}.xml", content)
    return data.getvalue()
