"""居住登记办理: cases from the first form to the registration, their papers and their archive."""
