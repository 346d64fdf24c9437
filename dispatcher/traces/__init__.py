"""Traces of alerts by OpenTelemetry, where an operator wants them: what was done for an alert, when, in which process.

`context` says which trace an alert has, `spans` what is said of each step, `protobuf` how that is written, `exporter`
hands it to a collector, `tracer` is what the steps call. `spans` alone decides what is said: nothing of a person, and
no text.
"""
