"""The record's subscriptions."""
