"""Files in and out: reading, checking, staging and merging."""
