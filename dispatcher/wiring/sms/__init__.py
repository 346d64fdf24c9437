"""Build what SMS needs: gateways, their contracts, charges and reports."""
