"""Web Push: RFC 8030 delivery, RFC 8188 and 8291 encryption, RFC 8292 identification."""
