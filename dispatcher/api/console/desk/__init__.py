"""Answer the pages of the operator's desk."""
