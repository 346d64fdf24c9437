"""Turn what control centres submit and feeds deliver into alerts of record: prepare, decide, commit, enqueue."""
