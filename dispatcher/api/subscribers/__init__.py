"""The routes of people: subscribe by a phone or by a municipality's backend, prove endpoints, leave."""
