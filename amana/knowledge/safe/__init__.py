"""Tables safe by construction: what is withheld, and an attacker who must find nothing."""
