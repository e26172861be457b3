"""Who may do what, where and why: accounts, sessions, areas, purposes, audit and acts."""
