"""Prepared warnings: texts with fields in several languages, checked when they are written, filled when it matters."""
