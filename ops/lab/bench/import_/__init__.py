"""Measures an import of a million endpoints: `dispatcher subscriptions import` beside a bare COPY in the same run."""

from ops.lab.bench.import_.trial import main

__all__ = ["main"]
