"""The routes of operators away from the machine: what they administer."""
