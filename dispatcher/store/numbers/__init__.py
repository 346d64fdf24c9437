"""What the record keeps of telephone numbers: codes by SMS within their bounds, and who wants none any more."""
