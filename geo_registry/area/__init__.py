"""Administrative divisions, their codes and their boundaries."""
