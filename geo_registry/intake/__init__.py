"""What comes in from outside and only proposes: declarations of residents, notices of deaths."""
