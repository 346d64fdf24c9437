"""Reads the octets of short messages: GSM 03.38 unpacked, one septet an octet, and UCS-2.

The table is written out here and not taken from the service, which is what the stand-in is to judge.
"""

from __future__ import annotations

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set by septet (3GPP TS 23.038, section 6.2.1)."""
GSM_EXTENSION = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))
"""What follows the escape (section 6.2.1.1)."""
ESCAPE = 0x1B


class Unreadable(Exception):
    """The octets are no text in the coding that they claim. The message is one word."""


def gsm7(octets: bytes) -> str:
    """Read unpacked septets. Raises Unreadable for an octet above 127, a torn or an unknown escape pair."""
    text: list[str] = []
    septets = iter(octets)
    for septet in septets:
        if septet == ESCAPE:
            extended = GSM_EXTENSION.get(next(septets, -1))
            if extended is None:
                raise Unreadable("escape")
            text.append(extended)
        elif septet < len(GSM_BASIC):
            text.append(GSM_BASIC[septet])
        else:
            raise Unreadable("septet")
    return "".join(text)


def ucs2(octets: bytes) -> str:
    """Read UTF-16, big endian, as phones do. Raises Unreadable for half a character."""
    try:
        return octets.decode("utf-16-be")
    except UnicodeDecodeError:
        raise Unreadable("utf-16") from None


def read_text(data_coding: int, octets: bytes) -> str:
    """Read a text by its data_coding (SMPP 3.4 section 5.2.19). Raises Unreadable.

    1 is IA5 by the letter; clients write GSM 03.38 there, and centres read it so.
    """
    if data_coding & 0xF0 == 0xF0:  # a message class: 0xF4 and above are binary
        data_coding = 4 if data_coding & 0x04 else 0
    elif data_coding & 0xE0 == 0x00 and data_coding & 0x10:  # a class beside the alphabet
        data_coding &= 0x0C
    match data_coding:
        case 0 | 1:
            return gsm7(octets)
        case 3:
            return octets.decode("latin-1")
        case 8:
            return ucs2(octets)
        case _:
            raise Unreadable("coding")
