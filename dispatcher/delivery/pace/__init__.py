"""Decide when the next messages may leave to a gateway: at the rate that it allows, configured or learnt."""
