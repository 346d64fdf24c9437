"""The lab's world: a population, messages, the service as a process, and the ledgers that are joined."""
