"""Files of very many endpoints: how they are read, checked and written."""
