"""Sources to poll: what real ones were recorded to answer, or what a scenario makes up, with every fault of theirs."""
