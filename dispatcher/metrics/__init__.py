"""Define what the service counts. Names follow Prometheus' naming practice; no label ever holds an alert, an endpoint,
a number or anything else without a small fixed set of values. The record, not these, has the totals of record.
"""

from dispatcher.metrics.channels import CHANNELS
from dispatcher.metrics.registry import Metrics

__all__ = ["CHANNELS", "Metrics"]
