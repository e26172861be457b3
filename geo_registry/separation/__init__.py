"""人户分离: runs that check a list of separated persons, and what becomes of each."""
