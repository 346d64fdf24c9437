"""Warnings that other publishers issue: one adapter per format, one poller, all ending in the record like a
submission.
"""
